import Lathe
import LatheNN

/// Direct preference optimisation (Rafailov et al., 2023): a preferred answer shall gain more probability over the model at the
/// start than a rejected one.
///
/// With m = beta ((log p(chosen) - log q(chosen)) - (log p(rejected) - log q(rejected))), where q is the model at the start, the
/// loss is -log sigmoid(m), and right is m > 0. With label smoothing e it is the conservative form (Mitchell, 2023),
/// -(1 - e) log sigmoid(m) - e log sigmoid(-m).
public struct PreferenceObjective: Objective {
  /// How strongly the model is held to what it was.
  public var beta: Float
  /// The share of pairs whose answers may have been mixed up.
  public var labelSmoothing: Float

  /// An objective.
  ///
  /// - Parameters:
  ///   - beta: How strongly the model is held to what it was.
  ///   - labelSmoothing: The share of pairs whose answers may have been mixed up, from 0 to below 0.5.
  public init(beta: Float = 0.1, labelSmoothing: Float = 0) {
    (self.beta, self.labelSmoothing) = (beta, labelSmoothing)
  }

  /// The logarithm of each answer's probability [n], from logits [n, t, vocabulary] and next tokens [n, t].
  static func logProbabilities(_ logits: Tensor, _ answers: Tensor) -> Tensor {
    -crossEntropy(logits, answers, ignoredIndex: Int(PackedText.nothing), reduction: .none).sum(axis: 1)
  }

  /// What m is for each pair [n], from the logarithms [2 n] of now and of the start.
  func margins(_ logProbabilities: Tensor, reference: Tensor) -> Tensor {
    let gain = logProbabilities - reference
    let pairs = gain.shape[0] / 2
    return (gain.sliced(axis: 0, from: 0, to: pairs) - gain.sliced(axis: 0, from: pairs, to: 2 * pairs))
      * beta
  }

  /// The mean loss, and how many of the preferred answers gained more.
  public func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult {
    let margins = margins(
      Self.logProbabilities(model(batch), batch.labels), reference: batch.named[PreferenceText.reference])
    // -log sigmoid(m) is softplus(-m).
    let losses = (-margins).softplus() * (1 - labelSmoothing) + margins.softplus() * labelSmoothing
    return ObjectiveResult(loss: losses.mean(), correct: (margins.detached() .> Float(0)).sum())
  }
}
