import LatheCore

extension Tensor {
  /// An axis counted from the front, from one that may be counted from the end.
  func axis(_ axis: Int, _ name: StaticString) -> Int {
    require(
      axis >= -rank && axis < rank, "\(name): axis \(axis) is outside a tensor of shape \(shape)")
    return axis < 0 ? axis + rank : axis
  }

  /// The same memory under another layout; `pullback` undoes it.
  func view(
    _ name: StaticString, _ layout: Layout,
    attributes: @autoclosure () -> [ComputationGraph.Attribute] = [],
    pullback: @escaping @Sendable (Tensor) -> Tensor
  ) -> Tensor {
    let result = Tensor(storage, layout)
    GraphRecorder.current?.add(
      .view(layout), [.tensor(self)], [result], name: "\(name)",
      attributes: [.init(name: "shape", value: .ints(Array(layout.shape)))] + attributes())
    return result.recorded(name, [self]) { gradient, _ in [pullback(gradient)] }
  }

  /// The same elements in another shape, without moving them unless strides make that impossible.
  ///
  /// - Parameter target: The sizes; one of them may be -1 and is worked out from the others.
  public func reshaped(to target: Shape) -> Tensor {
    var target = target
    if let free = target.firstIndex(of: -1) {
      var known = 1
      for (i, size) in target.enumerated() where i != free { known *= size }
      require(
        known > 0 && count % known == 0,
        "reshaped: \(shape) has \(count) elements, which do not fill \(target)")
      target[free] = count / known
    }
    require(
      target.allSatisfy { $0 >= 0 } && target.elementCount == count,
      "reshaped: \(shape) has \(count) elements, \(target) has \(target.elementCount)")
    if target == shape { return self }
    let original = shape
    let source: Tensor
    let result: Layout
    if let reshaped = layout.reshaped(to: target) {
      source = self
      result = reshaped
    } else {
      source = contiguous()
      result = Layout(target)
    }
    return source.view("reshaped", result) { $0.reshaped(to: original) }
  }

  /// The axes from `from` on made into one.
  public func flattened(from: Int = 0) -> Tensor {
    if rank == 0 { return reshaped(to: [1]) }
    let first = axis(from, "flattened")
    var target = Shape()
    for i in 0..<first { target.append(shape[i]) }
    var product = 1
    for i in first..<rank { product *= shape[i] }
    return reshaped(to: target.appending(product))
  }

  /// The axes in another order: axis `i` of the result is axis `axes[i]`.
  public func permuted(_ axes: [Int]) -> Tensor {
    require(axes.count == rank, "permuted: \(axes) is no order of the axes of \(shape)")
    let order = Shape(axes.lazy.map { axis($0, "permuted") })
    var inverse = Shape(repeating: -1, rank: rank)
    for (i, a) in order.enumerated() {
      require(inverse[a] == -1, "permuted: \(axes) is no order of the axes of \(shape)")
      inverse[a] = i
    }
    return permuted(order, back: inverse)
  }

  private func permuted(_ order: Shape, back: Shape) -> Tensor {
    view(
      "permuted", layout.permuted(order), attributes: [.init(name: "axes", value: .ints(Array(order)))]
    ) { $0.permuted(back, back: order) }
  }

  /// The last two axes exchanged.
  public func transposed() -> Tensor {
    require(rank >= 2, "transposed: a tensor of shape \(shape) has fewer than two axes")
    return transposed(-2, -1)
  }

  /// Two axes exchanged.
  public func transposed(_ a: Int, _ b: Int) -> Tensor {
    var order = Shape(0..<rank)
    order.swapAt(axis(a, "transposed"), axis(b, "transposed"))
    return permuted(order, back: order)
  }

  /// Without the axis, which has size 1; without every axis of size 1 where nil.
  public func squeezed(_ axis: Int? = nil) -> Tensor {
    if let axis {
      let a = self.axis(axis, "squeezed")
      require(shape[a] == 1, "squeezed: axis \(axis) of \(shape) has size \(shape[a])")
      var target = shape
      target.remove(at: a)
      return reshaped(to: target)
    }
    return reshaped(to: Shape(shape.filter { $0 != 1 }))
  }

  /// With a new axis of size 1 before `axis`; -1 puts it last.
  public func unsqueezed(_ axis: Int) -> Tensor {
    require(
      axis >= -rank - 1 && axis <= rank, "unsqueezed: axis \(axis) is outside a tensor of shape \(shape)")
    var target = shape
    target.insert(1, at: axis < 0 ? axis + rank + 1 : axis)
    return reshaped(to: target)
  }

