import Foundation
import Lathe
import LatheFiles

/// What pre-training is asked for; stored in the run's folder as `pretraining.json`.
public struct PretrainingPlan: TextPlan, Hashable {
  /// What the network learns to tell.
  public enum Objective: String, Codable, Sendable, CaseIterable {
    /// Hidden words, by both sides (Devlin et al., 2019).
    case mlm
    /// The next token, by those before (Radford et al., 2019).
    case lm
  }

  /// What the network learns to tell.
  public var objective: Objective
  /// The name or the path of the model that it starts from; nil for one from nothing.
  public var base: String?
  /// Passes over the training part.
  public var epochs = 3
  /// Texts or rows a step.
  public var batchSize = 32
  /// The largest step size; 5e-4 where nil.
  public var learningRate: Float?
  /// How strongly weights, but not biases and norms, are drawn to 0.
  public var weightDecay: Float = 0.01
  /// The part of the steps in which the step size rises; behind it, it falls to 0.
  public var warmup = 0.1
  /// The most tokens of a text; tokens of a row of documents.
  public var length = 128
  /// The part of the tokens that is hidden, and whether whole words are.
  public var maskedShare = 0.15, wholeWords = false
  /// The parts of the documents that choose the epoch, and for the test.
  public var validationShare = 0.05, testShare = 0.05
  /// The licence of the texts, for the record.
  public var licence: String?
  /// What random choices depend on.
  public var seed: UInt64 = 42

  /// A plan in which everything else is as usual.
  public init(_ objective: Objective) { self.objective = objective }

  static let fileName = "pretraining.json"
  /// The folder of the model in a run's folder.
  public static let modelFolder = "model"

  /// What cannot be; nil where nothing is wrong.
  package var problem: String? {
    if let commonProblem { return commonProblem }
    if !(maskedShare > 0 && maskedShare < 1) {
      return "\(maskedShare) of the tokens are hidden, not a part above 0 and below 1"
    }
    return nil
  }
}
