import Lathe

/// The binary cross-entropy of targets in 0...1 under sigmoid(logits), without overflow.
///
/// Each element is (1 - y) x + (1 + (w - 1) y) softplus(-x) for a positive weight w.
/// - Parameters:
///   - weights: A factor per element; broadcasts.
///   - positiveWeights: A factor of the positive part per class; broadcasts.
public func binaryCrossEntropy(
  logits: Tensor, _ targets: Tensor, weights: Tensor? = nil, positiveWeights: Tensor? = nil,
  reduction: LossReduction = .mean
) -> Tensor {
  require(
    logits.shape == targets.shape,
    "binaryCrossEntropy: logits \(logits.shape) and targets \(targets.shape) differ")
  let logits = logits.inFullPrecision
  var loss: Tensor
  if let positiveWeights {
    loss = (1 - targets) * logits + ((positiveWeights - 1) * targets + 1) * (-logits).softplus()
  } else {
    loss = logits.softplus() - logits * targets
  }
  if let weights { loss = loss * weights }
  return loss.reduced(reduction)
}

/// The binary cross-entropy of probabilities, their logarithms not below -100 as in PyTorch.
public func binaryCrossEntropy(
  probabilities: Tensor, _ targets: Tensor, weights: Tensor? = nil, reduction: LossReduction = .mean
) -> Tensor {
  require(
    probabilities.shape == targets.shape,
    "binaryCrossEntropy: probabilities \(probabilities.shape) and targets \(targets.shape) differ")
  let probabilities = probabilities.inFullPrecision
  let positive = probabilities.log().maximum(Float(-100))
  let negative = (1 - probabilities).log().maximum(Float(-100))
  let loss = -(targets * positive + (1 - targets) * negative)
  return (weights.map { loss * $0 } ?? loss).reduced(reduction)
}

/// The negative logarithm of each row's probability of its class.
///
/// - Parameters:
///   - logProbabilities: [..., classes], as `logSoftmax` gives them.
///   - labels: Class indices [...].
///   - classWeights: A factor per class; the mean divides by the sum of the weights.
///   - ignoredIndex: Rows with this label do not count; it may lie outside the classes.
public func negativeLogLikelihood(
  _ logProbabilities: Tensor, _ labels: Tensor, classWeights: Tensor? = nil, ignoredIndex: Int? = nil,
  reduction: LossReduction = .mean
) -> Tensor {
  let rank = logProbabilities.rank
  require(
    rank >= 1 && labels.shape == Shape(logProbabilities.shape.dropLast()),
    "negativeLogLikelihood: \(logProbabilities.shape) and labels \(labels.shape): expected [..., classes] and [...]"
  )
  let rows = RowWeights(labels, classes: logProbabilities.shape[rank - 1], classWeights, ignoredIndex)
  let picked = logProbabilities.gather(axis: rank - 1, indices: rows.labels.unsqueezed(-1)).squeezed(-1)
  return rows.reduced(-picked * rows.weights, reduction)
}

/// The cross-entropy of class indices under the softmax of the logits' rows, with a factor per class.
///
/// With label smoothing s the loss of a row is (1 - s) of its label's and s of the mean over all classes, each with
/// its own class's weight, as PyTorch's.
/// - Parameters:
///   - logits: [..., classes].
///   - labels: Class indices [...].
///   - classWeights: [classes]; the mean divides by the sum of the labels' weights.
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
  let rows = RowWeights(labels, classes: classes, classWeights, ignoredIndex)
  let logs = logits.logSoftmax()
  let picked = logs.gather(axis: rank - 1, indices: rows.labels.unsqueezed(-1)).squeezed(-1)
  var loss = -picked * rows.weights
  if labelSmoothing > 0 {
    let spread = -(logs * classWeights).sum(axis: -1) * rows.counts
    loss = loss * (1 - labelSmoothing) + spread * (labelSmoothing / Float(classes))
  }
  return rows.reduced(loss, reduction)
}

/// Which rows of a loss count, and how much.
private struct RowWeights {
  /// Labels that all lie inside the classes.
  let labels: Tensor
  /// 1 at rows that count, 0 at others.
  let counts: Tensor
  /// The weight of each row's class, 0 at rows that do not count.
  let weights: Tensor

  init(_ labels: Tensor, classes: Int, _ classWeights: Tensor?, _ ignoredIndex: Int?) {
    require(
      classWeights.map { $0.shape == [classes] } ?? true,
      "loss: class weights \(classWeights?.shape ?? []) for \(classes) classes")
    let ignored = ignoredIndex.flatMap(Int32.init(exactly:))
    let device = labels.device
    var labels = labels
    if let ignored {
      let isIgnored = labels .== ignored
      labels = Tensor.select(isIgnored, Tensor.zeros([], dtype: labels.dtype, device: device), labels)
      counts = isIgnored.logicalNot().cast(to: .float32)
    } else {
      counts = Tensor.ones(labels.shape, device: device)
    }
    self.labels = labels
    if let classWeights {
      weights = Tensor.embedding(labels, classWeights.unsqueezed(1)).squeezed(-1) * counts
    } else {
      weights = counts
    }
  }

  /// The mean divides by the sum of the weights.
  func reduced(_ losses: Tensor, _ reduction: LossReduction) -> Tensor {
    switch reduction {
    case .none: losses
    case .sum: losses.sum()
    case .mean: losses.sum() / weights.sum()
    }
  }
}

/// target * (log(target) - input): the Kullback-Leibler divergence of distributions given by logarithms (Kullback and
/// Leibler, 1951).
///
/// - Parameters:
///   - logProbabilities: The model's, [rows, classes] or any other shape.
///   - targets: Probabilities; where `logTarget`, their logarithms.
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
    let safe = Tensor.select(isZero, Tensor.ones([], device: targets.device), targets)
    loss = Tensor.select(isZero, zero, targets * safe.log()) - targets * logProbabilities
  }
  switch reduction {
  case .none: return loss
  case .sum: return loss.sum()
  case .mean: return loss.sum() / Float(max(loss.shape[0], 1))
  }
}
