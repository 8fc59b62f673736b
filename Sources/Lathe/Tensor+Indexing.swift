import LatheCore

extension Tensor {
  /// Indices as the kernels take them.
  func asIndices(_ name: StaticString) -> Tensor {
    require(dtype.isInteger, "\(name): indices are whole numbers, not \(dtype)")
    return asInt32().detached()
  }

  /// Whole numbers as int32; what does not fit becomes the nearest number that does, which is no index of any axis.
  func asInt32() -> Tensor {
    guard hasNumbersBeyondInt32 else { return cast(to: .int32) }
    return clamped(Int64(Int32.min), Int64(Int32.max)).cast(to: .int32)
  }

  /// Whether the type holds whole numbers that int32 does not.
  var hasNumbersBeyondInt32: Bool {
    dtype.wholeNumbers.map { !DType.int32.holds($0) } ?? false
  }

  /// Kernels count along an axis in int32.
  func checkCount(_ axis: Int, _ name: StaticString) {
    require(
      shape[axis] <= Int(Int32.max),
      "\(name): axis \(axis) of \(shape): indices are int32, and an axis has at most \(Int32.max) elements")
  }

  /// Elements picked along an axis: result[..., p, ...] is self[..., indices[..., p, ...], ...].
  ///
  /// - Parameters:
  ///   - axis: The axis that indices count along; negative indices count from its end.
  ///   - indices: Whole numbers, of the tensor's shape but for the size of the axis.
  /// - Returns: A tensor of the indices' shape. An index outside the axis is an `indexOutOfRange` error, thrown
  ///   where values are read.
  public func gather(axis: Int, indices: Tensor) -> Tensor {
    let a = self.axis(axis, "gather")
    var expected = shape
    if indices.rank == rank { expected[a] = indices.shape[a] }
    require(
      indices.shape == expected,
      "gather: indices \(indices.shape) for a tensor of shape \(shape) along axis \(axis)")
    Tensor.requireOneDevice("gather", self, indices)
    checkCount(a, "gather")
    return gathered(a, indices.asIndices("gather"))
  }

  func gathered(_ axis: Int, _ indices: Tensor) -> Tensor {
    let (outer, count, inner) = sizes(around: axis)
    let picked = indices.shape[axis]
    let grouped = indices.reshaped(to: [outer, picked, inner])
    let original = shape
    return Tensor.run(
      .gather(outer: outer, count: count, inner: inner, picked: picked), [detached().contiguous(), grouped],
      output: indices.shape, dtype: dtype
    )
    .recorded("gather", [self]) { gradient, _ in
      let base = Tensor.zeros(original, dtype: gradient.dtype, device: gradient.device)
      return [base.scattered(axis, indices, gradient)]
    }
  }

  /// The tensor with elements of `source` added where indices point: self[..., indices[..., p, ...], ...] +=
  /// source[..., p, ...]; the sum's order, and so its rounding, is fixed.
  public func scatterAdd(axis: Int, indices: Tensor, source: Tensor) -> Tensor {
    let a = self.axis(axis, "scatterAdd")
    var expected = shape
    if indices.rank == rank { expected[a] = indices.shape[a] }
    require(
      indices.shape == expected && source.shape == expected,
      "scatterAdd: indices \(indices.shape) and source \(source.shape) for a tensor of shape \(shape) along axis \(axis)"
    )
    Tensor.requireOneDevice("scatterAdd", self, indices, source)
    checkCount(a, "scatterAdd")
    let common = DType.promote(dtype, source.dtype)
    return cast(to: common).scattered(a, indices.asIndices("scatterAdd"), source.cast(to: common))
  }

  func scattered(_ axis: Int, _ indices: Tensor, _ source: Tensor) -> Tensor {
    let (outer, count, inner) = sizes(around: axis)
    let picked = indices.shape[axis]
    let grouped = indices.reshaped(to: [outer, picked, inner])
    let compute = dtype.kernelType
    return Tensor.run(
      .scatterAdd(outer: outer, count: count, inner: inner, picked: picked),
      [
        cast(to: compute).detached().contiguous(), grouped, source.cast(to: compute).detached().contiguous(),
      ], output: shape, dtype: compute
    ).cast(to: dtype)
      .recorded("scatterAdd", [self, source]) { gradient, _ in [gradient, gradient.gathered(axis, indices)] }
  }

  /// Whole slices picked along an axis.
  ///
  /// - Parameters:
  ///   - axis: Along which axis.
  ///   - indices: Whole numbers with one axis; negative ones count from the end.
  public func indexSelected(axis: Int, indices: Tensor) -> Tensor {
    let a = self.axis(axis, "indexSelected")
    require(indices.rank == 1, "indexSelected: indices of shape \(indices.shape), not one axis")
    Tensor.requireOneDevice("indexSelected", self, indices)
    checkCount(a, "indexSelected")
    var along = Shape(repeating: 1, rank: rank)
    along[a] = indices.count
    var target = shape
    target[a] = indices.count
    return gathered(a, indices.asIndices("indexSelected").reshaped(to: along).expanded(to: target))
  }

