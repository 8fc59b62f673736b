import LatheFiles

/// What teaching a sentence encoder is asked for; stored in the run's folder as `sentence-tuning.json`.
public struct SentenceEncoderPlan: TuningPlan, Hashable {
  /// The name or the path of the pre-trained model.
  public var base: String
  /// Which parameters learn, and how; an adapter's updates are in the weights of the model that is stored.
  public var tuning = TuningSettings()
  /// Passes over the training part.
  public var epochs = 1
  /// Examples a step: the more there are, the more each text is told apart from.
  public var batchSize = 16
  /// The largest step size; 2e-5 for all weights, as suits the method otherwise, where nil.
  public var learningRate: Float?
  /// How strongly weights, but not biases and norms, are drawn to 0.
  public var weightDecay: Float = 0.01
  /// The part of the steps in which the step size rises; behind it, it falls to 0.
  public var warmup = 0.1
  /// The most tokens of a text.
  public var length = 256
  /// What cosines are divided by, where texts are told apart.
  public var temperature: Float = 0.05
  /// Of labelled texts, how many of the same class and of other ones each is compared with.
  public var pairsPerText = 20
  /// Of labelled texts, how many of each class are learned from; all where nil.
  public var shots: Int?
  /// The part of the examples that chooses the epoch.
  public var validationShare = 0.1
  /// The part of the examples for the test, where it has no file of its own.
  public var testShare = 0.2
  /// What random choices depend on.
  public var seed: UInt64 = 42

  /// A plan in which everything else is as usual.
  ///
  /// - Parameter base: The name or the path of the pre-trained model.
  public init(base: String) { self.base = base }

  package static let fileName = "sentence-tuning.json"
  package static let noun = "a sentence encoder"

  /// What cannot be; nil where nothing is wrong.
  package var problem: String? {
    if let commonProblem { return commonProblem }
    if ![.full, .lora, .dora].contains(tuning.method) {
      return "a sentence encoder learns by full, lora or dora, not by \(tuning.method.rawValue)"
    }
    if !(temperature > 0 && temperature.isFinite) {
      return "the temperature is \(temperature), not a positive number"
    }
    if pairsPerText < 1 {
      return "each text is compared with \(pairsPerText) of its class, not with 1 or more"
    }
    if let shots, shots < 1 { return "\(shots) texts of each class are learned from, not 1 or more" }
    return nil
  }

  /// Whether a folder is that of such a run.
  public static func isStored(in folder: String) -> Bool { FileErrors.exists("\(folder)/\(fileName)") }
}
