import Lathe

/// The cross-entropy of shares of classes under the softmax of the logits' rows, as of mixed images.
///
/// - Parameters:
///   - logits: [..., classes].
///   - shares: [..., classes]; each row sums to one.
///   - labelSmoothing: How much of each row is spread over all classes.
///   - reduction: How the losses of all rows are joined.
public func crossEntropy(
  _ logits: Tensor, shares: Tensor, labelSmoothing: Float = 0, reduction: LossReduction = .mean
) -> Tensor {
  require(
    logits.rank >= 1 && shares.shape == logits.shape,
    "crossEntropy: logits \(logits.shape) and shares \(shares.shape): expected the same shape")
  require(labelSmoothing >= 0 && labelSmoothing <= 1, "crossEntropy: label smoothing \(labelSmoothing)")
  let classes = Float(logits.shape[logits.rank - 1])
  let target = labelSmoothing == 0 ? shares : shares * (1 - labelSmoothing) + labelSmoothing / classes
  return (-(target * logits.logSoftmax()).sum(axis: -1)).reduced(reduction)
}
