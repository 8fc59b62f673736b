import Glibc

extension NDArray {
  package func logSoftmax(_ axis: Int = -1) -> NDArray { self - logSumExp([axis], keepDims: true) }

  package func softmax(_ axis: Int = -1) -> NDArray { logSoftmax(axis).map(exp) }

  /// One loss a row; 0 where the label is ignored.
  package static func crossEntropyRows(
    _ logits: NDArray, _ labels: NDArray, ignoredIndex: Int? = nil, labelSmoothing: Double = 0
  ) -> NDArray {
    let classes = logits.shape[logits.rank - 1]
    let flat = logits.reshaped([labels.count, classes]).logSoftmax()
    return NDArray(
      labels.shape,
      (0..<labels.count).map { row in
        let label = Int(labels.values[row])
        if label == ignoredIndex { return 0 }
        // The target distribution: most of the weight on the label, the rest spread over all classes.
        var loss = 0.0
        for j in 0..<classes {
          let target = (j == label ? 1 - labelSmoothing : 0) + labelSmoothing / Double(classes)
          loss -= target * flat[row, j]
        }
        return loss
      })
  }

  /// The mean over the rows that count.
  package static func crossEntropy(
    _ logits: NDArray, _ labels: NDArray, ignoredIndex: Int? = nil, labelSmoothing: Double = 0
  ) -> NDArray {
    let rows = crossEntropyRows(logits, labels, ignoredIndex: ignoredIndex, labelSmoothing: labelSmoothing)
    let counted = labels.values.filter { Int($0) != ignoredIndex }.count
    return NDArray(rows.values.reduce(0, +) / Double(counted))
  }

  /// Each row along the last axis moved to mean 0 and deviation 1, then scaled and shifted.
  package func layerNorm(_ weight: NDArray? = nil, _ bias: NDArray? = nil, epsilon: Double = 1e-5) -> NDArray
  {
    let spread = variance([-1], keepDims: true).map { ($0 + epsilon).squareRoot() }
    var result = (self - mean([-1], keepDims: true)) / spread
    if let weight { result = result * weight }
    if let bias { result = result + bias }
    return result
  }

  /// Each row divided by the root of the mean of its squares, then scaled.
  package func rmsNorm(_ weight: NDArray? = nil, epsilon: Float = 1.1920929e-7) -> NDArray {
    let root = (self * self).mean([-1], keepDims: true).map { ($0 + Double(epsilon)).squareRoot() }
    return weight.map { self / root * $0 } ?? self / root
  }

  /// Each channel (axis 1) moved to mean 0 and deviation 1, then scaled and shifted.
  package func batchNorm(_ weight: NDArray? = nil, _ bias: NDArray? = nil, epsilon: Double = 1e-5) -> NDArray
  {
    let axes = (0..<rank).filter { $0 != 1 }
    let channelShape = (0..<rank).map { $0 == 1 ? shape[1] : 1 }
    let spread = variance(axes, keepDims: true).map { ($0 + epsilon).squareRoot() }
    var result = (self - mean(axes, keepDims: true)) / spread
    if let weight { result = result * weight.reshaped(channelShape) }
    if let bias { result = result + bias.reshaped(channelShape) }
    return result
  }
}
