import LatheFiles

/// What fine-tuning a language model on conversations is asked for; stored in the run's folder as `chat-tuning.json`.
public struct ChatModelPlan: TuningPlan, Hashable {
  /// The name or the path of the pre-trained model.
  public var base: String
  /// Which parameters learn, and how: `full`, `lora` or `dora`.
  public var tuning = TuningSettings(.lora)
  /// Passes over the training part.
  public var epochs = 3
  /// Conversations, or pairs of answers, a step.
  public var batchSize = 8
  /// The largest step size; as suits where nil, see `suitableLearningRate`.
  public var learningRate: Float?
  /// How strongly weights, but not biases and norms, are drawn to 0.
  public var weightDecay: Float = 0.01
  /// The part of the steps in which the step size rises; behind it, it falls to 0.
  public var warmup = 0.1
  /// The most tokens of a conversation; what is longer is cut at its end.
  public var length = 512
  /// Of pairs of answers, how strongly the model is held to what it was; see `PreferenceObjective`.
  public var beta: Float = 0.1
  /// How much of a token's weight is spread over all, or the share of pairs whose answers may have been mixed up.
  public var labelSmoothing: Float = 0
  /// The part of the conversations that chooses the epoch.
  public var validationShare = 0.1
  /// The part of the conversations for the test, where it has no file of its own.
  public var testShare = 0.1
  /// What random choices depend on.
  public var seed: UInt64 = 42

  /// A plan in which everything else is as usual.
  ///
  /// - Parameter base: The name or the path of the pre-trained model.
  public init(base: String) { self.base = base }

  package static let fileName = "chat-tuning.json"
  package static let noun = "a chat model"

  /// The step size that suits: answers are learned by small steps, and which of two is better by much smaller ones.
  public static func suitableLearningRate(_ method: TuningMethod, preferences: Bool) -> Float {
    (preferences ? 1e-6 : 2e-5) * (method == .full ? 1 : 10)
  }

  /// What cannot be; nil where nothing is wrong.
  package var problem: String? {
    if let commonProblem { return commonProblem }
    if ![.full, .lora, .dora].contains(tuning.method) {
      return "a chat model learns by full, lora or dora, not by \(tuning.method.rawValue)"
    }
    if !(beta > 0 && beta.isFinite) { return "beta is \(beta), not a positive number" }
    if !(labelSmoothing >= 0 && labelSmoothing < 0.5) {
      return "label smoothing is \(labelSmoothing), not from 0 to below 0.5"
    }
    return nil
  }

  /// Whether a folder is that of such a run.
  public static func isStored(in folder: String) -> Bool { FileErrors.exists("\(folder)/\(fileName)") }
}