  /// Rows of a table.
  ///
  /// - Parameters:
  ///   - indices: Whole numbers of any shape.
  ///   - table: [rows, width].
  /// - Returns: A tensor of the indices' shape with one more axis, of the table's width.
  public static func embedding(_ indices: Tensor, _ table: Tensor) -> Tensor {
    require(table.rank == 2, "embedding: a table of shape \(table.shape), not [rows, width]")
    return table.indexSelected(axis: 0, indices: indices.flattened())
      .reshaped(to: indices.shape.appending(table.shape[1]))
  }

  /// 1 at the class that each element names and 0 elsewhere, along a new last axis.
  ///
  /// An element outside the classes is an `indexOutOfRange` error, thrown where values are read.
  public func oneHot(classes: Int, dtype: DType = .float32) -> Tensor {
    require(self.dtype.isInteger, "oneHot: class indices are whole numbers, not \(self.dtype)")
    require(classes >= 0 && classes <= Int(Int32.max), "oneHot: \(classes) classes")
    // What is picked is the element itself: a check of its range. Classes never count from the end.
    let labels = asInt32()
    let checked = Tensor.where(
      labels .< 0, Tensor.full([], Int32.max, dtype: .int32, device: device), labels)
    let same = Tensor.arange(classes, device: device).indexSelected(axis: 0, indices: checked.flattened())
    return same.reshaped(to: shape).matches(classes: classes).cast(to: dtype)
  }

  /// Which class each element names; one outside the classes none.
  func matches(classes: Int) -> Tensor { unsqueezed(-1) .== Tensor.arange(classes, device: device) }

  /// The elements on and below a diagonal of the last two axes, zeros above.
  public func tril(diagonal: Int = 0) -> Tensor { triangle(diagonal, lower: true) }

  /// The elements on and above a diagonal of the last two axes, zeros below.
  public func triu(diagonal: Int = 0) -> Tensor { triangle(diagonal, lower: false) }

  private func triangle(_ diagonal: Int, lower: Bool) -> Tensor {
    require(rank >= 2, "\(lower ? "tril" : "triu"): a tensor of shape \(shape) has fewer than two axes")
    let limit = Tensor.arange(shape[rank - 2], device: device).unsqueezed(1) + Int32(diagonal)
    let column = Tensor.arange(shape[rank - 1], device: device)
    let keep = lower ? column .<= limit : column .>= limit
    return Tensor.where(keep, self, Tensor.zeros([], dtype: dtype, device: device))
  }

  /// Sorted along an axis, stable, NaN counted as largest.
  ///
  /// - Returns: The values, and where each came from (int32).
  public func sorted(axis: Int = -1, descending: Bool = false) -> (values: Tensor, indices: Tensor) {
    let a = self.axis(axis, "sorted")
    if a != rank - 1 {
      let (values, indices) = transposed(a, -1).sorted(descending: descending)
      return (values.transposed(a, -1), indices.transposed(a, -1))
    }
    checkCount(a, "sorted")
    let key: DType = dtype == .bool ? .uint8 : dtype.computeType
    let n = shape[a]
    let results = Tensor.run(
      .sort(rows: n == 0 ? 0 : count / n, count: n, descending: descending),
      [cast(to: key).detached().contiguous()], outputs: [(shape, key), (shape, .int32)])
    let indices = results[1]
    let original = shape
    let values = results[0].cast(to: dtype).recorded("sorted", [self]) { gradient, _ in
      [Tensor.zeros(original, dtype: gradient.dtype, device: gradient.device).scattered(a, indices, gradient)]
    }
    return (values, indices)
  }

  /// The order (int32) that sorts the elements along an axis.
  public func argsort(axis: Int = -1, descending: Bool = false) -> Tensor {
    sorted(axis: axis, descending: descending).indices
  }

  /// The k largest (or smallest) elements along an axis, in order, and where they came from (int32).
  ///
  /// They are found by selection; NaN counts as largest, and of equal elements the first come first.
  ///
  /// - Parameters:
  ///   - k: How many.
  ///   - axis: Along which axis.
  ///   - largest: The smallest where false.
  public func topK(_ k: Int, axis: Int = -1, largest: Bool = true) -> (values: Tensor, indices: Tensor) {
    let a = self.axis(axis, "topK")
    require(k >= 0 && k <= shape[a], "topK: \(k) of axis \(axis) of \(shape)")
    if a != rank - 1 {
      let (values, indices) = transposed(a, -1).topK(k, largest: largest)
      return (values.transposed(a, -1), indices.transposed(a, -1))
    }
    checkCount(a, "topK")
    let key: DType = dtype == .bool ? .uint8 : dtype.computeType
    let (original, n) = (shape, shape[a])
    var target = shape
    target[a] = k
    let results = Tensor.run(
      .topK(rows: n == 0 ? 0 : count / n, count: n, k: k, largest: largest),
      [cast(to: key).detached().contiguous()], outputs: [(target, key), (target, .int32)])
    let indices = results[1]
    let values = results[0].cast(to: dtype).recorded("topK", [self]) { gradient, _ in
      [Tensor.zeros(original, dtype: gradient.dtype, device: gradient.device).scattered(a, indices, gradient)]
    }
    return (values, indices)
  }
}
