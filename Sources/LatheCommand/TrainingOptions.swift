import Foundation
import LatheCore
import LatheNN

/// What `lathe train` can be told, by flags or by a configuration file; what is nil is left to the model's recipe.
struct TrainingOptions: Codable, Equatable {
  /// The keys of a configuration file.
  enum CodingKeys: String, CodingKey, CaseIterable {
    case model, data, epochs, steps, seed, optimizer, schedule, output
    case dataDir = "data_dir"
    case dataFile = "data_file"
    case batchSize = "batch_size"
    case dropLast = "drop_last"
    case learningRate = "learning_rate"
    case weightDecay = "weight_decay"
    case warmupSteps = "warmup_steps"
    case labelSmoothing = "label_smoothing"
    case clipNorm = "clip_norm"
    case accumulate
    case average
    case metrics, monitor, patience, target
    case targetAccuracy = "target_accuracy"
    case testEvery = "test_every"
    case checkpointEvery = "checkpoint_every"
    case keep
    case length
    case weights, partial, freeze
    case input, label, features, missing, channels, augment, workers
    case labelsFile = "labels_file"
    case missingTexts = "missing_texts"
    case dataLimit = "data_limit"
    case pixelLimit = "pixel_limit"
    case scanLimit = "scan_limit"
    case skipBroken = "skip_broken"
    case imageSize = "image_size"
    case testShare = "test_share"
    case weightsPrefix = "weights_prefix"
    case precision
    case checkpointing
  }

  var model: String?
  var data: String?
  var epochs: Int?
  var steps: Int?
  var seed: UInt64?
  var optimizer: String?
  var schedule: String?
  var output: String?
  var dataDir: String?
  var dataFile: String?
  var batchSize: Int?
  var dropLast: Bool?
  var learningRate: Float?
  var weightDecay: Float?
  var warmupSteps: Int?
  var labelSmoothing: Float?
  var clipNorm: Float?
  var accumulate: Int?
  var average: Float?
  var metrics: String?
  var monitor: String?
  var patience: Int?
  var target: Double?
  var targetAccuracy: Double?
  var testEvery: Int?
  var checkpointEvery: Int?
  var keep: Int?
  var length: Int?
  var labelsFile: String?
  var input: String?
  var label: String?
  var features: String?
  var missing: Double?
  var missingTexts: String?
  var dataLimit: String?
  var pixelLimit: Int?
  var scanLimit: Int?
  var skipBroken: Int?
  var imageSize: Int?
  var channels: Int?
  var testShare: Double?
  var augment: String?
  var workers: Int?
  var weights: String?
  var weightsPrefix: String?
  var partial: Bool?
  var freeze: String?
  var precision: String?
  var checkpointing: Bool?

  init() {}

  /// Reads a configuration file.
  ///
  /// - Throws: `LatheError` where it is no JSON object, has an unknown key or a value of the wrong type.
  init(path: String) throws {
    guard let content = FileManager.default.contents(atPath: path) else {
      throw LatheError(.file, "\(path): cannot read the configuration; name a JSON file")
    }
    let object: [String: Any]
    do {
      guard let parsed = try JSONSerialization.jsonObject(with: content) as? [String: Any] else {
        throw LatheError(
          .format, "\(path): a configuration is one JSON object, such as {\"model\": \"lenet\"}")
      }
      object = parsed
    } catch let error as LatheError {
      throw error
    } catch {
      let what = (error as NSError).userInfo["NSDebugDescription"] as? String
      throw LatheError(.format, "\(path): not JSON: \(what ?? "it cannot be parsed")")
    }
    let known = CodingKeys.allCases.map(\.rawValue)
    if let key = object.keys.sorted().first(where: { !known.contains($0) }) {
      throw LatheError(
        .format, "\(path): unknown key '\(key)'; \(Suggestion.sentence(for: key, among: known))")
    }
    // Key by key, since the decoder says of a number that does not fit its type neither which nor why.
    for (key, value) in object.sorted(by: { $0.key < $1.key }) {
      do {
        _ = try TrainingOptions([key: value])
      } catch DecodingError.typeMismatch(let type, _) {
        throw LatheError(.format, "\(path): key '\(key)': expected \(TrainingOptions.describe(type))")
      } catch {
        throw LatheError(.format, "\(path): key '\(key)': \(value) is too large, or no whole number")
      }
    }
    self = try TrainingOptions(object)
  }

  private init(_ object: [String: Any]) throws {
    self = try JSONDecoder().decode(
      TrainingOptions.self, from: JSONSerialization.data(withJSONObject: object))
  }

