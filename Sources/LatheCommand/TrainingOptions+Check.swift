import LatheCore
import LatheML

extension TrainingOptions {
  /// What is wrong with the values, each by itself and beside the others; nil where nothing is.
  var problem: String? { valueProblem ?? combinationProblem }

  /// What is wrong with a value by itself.
  var valueProblem: String? {
    textProblem ?? countProblem ?? numberProblem ?? listProblem ?? monitorProblem ?? wordProblem
  }

  /// What does not go together; flags alone cannot tell where a file says the rest.
  private var combinationProblem: String? {
    if dataDir != nil && dataFile != nil {
      return "--data-dir and --data-file both say where the data is; give one of them"
    }
    if weights == nil,
      let key = [partial == true ? CodingKeys.partial : nil, weightsPrefix.map { _ in .weightsPrefix }]
        .compactMap({ $0 }).first
    {
      return "--\(flag(key)) says how to take weights; name their file with --weights"
    }
    if findLearningRate == true && (dryRun == true || resume == true) {
      return "--find-learning-rate excludes --dry-run and --resume"
    }
    if dryRun == true && resume == true { return "--dry-run writes nothing that --resume could go on from" }
    return monitorCombinationProblem
  }

  private var textProblem: String? {
    let texts: [(CodingKeys, String?, String)] = [
      (.output, output, "name a folder"), (.dataDir, dataDir, "name a folder"),
      (.dataFile, dataFile, "name a file"), (.labelsFile, labelsFile, "name a file"),
      (.weights, weights, "name a file or the folder of a run"), (.trace, trace, "name a file"),
      (.weightsPrefix, weightsPrefix, "give what the names begin with, or leave it out"),
      (.input, input, "name what holds the inputs"), (.label, label, "name what holds the classes"),
      (.features, features, "name columns, with commas between"),
      (.freeze, freeze, "give paths of parameters, with commas between"),
      (.augment, augment, "known are \(Augmentation.Step.allCases.map(\.rawValue).joined(separator: ", "))"),
      (.device, device, "give auto, cpu, opencl or opencl:N"),
    ]
    for (key, value, advice) in texts where value?.isEmpty == true {
      return "--\(flag(key)) is empty; \(advice)"
    }
    return nil
  }

  private var countProblem: String? {
    // Products of two of them must stay numbers.
    let most = 1_000_000_000
    let counts: [(CodingKeys, Int?, ClosedRange<Int>)] = [
      (.epochs, epochs, 1...most), (.steps, steps, 1...most), (.batchSize, batchSize, 1...most),
      (.accumulate, accumulate, 1...most), (.testEvery, testEvery, 1...most),
      (.checkpointEvery, checkpointEvery, 1...most), (.keep, keep, 1...most), (.patience, patience, 1...most),
      (.length, length, 1...1 << 20), (.imageSize, imageSize, 1...1 << 13),
      (.warmupSteps, warmupSteps, 0...most), (.workers, workers, 0...1024),
      (.pixelLimit, pixelLimit, 1...1 << 31), (.scanLimit, scanLimit, 1...most),
      (.skipBroken, skipBroken, 0...most),
    ]
    for (key, value, range) in counts {
      guard let value, !range.contains(value) else { continue }
      let advice = value < range.lowerBound ? "\(range.lowerBound) or more" : "\(range.upperBound) or less"
      return "--\(flag(key)) is \(value); give \(advice)"
    }
    if let dataLimit, byteCount(dataLimit) == nil {
      return "--data-limit is '\(dataLimit)'; give bytes, or 512M or 8G"
    }
    if let channels, channels != 1, channels != 3 { return "--channels is \(channels); give 1 or 3" }
    return nil
  }

  private var numberProblem: String? {
    let numbers: [(CodingKeys, Double?, (Double) -> Bool, String)] = [
      (.learningRate, learningRate.map(Double.init), { $0 > 0 }, "a number above 0"),
      (.clipNorm, clipNorm.map(Double.init), { $0 > 0 }, "a number above 0"),
      (.weightDecay, weightDecay.map(Double.init), { $0 >= 0 }, "0 or more"),
      (
        .labelSmoothing, labelSmoothing.map(Double.init), { $0 >= 0 && $0 < 1 },
        "a number from 0 up to but without 1"
      ),
      (.average, average.map(Double.init), { $0 > 0 && $0 < 1 }, "a number between 0 and 1"),
      (.testShare, testShare, { $0 > 0 && $0 < 1 }, "a number between 0 and 1"),
      (.missing, missing, { _ in true }, "a number"), (.target, target, { _ in true }, "a number"),
      (.targetAccuracy, targetAccuracy, { $0 > 0 && $0 <= 1 }, "a share of right answers above 0, at most 1"),
    ]
    for (key, value, isGood, advice) in numbers {
      guard let value, !(value.isFinite && isGood(value)) else { continue }
      return "--\(flag(key)) is \(Self.text(value)); give \(advice)"
    }
    return nil
  }

  /// A number as it was most likely typed.
  private static func text(_ value: Double) -> String {
    // Of float32, its own shortest form.
    Double(Float(value)) == value ? "\(Float(value))" : "\(value)"
  }

  private var listProblem: String? {
    let lists: [(CodingKeys, String?)] = [
      (.augment, augment), (.features, features), (.freeze, freeze),
    ]
    for (key, value) in lists {
      guard let value, !value.isEmpty else { continue }
      if value.split(separator: ",", omittingEmptySubsequences: false).contains("") {
        return "--\(flag(key)) is '\(value)', which names nothing at a comma; leave the comma out"
      }
    }
    for word in augment?.split(separator: ",").map(String.init) ?? []
    where Augmentation.Step(rawValue: word) == nil {
      let known = Augmentation.Step.allCases.map(\.rawValue)
      return "unknown augmentation '\(word)'; \(Suggestion.sentence(for: word, among: known))"
    }
    return nil
  }

  private var wordProblem: String? {
    let words: [(CodingKeys, String?, [String])] = [
      (.model, model, ModelCatalog.all.map(\.name)),
      (.optimizer, optimizer, OptimizerName.allCases.map(\.rawValue)),
      (.schedule, schedule, ScheduleName.allCases.map(\.rawValue)),
      (.precision, precision, Precision.allCases.map(\.rawValue)),
      (.data, data, DataKind.allCases.map(\.rawValue)),
    ]
    for (key, value, known) in words {
      if let value, !known.contains(value) {
        return "unknown \(key.rawValue) '\(value)'; \(Suggestion.sentence(for: value, among: known))"
      }
    }
    return nil
  }

  private func flag(_ key: CodingKeys) -> String { key.rawValue.replacing("_", with: "-") }
}
