import Lathe

extension Tensor {
  /// One result of a loss's elements.
  func reduced(_ reduction: LossReduction) -> Tensor {
    switch reduction {
    case .none: self
    case .mean: mean()
    case .sum: sum()
    }
  }
}

/// Losses of numbers; predictions and targets have the same shape.
private func checkShapes(_ name: StaticString, _ a: Tensor, _ b: Tensor) {
  require(a.shape == b.shape, "\(name): predictions \(a.shape) and targets \(b.shape) differ")
}

/// (x - y)^2.
public func meanSquaredError(_ predictions: Tensor, _ targets: Tensor, reduction: LossReduction = .mean)
  -> Tensor
{
  checkShapes("meanSquaredError", predictions, targets)
  let predictions = predictions.inFullPrecision
  return (predictions - targets).square().reduced(reduction)
}

/// |x - y|.
public func meanAbsoluteError(_ predictions: Tensor, _ targets: Tensor, reduction: LossReduction = .mean)
  -> Tensor
{
  checkShapes("meanAbsoluteError", predictions, targets)
  let predictions = predictions.inFullPrecision
  return (predictions - targets).abs().reduced(reduction)
}

/// (x - y)^2 / 2 up to `delta`, delta * (|x - y| - delta / 2) beyond (Huber, 1964).
public func huberLoss(
  _ predictions: Tensor, _ targets: Tensor, delta: Float = 1, reduction: LossReduction = .mean
) -> Tensor {
  checkShapes("huberLoss", predictions, targets)
  let predictions = predictions.inFullPrecision
  require(delta > 0, "huberLoss: delta \(delta)")
  let distance = (predictions - targets).abs()
  // With m = min(distance, delta) both cases are m * (distance - m / 2).
  let near = distance.minimum(delta)
  return (near * (distance - near * Float(0.5))).reduced(reduction)
}

/// The Huber loss divided by `beta`, PyTorch's smooth L1.
public func smoothL1Loss(
  _ predictions: Tensor, _ targets: Tensor, beta: Float = 1, reduction: LossReduction = .mean
) -> Tensor {
  huberLoss(predictions, targets, delta: beta, reduction: reduction) / beta
}

/// max(0, margin - target * x) of targets 1 and -1.
public func hingeLoss(
  _ predictions: Tensor, _ targets: Tensor, margin: Float = 1, reduction: LossReduction = .mean
) -> Tensor {
  checkShapes("hingeLoss", predictions, targets)
  let predictions = predictions.inFullPrecision
  return (margin - predictions * targets).relu().reduced(reduction)
}

/// The mean over classes of max(0, margin - x[label] + x[class]) for the other classes (Crammer and Singer, 2001).
///
/// - Parameters:
///   - scores: [rows, classes].
///   - labels: Class indices [rows]; one outside the classes is an `indexOutOfRange` error where values are read.
///   - margin: How far apart the scores have to be for a loss of 0.
///   - reduction: How the losses of all rows are joined.
public func multiClassHingeLoss(
  _ scores: Tensor, _ labels: Tensor, margin: Float = 1, reduction: LossReduction = .mean
) -> Tensor {
  require(
    scores.rank == 2 && labels.shape == [scores.shape[0]],
    "multiClassHingeLoss: scores \(scores.shape) and labels \(labels.shape): expected [rows, classes] and [rows]"
  )
  let scores = scores.inFullPrecision
  let classes = scores.shape[1]
  let chosen = scores.rowLosses(labels, ofLogarithms: true, name: "multiClassHingeLoss").losses
  let right = -chosen.cast(to: scores.dtype).unsqueezed(1)
  let over = (margin - right + scores).relu()
  let own = labels.oneHot(classes: classes, dtype: .bool)
  let others = Tensor.where(own, Tensor.zeros([], device: scores.device), over)
  return (others.sum(axis: 1) / Float(classes)).reduced(reduction)
}
