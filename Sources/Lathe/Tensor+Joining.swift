import LatheCore

extension Tensor {
  /// A new tensor whose regions are copies of other tensors.
  ///
  /// - Parameters:
  ///   - parts: Tensors of the result's type, each with the layout of its region in the result.
  ///   - fill: What stands outside the regions; nil where they cover everything.
  ///   - pullback: The gradient of each part.
  static func assembled(
    _ name: StaticString, _ shape: Shape, dtype: DType, device: Device,
    parts: [(tensor: Tensor, region: Layout)],
    fill: ScalarValue?, pullback: @escaping @Sendable (Tensor) -> [Tensor?]
  ) -> Tensor {
    let state: Storage.State = device.computationLock.withLock {
      do {
        let buffer = try device.backend.allocate(byteCount: shape.elementCount * dtype.byteCount)
        if shape.elementCount > 0, let fill {
          let program = ElementwiseProgram(
            inputs: [], scalars: [dtype.computeType], instructions: [],
            outputs: [.init(register: 0, dtype: dtype)])
          try device.computationLock.unlocked {
            try Dispatch.run(
              .elementwise(program, scalars: [fill.converted(to: dtype)]), inputs: [],
              outputs: [Operand(buffer: buffer, layout: Layout(shape), dtype: dtype)], on: device)
          }
        }
        for part in parts where part.tensor.count > 0 {
          let source = try part.tensor.operand()
          try device.computationLock.unlocked {
            try Dispatch.run(
              .copy, inputs: [source],
              outputs: [Operand(buffer: buffer, layout: part.region, dtype: dtype)], on: device)
          }
        }
        return .ready(buffer)
      } catch {
        return .failed(Dispatch.typed(error))
      }
    }
    let result = Tensor(Storage(device: device, dtype: dtype, shape: shape, state: state))
    GraphRecorder.current?.add(
      .assembled(regions: parts.map(\.region), fill: fill), parts.map { .tensor($0.tensor) }, [result])
    return result.recorded(name, parts.map(\.tensor)) { gradient, _ in pullback(gradient) }
  }

  /// Tensors joined along an axis; the other axes have equal sizes.
  public static func concatenate(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    guard let first = tensors.first else { stop("concatenate: no tensors") }
    if tensors.count == 1 { return first }
    let a = first.axis(axis, "concatenate")
    var shape = first.shape
    var dtype = first.dtype
    for tensor in tensors.dropFirst() {
      var other = tensor.shape
      require(
        other.rank == shape.rank && tensor.device == first.device,
        "concatenate: \(first.shape) on \(first.device) and \(tensor.shape) on \(tensor.device)")
      shape[a] += other[a]
      other[a] = first.shape[a]
      require(
        other == first.shape, "concatenate: \(first.shape) and \(tensor.shape) differ outside axis \(axis)")
      dtype = DType.promote(dtype, tensor.dtype)
    }
    let base = Layout(shape)
    var start = 0
    var parts: [(tensor: Tensor, region: Layout)] = []
    var selections: [AxisSelections] = []
    for tensor in tensors {
      var selection = AxisSelections(all: shape)
      selection[a] = AxisSelection(from: start, to: start + tensor.shape[a], step: 1, size: shape[a])
      start += tensor.shape[a]
      selections.append(selection)
      parts.append((tensor.cast(to: dtype), selection.applied(to: base)))
    }
    let regions = selections
    return assembled("concatenate", shape, dtype: dtype, device: first.device, parts: parts, fill: nil) {
      gradient in
      regions.map { gradient.selected($0) }
    }
  }

  /// Tensors of one shape joined along a new axis.
  public static func stack(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    concatenate(tensors.map { $0.unsqueezed(axis) }, axis: axis)
  }

  /// Views of consecutive pieces of an axis.
  public func split(sizes: [Int], axis: Int = 0) -> [Tensor] {
    let a = self.axis(axis, "split")
    require(
      sizes.reduce(0, +) == shape[a] && sizes.allSatisfy { $0 >= 0 },
      "split: sizes \(sizes) do not add up to axis \(axis) of \(shape)")
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return sliced(axis: a, from: start, to: start + size)
    }
  }

  /// Views of equal pieces of an axis.
  public func split(count: Int, axis: Int = 0) -> [Tensor] {
    let a = self.axis(axis, "split")
    require(
      count > 0 && shape[a] % count == 0, "split: axis \(axis) of \(shape) does not divide into \(count)")
    return split(sizes: Array(repeating: shape[a] / count, count: count), axis: a)
  }

  /// Surrounded by a constant.
  ///
  /// - Parameters:
  ///   - widths: Elements added before and behind each of the last `widths.count` axes.
  ///   - value: The constant.
  public func padded(_ widths: [(Int, Int)], value: some TensorScalar = Float(0)) -> Tensor {
    require(
      widths.count <= rank && widths.allSatisfy { $0.0 >= 0 && $0.1 >= 0 },
      "padded: widths \(widths) for a tensor of shape \(shape)")
    var target = shape
    for (i, width) in widths.enumerated() { target[rank - widths.count + i] += width.0 + width.1 }
    var selection = AxisSelections(all: target)
    for (i, width) in widths.enumerated() {
      let a = rank - widths.count + i
      selection[a] = AxisSelection(from: width.0, to: width.0 + shape[a], step: 1, size: target[a])
    }
    let region = selection
    return Tensor.assembled(
      "padded", target, dtype: dtype, device: device, parts: [(self, region.applied(to: Layout(target)))],
      fill: value.scalarValue
    ) { [$0.selected(region)] }
  }

  /// Repeated along each axis; missing axes in front count as 1.
  public func tiled(_ repeats: [Int]) -> Tensor {
    let full = Swift.max(rank, repeats.count)
    let sizes = Array(repeating: 1, count: full - rank) + Array(shape)
    let times = Array(repeating: 1, count: full - repeats.count) + repeats
    require(times.allSatisfy { $0 >= 0 }, "tiled: \(repeats)")
    // Joined along one axis after the other: each step keeps the number of axes.
    var result = reshaped(to: Shape(sizes))
    for (a, n) in times.enumerated() where n != 1 {
      if n == 0 {
        result = result.sliced(axis: a, from: 0, to: 0)
      } else {
        var target = result.shape
        target[a] *= n
        // An axis more than the tensor's may be one too many: those around it are one each.
        let outer = Shape(target.prefix(a)).elementCount
        let inner = Shape(result.shape.dropFirst(a)).elementCount
        result = result.reshaped(to: [outer, 1, inner]).expanded(to: [outer, n, inner]).reshaped(to: target)
      }
    }
    return result
  }
}
