import Lathe

/// The binary cross-entropy of targets in 0...1 under sigmoid(logits), without overflow.
///
/// Each element is (1 - y) softplus(x) + w y softplus(-x) for a positive weight w, so that nothing cancels.
/// - Parameters:
///   - logits: The logarithms of the odds.
///   - targets: Of the logits' shape.
///   - weights: A factor per element; broadcasts.
///   - positiveWeights: A factor of the positive part per class; broadcasts.
///   - reduction: How the losses of all rows are joined.
public func binaryCrossEntropy(
  logits: Tensor, _ targets: Tensor, weights: Tensor? = nil, positiveWeights: Tensor? = nil,
  reduction: LossReduction = .mean
) -> Tensor {
  require(
    logits.shape == targets.shape,
    "binaryCrossEntropy: logits \(logits.shape) and targets \(targets.shape) differ")
  let logits = logits.inFullPrecision
  var positive = targets * (-logits).softplus()
  if let positiveWeights { positive = positive * positiveWeights }
  var loss = (1 - targets) * logits.softplus() + positive
  if let weights { loss = loss * weights }
  return loss.reduced(reduction)
}

/// The binary cross-entropy of probabilities, their logarithms not below -100 and the gradient at 0 and 1 finite, as in
/// PyTorch.
public func binaryCrossEntropy(
  probabilities: Tensor, _ targets: Tensor, weights: Tensor? = nil, reduction: LossReduction = .mean
) -> Tensor {
  require(
    probabilities.shape == targets.shape,
    "binaryCrossEntropy: probabilities \(probabilities.shape) and targets \(targets.shape) differ")
  let result = DType.promote(probabilities.inFullPrecision.dtype, targets.inFullPrecision.dtype)
  let loss = probabilities.binaryLosses(targets)
  return (weights.map { loss * $0 } ?? loss).reduced(reduction).cast(to: result)
}

/// target * (log(target) - input): the Kullback-Leibler divergence of distributions given by logarithms (Kullback and
/// Leibler, 1951).
///
/// - Parameters:
///   - logProbabilities: The model's, [rows, classes] or any other shape.
///   - targets: Probabilities; where `logTarget`, their logarithms.
///   - logTarget: Whether the targets are logarithms.
///   - reduction: The sum over elements, or the mean over rows (the first axis), PyTorch's `batchmean`: the mean over
///     all elements is no divergence.
public func klDivergence(
  _ logProbabilities: Tensor, _ targets: Tensor, logTarget: Bool = false, reduction: LossReduction = .mean
) -> Tensor {
  require(
    logProbabilities.shape == targets.shape && logProbabilities.rank >= 1,
    "klDivergence: \(logProbabilities.shape) and targets \(targets.shape) differ")
  let zero = Tensor.zeros([], device: targets.device)
  let loss: Tensor
  if logTarget {
    loss = targets.exp() * (targets - logProbabilities)
  } else {
    // 0 log 0 is 0, and its gradient too.
    let isZero = targets .== Float(0)
    let safe = Tensor.where(isZero, Tensor.ones([], device: targets.device), targets)
    loss = Tensor.where(isZero, zero, targets * safe.log()) - targets * logProbabilities
  }
  switch reduction {
  case .none: return loss
  case .sum: return loss.sum()
  case .mean: return loss.sum() / Float(max(loss.shape[0], 1))
  }
}
