import LatheFiles

/// What fine-tuning a text classifier is asked for; stored in the run's folder as `tuning.json`.
public struct TextClassifierPlan: TuningPlan, Hashable {
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
  /// The column of second texts, where pairs are told apart; nil for single texts.
  public var pairColumn: String?
  /// The layers that began at random, as a run stores them; those of the family's head where nil.
  var heads: [String]?
  /// What random choices depend on.
  public var seed: UInt64 = 42

  /// A plan in which everything else is as usual.
  ///
  /// - Parameter base: The name or the path of the pre-trained model.
  public init(base: String) { self.base = base }

  package static let fileName = "tuning.json"
  package static let noun = "a text classifier"

  /// What cannot be; nil where nothing is wrong.
  package var problem: String? {
    if let commonProblem { return commonProblem }
    if !(labelSmoothing >= 0 && labelSmoothing < 1) {
      return "label smoothing is \(labelSmoothing), not from 0 to below 1"
    }
    return nil
  }

  /// Whether a folder is that of such a run.
  public static func isStored(in folder: String) -> Bool { FileErrors.exists("\(folder)/\(fileName)") }
}
