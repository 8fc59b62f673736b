import Lathe

/// The negative logarithm of each row's probability of its class.
///
/// - Parameters:
///   - logProbabilities: [..., classes], as `logSoftmax` gives them.
///   - labels: Class indices [...]; none counts from the end. One outside the classes is an `indexOutOfRange` error,
///     thrown where values are read.
///   - classWeights: A factor per class; the mean divides by the sum of the weights.
///   - ignoredIndex: Rows with this label do not count, whatever they hold; it may lie outside the classes.
///   - reduction: How the losses of all rows are joined.
public func negativeLogLikelihood(
  _ logProbabilities: Tensor, _ labels: Tensor, classWeights: Tensor? = nil, ignoredIndex: Int? = nil,
  reduction: LossReduction = .mean
) -> Tensor {
  let result = logProbabilities.inFullPrecision.dtype
  let rows = logProbabilities.rowLosses(
    labels, ignoredIndex: ignoredIndex, ofLogarithms: true, name: "negativeLogLikelihood")
  let weights = RowWeights(
    labels, classes: logProbabilities.shape[logProbabilities.rank - 1], classWeights, rows.ignored)
  return weights.reduced(weights.weighted(rows.losses), reduction).cast(to: result)
}

/// The cross-entropy of class indices under the softmax of the logits' rows, with a factor per class.
///
/// With label smoothing s the loss of a row is (1 - s) of its label's and s of the mean over all classes, each with
/// its own class's weight, as PyTorch's.
/// - Parameters:
///   - logits: [..., classes].
///   - labels: Class indices [...]; none counts from the end. One outside the classes is an `indexOutOfRange` error,
///     thrown where values are read.
///   - classWeights: [classes]; the mean divides by the sum of the labels' weights.
///   - ignoredIndex: Rows with this label do not count, whatever they hold; it may lie outside the classes.
///   - labelSmoothing: How much of each row is spread over all classes.
///   - reduction: How the losses of all rows are joined.
public func crossEntropy(
  _ logits: Tensor, _ labels: Tensor, classWeights: Tensor, ignoredIndex: Int? = nil,
  labelSmoothing: Float = 0,
  reduction: LossReduction = .mean
) -> Tensor {
  let rank = logits.rank
  require(
    rank >= 1 && labels.shape == Shape(logits.shape.dropLast())
      && classWeights.shape == [logits.shape[rank - 1]],
    "crossEntropy: logits \(logits.shape), labels \(labels.shape) and class weights \(classWeights.shape): expected "
      + "[..., classes], [...] and [classes]")
  require(labelSmoothing >= 0 && labelSmoothing <= 1, "crossEntropy: label smoothing \(labelSmoothing)")
  let classes = logits.shape[rank - 1]
  let rows = logits.rowLosses(labels, ignoredIndex: ignoredIndex, name: "crossEntropy")
  let weights = RowWeights(labels, classes: classes, classWeights, rows.ignored)
  var loss = weights.weighted(rows.losses)
  if labelSmoothing > 0 {
    // Rows that are ignored become zeros before anything is summed over them.
    let logs = (rows.ignored.map { logits.zeroed(where: $0.unsqueezed(-1)) } ?? logits).logSoftmax()
    var spread = -(logs * classWeights).sum(axis: -1)
    if let ignored = rows.ignored { spread = spread.zeroed(where: ignored) }
    loss = loss * (1 - labelSmoothing) + spread * (labelSmoothing / Float(classes))
  }
  return weights.reduced(loss, reduction).cast(to: logits.inFullPrecision.dtype)
}

/// How much the rows of a loss count.
private struct RowWeights {
  /// The weight of each row's class, 0 at ignored rows; nil where all count alike.
  private let weights: Tensor?
  private let ignored: Tensor?

  init(_ labels: Tensor, classes: Int, _ classWeights: Tensor?, _ ignored: Tensor?) {
    require(
      classWeights.map { $0.shape == [classes] } ?? true,
      "loss: class weights \(classWeights?.shape ?? []) for \(classes) classes")
    self.ignored = ignored
    if let classWeights {
      let safe = ignored.map { labels.zeroed(where: $0) } ?? labels
      let found = Tensor.embedding(safe, classWeights.unsqueezed(1)).squeezed(-1)
      weights = ignored.map { found.zeroed(where: $0) } ?? found
    } else {
      weights = ignored?.logicalNot().cast(to: .float32)
    }
  }

  /// The losses, which are 0 at ignored rows, times their weights.
  func weighted(_ losses: Tensor) -> Tensor { weights.map { losses * $0 } ?? losses }

  /// The mean divides by the sum of the weights.
  func reduced(_ losses: Tensor, _ reduction: LossReduction) -> Tensor {
    switch reduction {
    case .none: losses
    case .sum: losses.sum()
    case .mean: weights.map { losses.sum() / $0.sum() } ?? losses.mean()
    }
  }
}

extension Tensor {
  /// Zeros where a condition holds, through which no gradient flows either.
  fileprivate func zeroed(where condition: Tensor) -> Tensor {
    Tensor.where(condition, Tensor.zeros([], dtype: dtype, device: device), self)
  }
}