  private static func describe(_ type: Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Float.Type, is Double.Type: "a number"
    case is Bool.Type: "true or false"
    default: "a whole number"
    }
  }

  /// These options, and those of another where these say nothing.
  func over(_ other: TrainingOptions) throws -> TrainingOptions {
    // By their keys, so that no option can be forgotten here.
    func object(_ options: TrainingOptions) throws -> [String: Any] {
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(options)) as? [String: Any] ?? [:]
    }
    return try TrainingOptions(object(other).merging(object(self)) { _, mine in mine })
  }

  /// What is wrong with the values; nil where nothing is.
  var problem: String? {
    // Products of two of them must stay numbers.
    let most = 1_000_000_000
    let counts: [(CodingKeys, Int?, most: Int)] = [
      (.epochs, epochs, most), (.steps, steps, most), (.batchSize, batchSize, most),
      (.accumulate, accumulate, most),
      (.testEvery, testEvery, most), (.checkpointEvery, checkpointEvery, most), (.keep, keep, most),
      (.patience, patience, most), (.length, length, 1 << 20), (.imageSize, imageSize, 1 << 13),
      (.pixelLimit, pixelLimit, 1 << 31), (.scanLimit, scanLimit, most),
    ]
    for (key, value, most) in counts {
      if let value, value < 1 { return "--\(flag(key)) is \(value); give 1 or more" }
      if let value, value > most { return "--\(flag(key)) is \(value); give \(most) or less" }
    }
    if let learningRate, !(learningRate.isFinite && learningRate > 0) {
      return "--learning-rate is \(learningRate); give a number above 0"
    }
    if let clipNorm, !(clipNorm.isFinite && clipNorm > 0) {
      return "--clip-norm is \(clipNorm); give a number above 0"
    }
    if let weightDecay, !(weightDecay.isFinite && weightDecay >= 0) {
      return "--weight-decay is \(weightDecay); give 0 or more"
    }
    if let warmupSteps, !(0...most).contains(warmupSteps) {
      return "--warmup-steps is \(warmupSteps); give 0 to \(most)"
    }
    if let labelSmoothing, !(labelSmoothing >= 0 && labelSmoothing < 1) {
      return "--label-smoothing is \(labelSmoothing); give a number from 0 up to but without 1"
    }
    if let average, !(average > 0 && average < 1) {
      return "--average is \(average); give a number between 0 and 1"
    }
    if weights == nil,
      let key = [partial == true ? CodingKeys.partial : nil, weightsPrefix.map { _ in .weightsPrefix }]
        .compactMap({ $0 }).first
    {
      return "--\(flag(key)) says how to take weights; name their file with --weights"
    }
    if let workers, !(0...1024).contains(workers) { return "--workers is \(workers); give 0 to 1024" }
    if let channels, channels != 1, channels != 3 { return "--channels is \(channels); give 1 or 3" }
    if let testShare, !(testShare > 0 && testShare < 1) {
      return "--test-share is \(testShare); give a number between 0 and 1"
    }
    if let skipBroken, !(0...most).contains(skipBroken) {
      return "--skip-broken is \(skipBroken); give 0 to \(most)"
    }
    if let dataLimit, byteCount(dataLimit) == nil {
      return "--data-limit is '\(dataLimit)'; give bytes, or 512M or 8G"
    }
    if let missing, !missing.isFinite { return "--missing is \(missing); give a number" }
    for word in augment?.split(separator: ",").map(String.init) ?? []
    where Augmentation.Step(rawValue: word) == nil {
      let known = Augmentation.Step.allCases.map(\.rawValue)
      return "unknown augmentation '\(word)'; \(Suggestion.sentence(for: word, among: known))"
    }
    if let monitorProblem { return monitorProblem }
    if output?.isEmpty == true { return "--output is empty; name a folder" }
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

  private func flag(_ key: CodingKeys) -> String { key.rawValue.replacingOccurrences(of: "_", with: "-") }
}

/// The nearest of some known words.
enum Suggestion {
  /// "did you mean 'x'? known are a, b, c".
  static func sentence(for word: String, among known: [String]) -> String {
    let list = "known are \(known.joined(separator: ", "))"
    // The beginning of a name is nearer than another name as short.
    if let longer = known.first(where: { $0.hasPrefix(word + "-") }) {
      return "did you mean '\(longer)'? \(list)"
    }
    let nearest = known.map { (distance(word, $0), $0) }.min { $0 < $1 }
    guard let nearest, nearest.0 <= max(2, word.count / 3) else { return list }
    return "did you mean '\(nearest.1)'? \(list)"
  }

  /// Insertions, deletions and exchanges of characters that lead from one word to the other (Levenshtein, 1966).
  static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var row = Array(0...b.count)
    for i in a.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = next
      }
    }
    return row[b.count]
  }
}
