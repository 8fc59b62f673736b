import LatheCore

// Elements named by several tensors of indices at once, as `x[i, :, j]` in NumPy and PyTorch.

extension Tensor {
  /// The elements that tensors of indices name together: `x.indexed([i, nil, j])` is PyTorch's `x[i, :, j]`.
  ///
  /// - Parameter indices: For each axis from the front whole numbers, nil for the whole axis, or bools for as many axes
  ///   as they have (their places are read by the host); the shapes of all broadcast. Negative indices count from the
  ///   end.
  /// - Returns: The indices' common shape and that of the other axes: in place of the indexed axes where these are
  ///   neighbours, else in front. An index outside its axis is an `indexOutOfRange` error, thrown where values are read.
  public func indexed(_ indices: [Tensor?]) -> Tensor {
    let places = IndexedPlaces("indexed", self, indices)
    let rows = places.rows(of: self).indexSelected(axis: 0, indices: places.flat)
    return places.arranged(rows)
  }

  /// The tensor with other values at the elements that tensors of indices name together.
  ///
  /// - Parameters:
  ///   - indices: As in `indexed`.
  ///   - values: Broadcast to the shape that `indexed` gives; take the tensor's type.
  ///   - accumulate: Whether values are added, each of several at one place; written over otherwise, where of several the
  ///     last in row-major order stays.
  public func indexPut(_ indices: [Tensor?], _ values: Tensor, accumulate: Bool = false) -> Tensor {
    let places = IndexedPlaces("indexPut", self, indices)
    require(
      Shape.broadcast(places.shape, values.shape) == places.shape,
      "indexPut: values of shape \(values.shape) for places of shape \(places.shape)")
    let source = places.rows(ofValues: values.cast(to: dtype).expanded(to: places.shape))
    let rows = places.rows(of: self)
    let targets = places.flat.unsqueezed(1).expanded(to: source.shape)
    let result =
      accumulate
      ? rows.scatterAdd(axis: 0, indices: targets, source: source)
      : rows.scatter(axis: 0, indices: targets, source: source)
    return places.tensor(ofRows: result)
  }
}

/// Which rows of a tensor several tensors of indices name, with its indexed axes as one in front.
private struct IndexedPlaces {
  /// The indexed axes and the others, in order.
  private let axes: [Int]
  private let others: [Int]
  private let original: Shape
  /// The common shape of the indices.
  private let common: Shape
  /// The row of each place in row-major order, int32.
  let flat: Tensor

  init(_ name: StaticString, _ x: Tensor, _ indices: [Tensor?]) {
    let list = indices.flatMap { index -> [Tensor?] in
      guard let index, index.dtype == .bool else { return [index] }
      return Self.places(name, index)
    }
    require(
      list.count <= x.rank && list.contains { $0 != nil },
      "\(name): \(list.count) indices for a tensor of shape \(x.shape): at least one, and at most one for each axis"
    )
    let named = list.indices.filter { list[$0] != nil }
    axes = named
    others = (0..<x.rank).filter { !named.contains($0) }
    original = x.shape
    var shape = Shape()
    for index in list.compactMap({ $0 }) {
      require(index.dtype.isInteger, "\(name): indices are whole numbers or bools, not \(index.dtype)")
      Tensor.requireOneDevice(name, x, index)
      guard let joined = Shape.broadcast(shape, index.shape) else {
        stop("\(name): indices of shapes \(shape) and \(index.shape) do not broadcast")
      }
      shape = joined
    }
    common = shape
    let rows = axes.reduce(1) { $0 * x.shape[$1] }
    require(
      rows <= Int(Int32.max), "\(name): the indexed axes of \(x.shape) have more than \(Int32.max) elements")
    var row: Tensor?
    for (axis, index) in zip(axes, list.compactMap { $0 }) {
      // Picked from the axis' own numbers: checked, and from 0 on.
      let checked = Tensor.arange(x.shape[axis], device: x.device)
        .indexSelected(axis: 0, indices: index.flattened()).reshaped(to: index.shape)
      row = row.map { $0 * Int32(x.shape[axis]) + checked } ?? checked
    }
    flat = (row ?? Tensor.zeros([], dtype: .int32, device: x.device)).expanded(to: common).reshaped(
      to: [common.elementCount])
  }

  /// A mask's places, one index for each of its axes.
  private static func places(_ name: StaticString, _ mask: Tensor) -> [Tensor?] {
    let found = mask.nonzero()
    return (0..<mask.rank).map { found.select(axis: 1, index: $0) }
  }

  private var otherSizes: [Int] { others.map { original[$0] } }

  /// Where the indexed axes come in a result: in their place where they are neighbours.
  private var position: Int { axes.last == (axes.first ?? 0) + axes.count - 1 ? axes.first ?? 0 : 0 }

  /// The shape of the places.
  var shape: Shape {
    var sizes = otherSizes
    sizes.insert(contentsOf: Array(common), at: position)
    return Shape(sizes)
  }

  func rows(of x: Tensor) -> Tensor {
    x.permuted(axes + others).reshaped(
      to: [axes.reduce(1) { $0 * original[$1] }, otherSizes.reduce(1, *)])
  }

  func tensor(ofRows rows: Tensor) -> Tensor {
    let order = axes + others
    return rows.reshaped(to: Shape(order.map { original[$0] }))
      .permuted((0..<order.count).map { axis in order.firstIndex(of: axis) ?? axis })
  }

  /// Rows that were picked, as the result has them.
  func arranged(_ rows: Tensor) -> Tensor {
    let picked = rows.reshaped(to: Shape(Array(common) + otherSizes))
    let order = Array(common.rank..<common.rank + position) + Array(0..<common.rank)
    return picked.permuted(order + Array(common.rank + position..<picked.rank))
  }

  func rows(ofValues values: Tensor) -> Tensor {
    let n = common.rank
    let order = Array(position..<position + n) + Array(0..<position) + Array(position + n..<values.rank)
    return values.permuted(order).reshaped(to: [common.elementCount, otherSizes.reduce(1, *)])
  }
}