  /// Repeated without copying along axes of size 1 (or new ones in front) to fill a shape; -1 keeps a size.
  public func expanded(to target: Shape) -> Tensor {
    var target = target
    for i in 0..<target.rank where target[i] == -1 {
      let source = i - (target.rank - rank)
      require(source >= 0, "expanded: -1 for a new axis of \(target)")
      target[i] = shape[source]
    }
    if target == shape { return self }
    guard let result = layout.expanded(to: target) else {
      stop("expanded: \(shape) does not broadcast to \(target)")
    }
    let original = shape
    return view("expanded", result) { $0.reducedBroadcast(to: original) }
  }

  /// The elements that a selection of each axis names, without copying.
  func selected(_ selection: AxisSelections) -> Tensor {
    let original = shape
    return view("sliced", selection.applied(to: layout), attributes: selection.attributes) {
      $0.placed(selection, in: original)
    }
  }

  /// Zeros of a shape with this tensor's elements where a selection names them.
  func placed(_ selection: AxisSelections, in target: Shape) -> Tensor {
    Tensor.assembled(
      "placed", target, dtype: dtype, device: device, parts: [(self, selection.applied(to: Layout(target)))],
      fill: .int(0)
    ) { gradient in [gradient.selected(selection)] }
  }

  /// The elements from `from` up to but without `to` in steps, along one axis, without copying.
  ///
  /// Negative numbers count from the end; nil is the end that the step comes from or goes to; a negative step
  /// goes backwards. As in Python, limits beyond the axis are cut.
  public func sliced(axis: Int, from: Int? = nil, to: Int? = nil, step: Int = 1) -> Tensor {
    var selection = AxisSelections(all: shape)
    let a = self.axis(axis, "sliced")
    selection[a] = AxisSelection(from: from, to: to, step: step, size: shape[a])
    return selected(selection)
  }

  /// One element of an axis; the axis goes.
  public func select(axis: Int, index: Int) -> Tensor {
    let a = self.axis(axis, "select")
    require(
      index >= -shape[a] && index < shape[a], "select: index \(index) is outside axis \(axis) of \(shape)")
    let start = index < 0 ? index + shape[a] : index
    return sliced(axis: a, from: start, to: start + 1).squeezed(a)
  }

  /// The order of the elements along the axes reversed, without copying.
  public func flipped(_ axes: [Int]) -> Tensor {
    var selection = AxisSelections(all: shape)
    for axis in axes {
      let a = self.axis(axis, "flipped")
      selection[a] = AxisSelection(from: nil, to: nil, step: -1, size: shape[a])
    }
    return selected(selection)
  }
}

/// Start, step and number of the elements taken from an axis.
struct AxisSelection: Sendable {
  var start: Int
  var step: Int
  var count: Int
}

extension AxisSelection {
  /// Python's slice rules.
  init(from: Int?, to: Int?, step: Int, size: Int) {
    // So that a step times a stride is no overflow.
    require(
      step != 0 && step.magnitude <= Int32.max,
      "sliced: step \(step), expected one of -\(Int32.max)...\(Int32.max) other than 0")
    func clipped(_ index: Int, _ low: Int, _ high: Int) -> Int {
      Swift.min(Swift.max(index < 0 ? index + size : index, low), high)
    }
    let low = step > 0 ? 0 : -1
    let high = step > 0 ? size : size - 1
    start = from.map { clipped($0, low, high) } ?? (step > 0 ? 0 : size - 1)
    let end = to.map { clipped($0, low, high) } ?? (step > 0 ? size : -1)
    self.step = step
    count =
      step > 0
      ? Swift.max(0, (end - start + step - 1) / step) : Swift.max(0, (start - end - step - 1) / -step)
    if count == 0 { start = 0 }
  }
}

/// One selection per axis.
struct AxisSelections: Sendable {
  private var starts: Shape
  private var steps: Shape
  /// How many elements are taken from each axis.
  private(set) var counts: Shape

  init(all shape: Shape) {
    starts = Shape(repeating: 0, rank: shape.rank)
    steps = Shape(repeating: 1, rank: shape.rank)
    counts = shape
  }

  subscript(axis: Int) -> AxisSelection {
    get { AxisSelection(start: starts[axis], step: steps[axis], count: counts[axis]) }
    set {
      starts[axis] = newValue.start
      steps[axis] = newValue.step
      counts[axis] = newValue.count
    }
  }

  /// As a graph shows them: the elements that are taken are `start + step * i` for i in `0..<shape[axis]`.
  var attributes: [ComputationGraph.Attribute] {
    [
      .init(name: "start", value: .ints(Array(starts))), .init(name: "step", value: .ints(Array(steps))),
    ]
  }

  func applied(to layout: Layout) -> Layout {
    var result = layout
    for i in 0..<layout.rank {
      result.offset += starts[i] * layout.strides[i]
      result.strides[i] *= steps[i]
    }
    result.shape = counts
    return result
  }
}
