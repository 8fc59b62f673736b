import LatheCore

/// Axes with the strides of several operands, joined where they can be walked as one.
struct CollapsedAxes {
  /// Sizes, at least one.
  private(set) var sizes = Shape()
  /// For each operand a stride for each axis, in elements.
  private(set) var strides: [Shape]

  /// The axes of `shape` in an order, the last one innermost.
  init(shape: Shape, order: some Sequence<Int>, operands: ArraySlice<Operand>) {
    strides = Array(repeating: Shape(), count: operands.count)
    for axis in order where shape[axis] != 1 {
      let size = shape[axis]
      let last = sizes.rank - 1
      if last >= 0, zip(strides, operands).allSatisfy({ $0[last] == $1.layout.strides[axis] * size }) {
        sizes[last] *= size
        for (i, operand) in operands.enumerated() { strides[i][last] = operand.layout.strides[axis] }
      } else {
        sizes.append(size)
        for (i, operand) in operands.enumerated() { strides[i].append(operand.layout.strides[axis]) }
      }
    }
    if sizes.isEmpty {
      sizes.append(1)
      for i in strides.indices { strides[i].append(1) }
    }
  }

  /// The axes of `shape` in their own order.
  init(shape: Shape, operands: ArraySlice<Operand>) {
    self.init(shape: shape, order: 0..<shape.rank, operands: operands)
  }
}
