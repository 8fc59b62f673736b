/// The axes of operands of one shape, with neighbours joined where all operands allow it.
///
/// Axes of size 1 are dropped. A label (kept or reduced) may keep neighbours apart. There is at least one axis.
package struct CollapsedAxes: Sendable {
  /// Sizes, outermost first.
  package var sizes = Shape()
  /// For each operand the steps along the axes, in elements.
  package var strides: [Shape]
  /// The label of each axis; none where none were given.
  package private(set) var labels: [Bool] = []

  private init(
    _ shape: Shape, order: Shape, count: Int, labels axisLabels: [Bool]?,
    stride: (_ operand: Int, _ axis: Int) -> Int
  ) {
    strides = Array(repeating: Shape(), count: count)
    for axis in order where shape[axis] != 1 {
      let size = shape[axis]
      let last = sizes.rank - 1
      let joins =
        last >= 0 && (axisLabels.map { $0[axis] == labels[last] } ?? true)
        && strides.indices.allSatisfy { strides[$0][last] == stride($0, axis) * size }
      if joins {
        sizes[last] *= size
        for k in strides.indices { strides[k][last] = stride(k, axis) }
      } else {
        sizes.append(size)
        if let axisLabels { labels.append(axisLabels[axis]) }
        for k in strides.indices { strides[k].append(stride(k, axis)) }
      }
    }
    if sizes.isEmpty {
      sizes.append(1)
      if axisLabels != nil { labels = [false] }
      for k in strides.indices { strides[k].append(0) }
    }
  }

  /// The axes of operands.
  ///
  /// - Parameters:
  ///   - shape: The operands' shape.
  ///   - order: Axes of the shape, the innermost last; all in their own order where nil.
  ///   - operands: What lies along them.
  package init(shape: Shape, order: Shape? = nil, operands: ArraySlice<Operand>) {
    let first = operands.startIndex
    self.init(
      shape, order: order ?? Shape(0..<shape.rank), count: operands.count, labels: nil
    ) { operands[first + $0].layout.strides[$1] }
  }

  /// The axes of layouts.
  ///
  /// - Parameters:
  ///   - shape: The layouts' shape.
  ///   - layouts: What lies along them.
  ///   - labels: One for each axis of the shape; neighbours with different ones stay apart.
  package init(shape: Shape, layouts: [Layout], labels: [Bool]? = nil) {
    self.init(shape, order: Shape(0..<shape.rank), count: layouts.count, labels: labels) {
      layouts[$0].strides[$1]
    }
  }

  /// The number of axes.
  package var rank: Int { sizes.rank }

  /// The axes with a label.
  package func axes(labelled label: Bool) -> [Int] { labels.indices.filter { labels[$0] == label } }
}
