import Lathe

extension Tensor {
  /// The cosine of the angle between vectors along an axis, with lengths not below `epsilon`.
  public func cosineSimilarity(_ other: Tensor, axis: Int = -1, epsilon: Float = 1e-8) -> Tensor {
    // Vectors of length 1 first: products of their elements neither overflow nor vanish.
    let (a, b) = (inFullPrecision, other.inFullPrecision)
    return (a.normalized(axis: axis, epsilon: epsilon) * b.normalized(axis: axis, epsilon: epsilon))
      .sum(axis: axis)
  }

  /// The length of vectors' differences along the last axis, with `epsilon` added to each element as in PyTorch; the
  /// gradient at length 0 is 0.
  public func distance(to other: Tensor, epsilon: Float = 1e-6) -> Tensor {
    (inFullPrecision - other.inFullPrecision + epsilon).length(axes: [-1])
  }

  /// Vectors of length 1 along the last axis; those shorter than `epsilon` are divided by it.
  public func normalized(epsilon: Float = 1e-12) -> Tensor {
    normalized(axis: -1, epsilon: epsilon)
  }
}

/// 1 - cos of pairs with target 1, max(0, cos - margin) of pairs with target -1.
///
/// - Parameters:
///   - a: [rows, width]; `b` likewise.
///   - b: [rows, width].
///   - targets: 1 or -1, [rows].
///   - margin: From which similarity or distance on there is a loss.
///   - reduction: How the losses of all rows are joined.
public func cosineEmbeddingLoss(
  _ a: Tensor, _ b: Tensor, _ targets: Tensor, margin: Float = 0, reduction: LossReduction = .mean
) -> Tensor {
  require(
    a.rank == 2 && a.shape == b.shape && targets.shape == [a.shape[0]],
    "cosineEmbeddingLoss: \(a.shape), \(b.shape) and targets \(targets.shape): expected [rows, width] twice and [rows]"
  )
  let cosine = a.cosineSimilarity(b)
  return Tensor.where(targets .> 0, 1 - cosine, (cosine - margin).relu()).reduced(reduction)
}

/// max(0, |anchor - positive| - |anchor - negative| + margin) (Balntas et al., 2016).
///
/// - Parameters:
///   - anchor: [rows, width]; the others likewise.
///   - positive: Rows that belong to the anchors, [rows, width].
///   - negative: Rows that do not, [rows, width].
///   - margin: From which similarity or distance on there is a loss.
///   - reduction: How the losses of all rows are joined.
public func tripletLoss(
  anchor: Tensor, positive: Tensor, negative: Tensor, margin: Float = 1, reduction: LossReduction = .mean
) -> Tensor {
  require(
    anchor.shape == positive.shape && anchor.shape == negative.shape && anchor.rank >= 1,
    "tripletLoss: \(anchor.shape), \(positive.shape) and \(negative.shape) differ")
  return (anchor.distance(to: positive) - anchor.distance(to: negative) + margin).relu().reduced(reduction)
}

/// The cross-entropy of finding each row's own partner among all rows by cosine similarity (van den Oord et al.,
/// 2018), in both directions where `isSymmetric` (Radford et al., 2021).
///
/// - Parameters:
///   - queries: [rows, width]; row i belongs to row i of `keys`.
///   - keys: [rows, width].
///   - temperature: What similarities are divided by.
///   - isSymmetric: Whether keys look for their queries, too.
///   - reduction: How the losses of all rows are joined.
public func infoNCE(
  _ queries: Tensor, _ keys: Tensor, temperature: Float = 0.1, isSymmetric: Bool = false,
  reduction: LossReduction = .mean
) -> Tensor {
  require(
    queries.rank == 2 && queries.shape == keys.shape && temperature > 0,
    "infoNCE: queries \(queries.shape), keys \(keys.shape), temperature \(temperature)")
  let logits = queries.normalized().matmul(keys.normalized().transposed()) / temperature
  let own = Tensor.arange(queries.shape[0], device: queries.device)
  let loss = crossEntropy(logits, own, reduction: reduction)
  guard isSymmetric else { return loss }
  return (loss + crossEntropy(logits.transposed(), own, reduction: reduction)) * Float(0.5)
}
