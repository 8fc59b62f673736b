import LatheCore

/// How elements that are scattered to one place are joined, by PyTorch's names.
public enum ScatterReduction: Sendable, CaseIterable {
  /// Their sum, product or mean; whole numbers' means are rounded down.
  case sum, prod, mean
  /// The largest or smallest; NaN wins.
  case amax, amin
}

extension Tensor {
  /// Elements written where indices point: result[..., indices[..., p, ...], ...] = source[..., p, ...].
  ///
  /// Of several at one place the last one along the axis stays, on every device, and gets the whole gradient.
  ///
  /// - Parameters:
  ///   - axis: The axis that indices count along; negative indices count from its end.
  ///   - indices: Whole numbers; along the other axes at most as many as the tensor has elements.
  ///   - source: At least as many elements along each axis as indices; takes the tensor's type.
  /// - Returns: A tensor of this one's shape. An index outside the axis is an `indexOutOfRange` error, thrown where
  ///   values are read.
  public func scatter(axis: Int, indices: Tensor, source: Tensor) -> Tensor {
    scattering("scatter", axis, indices, source.cast(to: dtype)) { $0.written($1, $2, $3) }
  }

  /// One number written where indices point.
  ///
  /// - Parameters:
  ///   - axis: The axis that indices count along; negative indices count from its end.
  ///   - indices: Whole numbers; along the other axes at most as many as the tensor has elements.
  ///   - value: The number; takes the tensor's type.
  public func scatter(axis: Int, indices: Tensor, value: some TensorScalar) -> Tensor {
    scatter(
      axis: axis, indices: indices,
      source: Tensor.full([], value, dtype: dtype, device: device).expanded(to: indices.shape))
  }

  /// Elements joined with those that stand where indices point, as PyTorch's `scatter_reduce`.
  ///
  /// Gradients: equal largest (smallest) elements share it; of a product each element gets the product of the others.
  ///
  /// - Parameters:
  ///   - axis: The axis that indices count along; negative indices count from its end.
  ///   - indices: Whole numbers; along the other axes at most as many as the tensor has elements.
  ///   - source: At least as many elements along each axis as indices; both tensors take their common type.
  ///   - reduction: How elements are joined.
  ///   - includeSelf: Whether the tensor's own element counts at a place that an index names; at others it stays.
  public func scatterReduce(
    axis: Int, indices: Tensor, source: Tensor, reduction: ScatterReduction, includeSelf: Bool = true
  ) -> Tensor {
    let common = DType.promote(dtype, source.dtype)
    require(common != .bool, "scatterReduce: not defined on bool; cast it to whole numbers")
    // Sums of whole numbers are computed in their own type.
    let compute = common.kernelType
    return cast(to: compute).scattering("scatterReduce", axis, indices, source.cast(to: compute)) {
      base, a, indices, source in
      let start = includeSelf ? base : base.written(a, indices, base.identity(reduction, indices.shape))
      switch reduction {
      case .sum: return start.scattered(a, indices, source)
      case .mean:
        let ones = Tensor.ones(indices.shape, dtype: compute, device: source.device)
        let own = Tensor.full(base.shape, includeSelf ? 1 : 0, dtype: compute, device: source.device)
        let counts = own.scattered(a, indices, ones).maximum(1)
        let sum = start.scattered(a, indices, source)
        return compute.isFloatingPoint ? sum / counts : sum.floorDivide(counts)
      case .prod: return start.multiplied(a, indices, source)
      case .amax: return start.extreme(.maximum, a, indices, source)
      case .amin: return start.extreme(.minimum, a, indices, source)
      }
    }.cast(to: common)
  }

  /// Slices added where indices point: result[..., indices[p], ...] += scale * source[..., p, ...].
  ///
  /// - Parameters:
  ///   - axis: Along which axis.
  ///   - indices: Whole numbers with one axis; negative ones count from the end.
  ///   - source: Of the tensor's shape but for the size of the axis, which is the number of indices.
  ///   - scale: What the slices are multiplied by.
  public func indexAdd(axis: Int, indices: Tensor, source: Tensor, scale: some TensorScalar = 1) -> Tensor {
    let a = self.axis(axis, "indexAdd")
    require(indices.rank == 1, "indexAdd: indices of shape \(indices.shape), not one axis")
    var along = Shape(repeating: 1, rank: rank)
    along[a] = indices.count
    var target = shape
    target[a] = indices.count
    let added = scale.scalarValue == .int(1) ? source : source * scale
    return scatterAdd(axis: a, indices: indices.reshaped(to: along).expanded(to: target), source: added)
  }

