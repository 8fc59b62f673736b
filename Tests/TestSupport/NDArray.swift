/// The reference that operations are checked against: an array in float64 with loops that hide nothing.
///
/// Nothing here is clever or fast, and nothing is shared with Lathe: every operation is written as its definition
/// reads, element by element. Whole numbers and truth values are kept as doubles (exact up to 2^53).
package struct NDArray: Sendable, Equatable {
  /// The sizes of the axes.
  package var shape: [Int]
  /// The elements in row-major order.
  package var values: [Double]

  /// An array from its parts.
  package init(_ shape: [Int], _ values: [Double]) {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values for shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// An array of one value everywhere.
  package init(_ shape: [Int], filledWith value: Double) {
    self.init(shape, Array(repeating: value, count: shape.reduce(1, *)))
  }

  /// An array whose elements are given by their index.
  package init(_ shape: [Int], element: (_ index: [Int]) -> Double) {
    self.shape = shape
    values = []
    values.reserveCapacity(shape.reduce(1, *))
    NDArray.forEachIndex(shape) { values.append(element($0)) }
  }

  /// A scalar.
  package init(_ value: Double) { self.init([], [value]) }

  /// The number of axes.
  package var rank: Int { shape.count }
  /// The number of elements.
  package var count: Int { values.count }

  /// The element at an index.
  package subscript(index: [Int]) -> Double {
    get { values[position(index)] }
    set { values[position(index)] = newValue }
  }

  /// The element of a two-dimensional array.
  package subscript(i: Int, j: Int) -> Double {
    get { values[i * shape[1] + j] }
    set { values[i * shape[1] + j] = newValue }
  }

  /// The element of a four-dimensional array.
  package subscript(i: Int, j: Int, k: Int, l: Int) -> Double {
    get { values[((i * shape[1] + j) * shape[2] + k) * shape[3] + l] }
    set { values[((i * shape[1] + j) * shape[2] + k) * shape[3] + l] = newValue }
  }

  private func position(_ index: [Int]) -> Int {
    var position = 0
    for axis in 0..<shape.count { position = position * shape[axis] + index[axis] }
    return position
  }

  /// Calls a closure with every index of a shape in row-major order.
  package static func forEachIndex(_ shape: [Int], _ body: ([Int]) -> Void) {
    if shape.contains(0) { return }
    var index = Array(repeating: 0, count: shape.count)
    while true {
      body(index)
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// An axis counted from the front, where a negative one counts from the end.
  package func axis(_ axis: Int) -> Int { axis < 0 ? axis + rank : axis }
}

// MARK: - Broadcasting

extension NDArray {
  /// The shape that two shapes broadcast to.
  package static func broadcast(_ a: [Int], _ b: [Int]) -> [Int] {
    let rank = Swift.max(a.count, b.count)
    let a = Array(repeating: 1, count: rank - a.count) + a
    let b = Array(repeating: 1, count: rank - b.count) + b
    return (0..<rank).map { axis in
      precondition(a[axis] == b[axis] || a[axis] == 1 || b[axis] == 1, "\(a) and \(b) do not broadcast")
      return a[axis] == 1 ? b[axis] : a[axis]
    }
  }

  /// The array repeated along axes of size 1 and new leading axes.
  package func expanded(to target: [Int]) -> NDArray {
    let lead = target.count - rank
    return NDArray(target) { index in
      self[(0..<rank).map { shape[$0] == 1 ? 0 : index[$0 + lead] }]
    }
  }

  /// A function of each element.
  package func map(_ transform: (Double) -> Double) -> NDArray { NDArray(shape, values.map(transform)) }

  /// A function of the elements of two arrays, broadcast.
  package static func zip(_ a: NDArray, _ b: NDArray, _ join: (Double, Double) -> Double) -> NDArray {
    let shape = broadcast(a.shape, b.shape)
    let a = a.expanded(to: shape)
    let b = b.expanded(to: shape)
    return NDArray(shape, a.values.indices.map { join(a.values[$0], b.values[$0]) })
  }

  /// a where the condition holds, else b; broadcast.
  package static func `where`(_ condition: NDArray, _ a: NDArray, _ b: NDArray) -> NDArray {
    let shape = broadcast(condition.shape, broadcast(a.shape, b.shape))
    let condition = condition.expanded(to: shape)
    let a = a.expanded(to: shape)
    let b = b.expanded(to: shape)
    return NDArray(shape, a.values.indices.map { condition.values[$0] != 0 ? a.values[$0] : b.values[$0] })
  }
}
