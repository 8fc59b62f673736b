import LatheCore

extension Tensor {
  /// The norm of vectors along axes: the `order`-th root of the sum of magnitudes to the power of `order`.
  ///
  /// An infinite order gives the largest magnitude, minus infinity the smallest, 0 the number of elements other than 0.
  /// Elements are divided by the largest first, so that no power overflows or vanishes. The gradient at a vector of
  /// zeros is 0, and so are that of an element of 0 and that of order 0.
  ///
  /// - Parameters:
  ///   - order: Any number; 2 is the Euclidean length.
  ///   - axes: Axes of the vectors; all where nil.
  ///   - keepDims: Leaves the axes in place with size 1.
  public func norm(order: Float = 2, axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    require(!order.isNaN, "norm: order NaN")
    let axes = axes ?? Array(0..<rank)
    let result = fullPrecisionResult
    let x = inFloatType
    let norm: Tensor =
      switch order {
      case 2: x.length(axes: axes, keepDims: keepDims)
      case 1: x.abs().sum(axes: axes, keepDims: keepDims)
      case 0: x.nonzeroCounts(axes, keepDims: keepDims)
      case .infinity: x.abs().max(axes: axes, keepDims: keepDims)
      case -.infinity: x.abs().min(axes: axes, keepDims: keepDims)
      default: x.norm(of: order, axes, keepDims: keepDims)
      }
    return norm.cast(to: result)
  }

  /// The same along one axis.
  ///
  /// - Parameters:
  ///   - order: Any number; 2 is the Euclidean length.
  ///   - axis: The axis of the vectors.
  ///   - keepDims: Leaves the axis in place with size 1.
  public func norm(order: Float = 2, axis: Int, keepDims: Bool = false) -> Tensor {
    norm(order: order, axes: [axis], keepDims: keepDims)
  }

  /// How many elements are other than 0; the gradient is 0, as that of every step function.
  private func nonzeroCounts(_ axes: [Int], keepDims: Bool) -> Tensor {
    (detached() .!= 0).cast(to: dtype.floatType).sum(axes: axes, keepDims: keepDims).recorded("norm", [self])
    {
      [shape] gradient, _ in [gradient.zero.expanded(to: shape)]
    }
  }

  private func norm(of order: Float, _ axes: [Int], keepDims: Bool) -> Tensor {
    let scale =
      order > 0 ? largestMagnitude(axes) : Tensor.ones([], device: device)
    let magnitude = abs() / scale
    let powers = Tensor.where(
      magnitude .== 0, order > 0 ? 0 : Float.infinity,
      Tensor.where(magnitude .== 0, Float(1), magnitude).pow(order))
    let sum = powers.sum(axes: axes, keepDims: true)
    let root = Tensor.where(
      sum .== 0, Float(0),
      Tensor.where(sum .== 0, Float(1), sum).pow(dtype == .float64 ? 1 / Double(order) : Double(1 / order)))
    return (root * scale).reshaped(to: reducedShape(reducedAxes(axes, "norm"), keepDims: keepDims))
  }

  /// The distance of every row of one tensor from every row of another: the norm of their difference.
  ///
  /// Differences are never stored; distances of 0 have gradient 0.
  ///
  /// - Parameters:
  ///   - a: [..., m, d].
  ///   - b: [..., n, d]; the axes in front broadcast.
  ///   - order: Of the norm; 2 is the Euclidean distance.
  /// - Returns: [..., m, n].
  public static func cdist(_ a: Tensor, _ b: Tensor, order: Float = 2) -> Tensor {
    require(
      a.rank >= 2 && b.rank >= 2 && a.shape[a.rank - 1] == b.shape[b.rank - 1],
      "cdist: \(a.shape) and \(b.shape): expected [..., m, d] and [..., n, d]")
    let result = DType.promote(a.fullPrecisionResult, b.fullPrecisionResult)
    let type = DType.promote(a.dtype.floatType, b.dtype.floatType)
    let (x, y) = (a.cast(to: type), b.cast(to: type))
    let distances =
      order == 2
      ? euclideanDistances(x, y) : (x.unsqueezed(-2) - y.unsqueezed(-3)).norm(order: order, axis: -1)
    return distances.cast(to: result)
  }

  private static func euclideanDistances(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (m, n) = (a.unsqueezed(-2), b.unsqueezed(-3))
    return (m.detached() - n.detached()).square().sum(axis: -1).sqrt()
      .recorded("cdist", [a, b], savesOutput: true) { gradient, output in
        guard let output else { return [nil, nil] }
        // Made of the operands again, so that it can be differentiated.
        let isZero = output .== 0
        let share = Tensor.where(
          isZero, Float(0), gradient / Tensor.where(isZero, Float(1), output)
        ).unsqueezed(-1)
        let term = share * (m - n)
        return [
          a.node == nil ? nil : term.sum(axis: -2).reducedBroadcast(to: a.shape),
          b.node == nil ? nil : (-term).sum(axis: -3).reducedBroadcast(to: b.shape),
        ]
      }
  }
}
