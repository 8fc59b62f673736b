import LatheCore

extension Tensor {
  /// exp(x) / sum(exp(x)) along an axis.
  public func softmax(axis: Int = -1) -> Tensor { softmax(axis: axis, logarithm: false, name: "softmax") }

  /// x - log(sum(exp(x))) along an axis.
  public func logSoftmax(axis: Int = -1) -> Tensor {
    softmax(axis: axis, logarithm: true, name: "logSoftmax")
  }

  private func softmax(axis: Int, logarithm: Bool, name: StaticString) -> Tensor {
    let a = self.axis(axis, name)
    if a != rank - 1 {
      return transposed(a, -1).softmax(axis: -1, logarithm: logarithm, name: name).transposed(a, -1)
    }
    if dtype == .float64 { return composedSoftmax(logarithm: logarithm) }
    let result = fullPrecisionResult
    let x = cast(to: .float32)
    let columns = shape[a]
    let rows = columns == 0 ? 0 : count / columns
    let target = shape
    return Tensor.run(
      .softmax(rows: rows, columns: columns, logarithm: logarithm), [x.detached().contiguous()],
      output: target
    )
    .recorded(name, [x], savesOutput: true) { gradient, output in
      guard let y = output else { return [nil] }
      if GradientMode.isRecording {
        if logarithm { return [gradient - y.exp() * gradient.sum(axis: -1, keepDims: true)] }
        return [y * (gradient - (gradient * y).sum(axis: -1, keepDims: true))]
      }
      return [
        Tensor.run(
          .softmaxBackward(rows: rows, columns: columns, logarithm: logarithm), [gradient.contiguous(), y],
          output: target)
      ]
    }.cast(to: result)
  }
}