  /// Checks what is scattered, and scatters into the part of the tensor that indices have places for.
  private func scattering(
    _ name: StaticString, _ axis: Int, _ indices: Tensor, _ source: Tensor,
    _ scatter: (Tensor, _ axis: Int, _ indices: Tensor, _ source: Tensor) -> Tensor
  ) -> Tensor {
    let a = self.axis(axis, name)
    let fits =
      indices.rank == rank && source.rank == rank
      && (0..<rank).allSatisfy {
        indices.shape[$0] <= source.shape[$0] && ($0 == a || indices.shape[$0] <= shape[$0])
      }
    require(
      fits,
      "\(name): indices \(indices.shape) and source \(source.shape) for a tensor of shape \(shape) along axis \(axis): "
        + "indices have at most the source's sizes, and but for the axis at most the tensor's")
    Tensor.requireOneDevice(name, self, indices, source)
    checkCount(a, name)
    let places = indices.asIndices(name)
    var (part, region) = (source, AxisSelections(all: shape))
    for i in 0..<rank {
      if indices.shape[i] < source.shape[i] { part = part.sliced(axis: i, to: indices.shape[i]) }
      if i != a { region[i] = AxisSelection(from: 0, to: indices.shape[i], step: 1, size: shape[i]) }
    }
    if region.counts == shape { return scatter(self, a, places, part) }
    var result = self
    result.put(
      scatter(selected(region), a, places, part), IndexedRegion(selection: region, shape: region.counts))
    return result
  }

  /// What changes nothing when it is joined.
  private func identity(_ reduction: ScatterReduction, _ shape: Shape) -> Tensor {
    let number: ScalarValue =
      switch reduction {
      case .sum, .mean: .int(0)
      case .prod: .int(1)
      case .amax: dtype.isFloatingPoint ? .float(-.infinity) : .int(dtype == .int32 ? Int64(Int32.min) : .min)
      case .amin: dtype.isFloatingPoint ? .float(.infinity) : .int(dtype == .int32 ? Int64(Int32.max) : .max)
      }
    return Tensor.full([], number, dtype: dtype, device: device).expanded(to: shape)
  }

  /// The kernel's result; indices are int32 and like the source of this tensor's shape but for the axis.
  private func scatter(_ rule: ScatterRule, _ axis: Int, _ indices: Tensor, _ source: Tensor) -> Tensor {
    let (outer, count, inner) = sizes(around: axis)
    let picked = indices.shape[axis]
    return Tensor.run(
      .scatter(rule, outer: outer, count: count, inner: inner, picked: picked),
      [
        detached().contiguous(), indices.reshaped(to: [outer, picked, inner]), source.detached().contiguous(),
      ], output: shape, dtype: dtype)
  }

  func written(_ axis: Int, _ indices: Tensor, _ source: Tensor) -> Tensor {
    scatter(.set, axis, indices, source).recorded("scatter", [self, source]) { gradient, _ in
      let nothing = gradient.zero.expanded(to: indices.shape)
      let picked = gradient.gathered(axis, indices)
      // Which of several stayed: the one whose place in the order is found again.
      var along = Shape(repeating: 1, rank: indices.rank)
      along[axis] = indices.shape[axis]
      let order = Tensor.arange(indices.shape[axis], device: indices.device).reshaped(to: along)
        .expanded(to: indices.shape)
      let last = Tensor.zeros(gradient.shape, dtype: .int32, device: gradient.device)
        .scatter(.set, axis, indices, order).gathered(axis, indices)
      return [
        gradient.written(axis, indices, nothing), Tensor.where(last .== order, picked, gradient.zero),
      ]
    }
  }

  /// The largest or smallest of each place's elements, which share the gradient where they are equal.
  private func extreme(_ rule: ScatterRule, _ axis: Int, _ indices: Tensor, _ source: Tensor) -> Tensor {
    let base = self
    return scatter(rule, axis, indices, source).recorded("scatterReduce", [self, source], savesOutput: true) {
      gradient, output in
      guard let output = output?.detached() else { return [nil, nil] }
      func wins(_ x: Tensor, _ winner: Tensor) -> Tensor {
        ((x.detached() .== winner) .|| (x.detached().isNaN() .&& winner.isNaN())).cast(
          to: base.dtype.floatType)
      }
      let own = wins(base, output)
      let others = wins(source, output.gathered(axis, indices))
      let share = gradient / own.scattered(axis, indices, others).maximum(1)
      return [share * own, share.gathered(axis, indices) * others]
    }
  }

  /// The products of each place's elements.
  private func multiplied(_ axis: Int, _ indices: Tensor, _ source: Tensor) -> Tensor {
    let base = self
    return scatter(.product, axis, indices, source).recorded("scatterReduce", [self, source]) { gradient, _ in
      // Without its zeros a place's product can be divided by each of its elements; one zero gets all of that product, and
      // leaves nothing for the others.
      func zeros(_ x: Tensor) -> Tensor { (x.detached() .== 0).cast(to: base.dtype.floatType) }
      func nonzero(_ x: Tensor) -> Tensor { Tensor.where(x.detached() .== 0, Float(1), x) }
      let count = zeros(base).scattered(axis, indices, zeros(source))
      let share = gradient * nonzero(base).multiplied(axis, indices, nonzero(source))
      func part(_ x: Tensor, _ share: Tensor, _ count: Tensor) -> Tensor {
        Tensor.where(count .== zeros(x), share / nonzero(x), share.zero)
      }
      return [
        part(base, share, count), part(source, share.gathered(axis, indices), count.gathered(axis, indices)),
      ]
    }
  }
}
