import LatheCore

/// Axes with the strides of several operands, joined where they can be walked as one.
struct CollapsedAxes {
  /// Sizes, at least one.
  private(set) var sizes: [Int] = []
  /// For each operand a stride for each axis, in elements.
  private(set) var strides: [[Int]]

  /// The axes of `shape` in an order, the last one innermost.
  init(shape: Shape, order: [Int], layouts: [Layout]) {
    strides = layouts.map { _ in [] }
    for axis in order where shape[axis] != 1 {
      let size = shape[axis]
      if let last = sizes.last,
        layouts.indices.allSatisfy({ strides[$0][sizes.count - 1] == layouts[$0].strides[axis] * size })
      {
        sizes[sizes.count - 1] = last * size
        for i in layouts.indices { strides[i][sizes.count - 1] = layouts[i].strides[axis] }
      } else {
        sizes.append(size)
        for i in layouts.indices { strides[i].append(layouts[i].strides[axis]) }
      }
    }
    if sizes.isEmpty {
      sizes = [1]
      for i in layouts.indices { strides[i] = [1] }
    }
  }

  /// The axes of `shape` in their own order.
  init(shape: Shape, layouts: [Layout]) {
    self.init(shape: shape, order: Array(0..<shape.rank), layouts: layouts)
  }
}
