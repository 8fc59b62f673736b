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
  /// The cross-entropy of class indices under the softmax of this tensor's rows.
  ///
  /// - Parameters:
  ///   - labels: Whole numbers, one class index per row; none counts from the end.
  ///   - ignoredIndex: Rows with this label do not count, whatever they hold; it may lie outside the classes.
  ///   - labelSmoothing: How much of the target's weight is spread over all classes, 0...1.
  ///   - reduction: The mean (over the rows that count), the sum, or one loss a row.
  /// - Returns: A scalar, or one loss a row, for logits [rows, classes] (or [..., classes], labels [...]). A label
  ///   outside the classes is an `indexOutOfRange` error, thrown where values are read.
  public func crossEntropy(
    _ labels: Tensor, ignoredIndex: Int? = nil, labelSmoothing: Float = 0, reduction: LossReduction = .mean
  ) -> Tensor {
    require(
      labelSmoothing >= 0 && labelSmoothing <= 1, "crossEntropy: label smoothing \(labelSmoothing)")
    let rows = rowLosses(
      labels, ignoredIndex: ignoredIndex, labelSmoothing: labelSmoothing, name: "crossEntropy")
    let result = fullPrecisionResult
    switch reduction {
    case .none: return rows.losses.cast(to: result)
    case .sum: return rows.losses.sum().cast(to: result)
    case .mean:
      guard let ignored = rows.ignored else { return rows.losses.mean().cast(to: result) }
      return (rows.losses.sum() / ignored.logicalNot().sum().cast(to: rows.losses.dtype)).cast(to: result)
    }
  }

  /// A loss, float32 or float64, for each row of [..., classes], 0 at ignored rows, which get no gradient either, and which rows are
  /// ignored.
  ///
  /// - Parameter ofLogarithms: Whether this tensor holds logarithms of probabilities, of which the labels' are the losses
  ///   but for the sign.
  package func rowLosses(
    _ labels: Tensor, ignoredIndex: Int? = nil, labelSmoothing: Float = 0, ofLogarithms: Bool = false,
    name: StaticString
  ) -> (losses: Tensor, ignored: Tensor?) {
    require(
      rank >= 1 && labels.shape == Shape(shape.dropLast()),
      "\(name): logits \(shape) and labels \(labels.shape): expected [..., classes] and [...]")
    require(labels.dtype.isInteger, "\(name): labels are class indices, not \(labels.dtype)")
    Tensor.requireOneDevice(name, self, labels)
    if dtype == .float64 {
      let (narrow, ignored) = labels.narrowLabels(ignoredIndex)
      return composedRowLosses(narrow.detached(), ignored, Double(labelSmoothing), ofLogarithms: ofLogarithms)
    }
    let (classes, rows) = (shape[rank - 1], labels.count)
    let x = KernelOperand(reshaped(to: [rows, classes]))
    let original = dtype
    let (narrow, ignored) = labels.narrowLabels(ignoredIndex)
    let target = narrow.reshaped(to: [rows]).contiguous().detached()
    let operation = CrossEntropy(
      rows: rows, classes: classes, ignoredIndex: ignored, labelSmoothing: labelSmoothing,
      ofLogarithms: ofLogarithms)
    let results = Tensor.run(
      .crossEntropy(operation), [x.kernelInput.contiguous(), target],
      outputs: [([rows], .float32), ([rows, 2], .float32)])
    let parts = results[1]
    let losses = results[0].recorded(name, [x.tensor]) { gradient, _ in
      if GradientMode.isRecording {
        return [x.wide.crossEntropyGradient(target, operation, gradient).cast(to: original)]
      }
      let logits = Tensor.run(
        .crossEntropyBackward(operation),
        [x.kernelInput.contiguous(), target, parts, gradient.contiguous()], output: [rows, classes])
      return [logits.stored(as: original)]
    }
    return (losses.reshaped(to: labels.shape), ignored.map { narrow.detached() .== $0 })
  }

  /// Labels as the kernel takes them, and the one that is ignored; one that int32 cannot hold has a stand-in.
  private func narrowLabels(_ ignoredIndex: Int?) -> (labels: Tensor, ignored: Int32?) {
    guard hasNumbersBeyondInt32, let ignoredIndex, ignoredIndex <= Int32.min || ignoredIndex > Int32.max
    else {
      return (asInt32(), ignoredIndex.flatMap(Int32.init(exactly:)))
    }
    let stand = Tensor.full([], Int32.min, dtype: .int32, device: device)
    return (Tensor.where(self .== ignoredIndex, stand, asInt32().maximum(Int32.min + 1)), .min)
  }

  /// The gradient in tensor operations, for gradients of gradients.
  private func crossEntropyGradient(_ labels: Tensor, _ loss: CrossEntropy, _ gradient: Tensor) -> Tensor {
    let smooth = loss.labelSmoothing
    let wanted =
      labels.matches(classes: loss.classes).cast(to: .float32) * (1 - smooth) + smooth / Float(loss.classes)
    var (x, weight) = (self, gradient)
    if let ignored = loss.ignoredIndex {
      let isIgnored = labels .== ignored
      let zero = Tensor.zeros([], device: device)
      weight = Tensor.where(isIgnored, zero, gradient)
      x = Tensor.where(isIgnored.unsqueezed(1), zero, self)
    }
    return ((loss.ofLogarithms ? -wanted : x.softmax() - wanted)) * weight.unsqueezed(1)
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
