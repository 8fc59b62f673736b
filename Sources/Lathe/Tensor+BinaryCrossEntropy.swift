import LatheCore

extension Tensor {
  /// The binary cross-entropy of each element as a probability of a target in 0...1, in float32 or float64.
  ///
  /// Logarithms are held at -100. The gradient is (p - y) / max(p (1 - p), 1e-12), PyTorch's, which is finite at 0 and 1.
  package func binaryLosses(_ targets: Tensor) -> Tensor {
    let type = DType.promote(dtype.floatType, targets.dtype.floatType)
    let (p, y) = (cast(to: type), targets.cast(to: type))
    let losses = p.detached().binaryTerms(y.detached())
    return losses.recorded("binaryCrossEntropy", [p, y]) { gradient, _ in
      let (positive, negative) = p.heldLogarithms()
      return [gradient * ((p - y) / (p * (1 - p)).maximum(Float(1e-12))), gradient * (negative - positive)]
    }
  }

  private func binaryTerms(_ targets: Tensor) -> Tensor {
    let (positive, negative) = heldLogarithms()
    return -(targets * positive + (1 - targets) * negative)
  }

  /// log(p) and log(1 - p), not below -100.
  private func heldLogarithms() -> (positive: Tensor, negative: Tensor) {
    (log().maximum(Float(-100)), (-self).log1p().maximum(Float(-100)))
  }
}
