import LatheFiles

/// What fine-tuning a network that finds answers is asked for; stored in the run's folder as `answering.json`.
public struct QuestionAnsweringPlan: TuningPlan, Hashable {
  /// The name or the path of the pre-trained model.
  public var base: String
  /// Which parameters learn, and how.
  public var tuning = TuningSettings()
  /// Passes over the training part.
  public var epochs = 3
  /// Windows a step.
  public var batchSize = 16
  /// The largest step size; as suits the method where nil.
  public var learningRate: Float?
  /// How strongly weights, but not biases and norms, are drawn to 0.
  public var weightDecay: Float = 0.01
  /// The part of the steps in which the step size rises; behind it, it falls to 0.
  public var warmup = 0.1
  /// The most tokens of a window, the question's included; longer texts are read in several windows.
  public var length = 384
  /// How many tokens of the text a window shares with the one before.
  public var stride = 128
  /// The most tokens of an answer.
  public var longestAnswer = 30
  /// Whether a text may have no answer; as the questions to learn from are where they are read.
  public var allowsNone = false
  /// How much of the target's weight is spread over all tokens.
  public var labelSmoothing: Float = 0
  /// The part of the texts that chooses the epoch.
  public var validationShare = 0.1
  /// The part of the texts for the test, where it has no file of its own.
  public var testShare = 0.1
  /// What random choices depend on.
  public var seed: UInt64 = 42

  /// A plan in which everything else is as usual.
  ///
  /// - Parameter base: The name or the path of the pre-trained model.
  public init(base: String) { self.base = base }

  package static let fileName = "answering.json"
  package static let noun = "a question answerer"

  /// What cannot be; nil where nothing is wrong.
  package var problem: String? {
    if let commonProblem { return commonProblem }
    if !(labelSmoothing >= 0 && labelSmoothing < 1) {
      return "label smoothing is \(labelSmoothing), not from 0 to below 1"
    }
    if stride < 0 || stride > length - 8 {
      return "windows of \(length) tokens share \(stride); give a stride from 0 to \(max(length - 8, 0))"
    }
    if longestAnswer < 1 { return "an answer has at most \(longestAnswer) tokens; give 1 or more" }
    return nil
  }

  /// Whether a folder is that of such a run.
  public static func isStored(in folder: String) -> Bool { FileErrors.exists("\(folder)/\(fileName)") }
}
