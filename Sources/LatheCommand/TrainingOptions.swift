import Foundation
import LatheCore
import LatheML

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
    case recompute
    case device, json, resume, trace
    case dryRun = "dry_run"
    case findLearningRate = "find_learning_rate"
    case checkNumbers = "check_numbers"
    case synchronizePhases = "synchronize_phases"
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
  var recompute: Bool?
  var device: String?
  var json: Bool?
  var resume: Bool?
  var trace: String?
  var dryRun: Bool?
  var findLearningRate: Bool?
  var checkNumbers: Bool?
  var synchronizePhases: Bool?

  init() {}

  /// Reads a configuration file.
  ///
  /// - Throws: `LatheError` where it is no JSON object, has an unknown key or a value of the wrong type.
  init(path: String) throws {
    let content = Data(try FileErrors.read(path, limit: 1 << 24))
    try JSONNesting.check(content, path)
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
    if let key = JSONKeys.repeated(in: content) {
      throw LatheError(.format, "\(path): key '\(key)' comes twice; leave one of them out")
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
        throw LatheError(.format, "\(path): key '\(key)': \(value) is \(TrainingOptions.misfit(value))")
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

  /// Why a number is none that its option takes.
  private static func misfit(_ value: Any) -> String {
    guard let number = value as? Double else { return "no number" }
    if number.rounded() != number { return "no whole number" }
    if number < 0 && number > -0x1p63 { return "below 0" }
    return number < 0 ? "too small" : "too large"
  }

  /// These options, and those of another where these say nothing.
  func over(_ other: TrainingOptions) throws -> TrainingOptions {
    var other = other
    // Data elsewhere takes the place of all that says where the other's is.
    if dataDir != nil || dataFile != nil {
      (other.dataDir, other.dataFile, other.labelsFile) = (nil, nil, nil)
    }
    // By their keys, so that no option can be forgotten here.
    func object(_ options: TrainingOptions) throws -> [String: Any] {
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(options)) as? [String: Any] ?? [:]
    }
    return try TrainingOptions(object(other).merging(object(self)) { _, mine in mine })
  }
}
