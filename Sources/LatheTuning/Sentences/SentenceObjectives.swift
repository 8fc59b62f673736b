import Lathe
import LatheLanguage
import LatheNN

/// Each first text shall find its own second one among all second and third texts of the batch, by the cosine of their vectors:
/// the ranking loss of sentence-transformers (Henderson et al., 2017), and of SimCSE (Gao et al., 2021) where both are the same
/// text.
public struct RankingObjective: Objective {
  /// What cosines are divided by.
  public var temperature: Float

  /// An objective.
  public init(temperature: Float = 0.05) { self.temperature = temperature }

  /// The mean cross-entropy, and how many find their own.
  public func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult {
    let vectors = model(batch).normalized(axis: 1, epsilon: 1e-12)
    let (count, all) = (batch.count, vectors.shape[0])
    let candidates = vectors.sliced(axis: 0, from: count, to: all)
    let numbers = batch.named[ComparedTexts.candidates]
    let own = Tensor.arange(count, device: vectors.device)
    // The same text elsewhere in the batch is no wrong answer.
    let isSame =
      numbers.sliced(axis: 0, from: 0, to: count).unsqueezed(1) .== numbers.unsqueezed(0)
    let isOther = own.unsqueezed(1) .!= Tensor.arange(all - count, device: vectors.device).unsqueezed(0)
    let logits =
      (vectors.sliced(axis: 0, from: 0, to: count).matmul(candidates.transposed()) / temperature)
      .maskedFill(isSame .&& isOther, -Float.infinity)
    return ObjectiveResult(
      loss: crossEntropy(logits, own), correct: (logits.detached().argmax(axis: 1) .== own).sum())
  }
}

/// The cosine of two texts' vectors shall be their score: the mean squared difference.
public struct CosineObjective: Objective {
  /// An objective without settings.
  public init() {}

  /// The mean squared difference.
  public func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult {
    let vectors = model(batch).normalized(axis: 1, epsilon: 1e-12)
    let first = vectors.sliced(axis: 0, from: 0, to: batch.count)
    let second = vectors.sliced(axis: 0, from: batch.count, to: 2 * batch.count)
    return ObjectiveResult(loss: meanSquaredError((first * second).sum(axis: 1), batch.labels))
  }
}

/// A sentence encoder as a trainer runs it.
package final class SentenceModule: SequenceModule {
  private let encoder: SentenceEncoder
  private let first: Int

  /// - Parameter first: The first token that pooling looks at.
  package init(_ encoder: SentenceEncoder, first: Int) { (self.encoder, self.first) = (encoder, first) }

  /// Vectors of texts.
  package func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    encoder.vectors(
      input, lengths: lengths ?? Array(repeating: input.shape[1], count: input.shape[0]), from: first)
  }

  package func visit(_ visitor: inout ModuleVisitor) { encoder.visit(&visitor) }
}
