import LatheCore

/// How the losses of single rows become one result.
public enum LossReduction: Sendable {
  /// One loss a row.
  case none
  /// The mean over the rows that count.
  case mean
  case sum
}

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

  /// The cross-entropy of class indices under the softmax of this tensor's rows.
  ///
  /// - Parameters:
  ///   - labels: Whole numbers, one class index per row.
  ///   - ignoredIndex: Rows with this label do not count.
  ///   - labelSmoothing: How much of the target's weight is spread over all classes, 0...1.
  ///   - reduction: The mean (over the rows that count), the sum, or one loss a row.
  /// - Returns: A scalar, or one loss a row, for logits [rows, classes] (or [..., classes], labels [...]). A label
  ///   outside the classes is an `indexOutOfRange` error, thrown where values are read.
  public func crossEntropy(
    _ labels: Tensor, ignoredIndex: Int? = nil, labelSmoothing: Float = 0, reduction: LossReduction = .mean
  ) -> Tensor {
    require(
      rank >= 1 && labels.shape == Shape(shape.dropLast()),
      "crossEntropy: logits \(shape) and labels \(labels.shape): expected [..., classes] and [...]")
    require(labels.dtype.isInteger, "crossEntropy: labels are class indices, not \(labels.dtype)")
    require(
      labelSmoothing >= 0 && labelSmoothing <= 1, "crossEntropy: label smoothing \(labelSmoothing)")
    require(
      device == labels.device, "crossEntropy: tensors on different devices, \(device) and \(labels.device)")
    let classes = shape[rank - 1]
    let rows = labels.count
    let result = fullPrecisionResult
    let x = KernelOperand(reshaped(to: [rows, classes]))
    let original = dtype
    let target = labels.asInt32().reshaped(to: [rows]).contiguous().detached()
    let operation = CrossEntropy(
      rows: rows, classes: classes, ignoredIndex: ignoredIndex.map(Int32.init(clamping:)),
      labelSmoothing: labelSmoothing)
    let results = Tensor.run(
      .crossEntropy(operation), [x.kernelInput.contiguous(), target],
      outputs: [([rows], .float32), ([rows], .float32)])
    let logSumExp = results[1]
    let losses = results[0].recorded("crossEntropy", [x.tensor]) { gradient, _ in
      if GradientMode.isRecording {
        return [x.wide.crossEntropyGradient(target, operation, gradient).cast(to: original)]
      }
      let logits = Tensor.run(
        .crossEntropyBackward(operation),
        [x.kernelInput.contiguous(), target, logSumExp, gradient.contiguous()], output: [rows, classes])
      return [logits.stored(as: original)]
    }
    switch reduction {
    case .none: return losses.reshaped(to: labels.shape).cast(to: result)
    case .sum: return losses.sum().cast(to: result)
    case .mean:
      guard let ignored = operation.ignoredIndex else { return losses.mean().cast(to: result) }
      return (losses.sum() / (target .!= ignored).sum().cast(to: .float32)).cast(to: result)
    }
  }

  /// The gradient in tensor operations, for gradients of gradients.
  private func crossEntropyGradient(_ labels: Tensor, _ loss: CrossEntropy, _ gradient: Tensor) -> Tensor {
    let smooth = loss.labelSmoothing
    let wanted =
      labels.matches(classes: loss.classes).cast(to: .float32) * (1 - smooth) + smooth / Float(loss.classes)
    var weight = gradient
    if let ignored = loss.ignoredIndex {
      weight = Tensor.select(labels .== ignored, Tensor.zeros([], device: device), gradient)
    }
    return (softmax() - wanted) * weight.unsqueezed(1)
  }
}

/// The cross-entropy of class indices under the softmax of the logits' rows; see `Tensor.crossEntropy`.
public func crossEntropy(
  _ logits: Tensor, _ labels: Tensor, ignoredIndex: Int? = nil, labelSmoothing: Float = 0,
  reduction: LossReduction = .mean
) -> Tensor {
  logits.crossEntropy(
    labels, ignoredIndex: ignoredIndex, labelSmoothing: labelSmoothing, reduction: reduction)
}
