import Foundation
import Lathe
import LatheFiles

/// What fine-tuning a text classifier is asked for; stored in the run's folder as `tuning.json`.
public struct TextClassifierPlan: Codable, Sendable, Hashable {
  /// The name or the path of the pre-trained model.
  public var base: String
  /// Which parameters learn, and how.
  public var tuning = TuningSettings()
  /// Passes over the training part.
  public var epochs = 3
  /// Texts a step.
  public var batchSize = 16
  /// The largest step size; as suits the method where nil.
  public var learningRate: Float?
  /// How strongly weights, but not biases and norms, are drawn to 0.
  public var weightDecay: Float = 0.01
  /// The part of the steps in which the step size rises; behind it, it falls to 0.
  public var warmup = 0.1
  /// The most tokens of a text.
  public var length = 256
  /// How much of the target's weight is spread over all classes.
  public var labelSmoothing: Float = 0
  /// The part of the documents that chooses the epoch.
  public var validationShare = 0.1
  /// The part of the documents for the test, where it has no file of its own.
  public var testShare = 0.2
  /// The columns of texts and labels in the tables that it learned from; `text` and `label` where nil.
  public var textColumn: String?, labelColumn: String?
  /// What random choices depend on.
  public var seed: UInt64 = 42

  /// A plan in which everything else is as usual.
  ///
  /// - Parameter base: The name or the path of the pre-trained model.
  public init(base: String) { self.base = base }

  /// The file in a run's folder.
  static let fileName = "tuning.json"
  /// The network's configuration there; `config.json` is the record of the run.
  static let networkName = "network.json"

  /// What cannot be; nil where nothing is wrong.
  package var problem: String? {
    if epochs < 1 { return "epochs is \(epochs), not 1 or more" }
    if batchSize < 1 { return "a batch has \(batchSize) texts, not 1 or more" }
    if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
      return "the learning rate is \(learningRate), not a positive number"
    }
    if !(weightDecay >= 0 && weightDecay.isFinite) {
      return "the weight decay is \(weightDecay), not 0 or more"
    }
    if !(warmup >= 0 && warmup < 1) {
      return "warm-up takes \(warmup) of the steps, not a part from 0 to below 1"
    }
    if length < 4 { return "a text has at most \(length) tokens; give at least 4" }
    if !(labelSmoothing >= 0 && labelSmoothing < 1) {
      return "label smoothing is \(labelSmoothing), not from 0 to below 1"
    }
    return nil
  }

  func write(to folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.makeFolder(folder)
    try AtomicFile.write([[UInt8](encoder.encode(self)) + [10]], to: "\(folder)/\(Self.fileName)")
  }

  /// Reads the plan of a run.
  ///
  /// - Throws: `LatheError` where there is none in the folder, or it is damaged.
  package init(folder: String) throws {
    let path = "\(folder)/\(Self.fileName)"
    guard FileErrors.exists(path) else {
      throw LatheError(.file, "\(path): not there; name the folder of a run that trained a text classifier")
    }
    let text = try FileErrors.read(path, limit: 1 << 20)
    do { self = try JSONDecoder().decode(TextClassifierPlan.self, from: Data(text)) } catch {
      throw LatheError(.format, "\(path): not what a run of a text classifier was asked for; train it anew")
    }
    if let problem { throw LatheError(.format, "\(path): \(problem); train it anew") }
  }

  /// Whether a folder is that of such a run.
  public static func isStored(in folder: String) -> Bool { FileErrors.exists("\(folder)/\(fileName)") }
}
