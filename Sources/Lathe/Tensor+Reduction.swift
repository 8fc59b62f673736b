import LatheCore

extension Tensor {
  /// Which axes are reduced, one flag per axis; all where nil.
  func reducedAxes(_ axes: [Int]?, _ name: StaticString) -> [Bool] {
    guard let axes else { return Array(repeating: true, count: rank) }
    var reduced = Array(repeating: false, count: rank)
    for axis in axes {
      let a = self.axis(axis, name)
      require(!reduced[a], "\(name): axis \(axis) twice in \(axes)")
      reduced[a] = true
    }
    return reduced
  }

  func reducedShape(_ reduced: [Bool], keepDims: Bool) -> Shape {
    var result = Shape()
    for i in 0..<rank {
      if !reduced[i] { result.append(shape[i]) } else if keepDims { result.append(1) }
    }
    return result
  }

  /// Reduces without recording a gradient; a deferred input is computed inside the reduction's kernel.
  func reduction(
    _ kind: ReductionKind, reduced: [Bool], keepDims: Bool, accumulator: DType, result: DType,
    divisor: Double = 1
  ) -> Tensor {
    let output = reducedValues(
      kind, reduced: reduced, keepDims: keepDims, accumulator: accumulator, result: result, divisor: divisor)
    GraphRecorder.current?.add(
      .reduction(
        kind, reduced: reduced, keepDims: keepDims, accumulator: accumulator, divisor: divisor),
      [.tensor(self)], [output])
    return output
  }

  private func reducedValues(
    _ kind: ReductionKind, reduced: [Bool], keepDims: Bool, accumulator: DType, result: DType,
    divisor: Double
  ) -> Tensor {
    let target = reducedShape(reduced, keepDims: keepDims)
    let flat = reducedShape(reduced, keepDims: false)
    return device.computationLock.withLock {
      let state: Storage.State
      do {
        var builder: ProgramBuilder
        var register: ProgramBuilder.Register
        if view == nil, let absorbed = try Fusion.absorb(storage) {
          (builder, register) = absorbed
        } else {
          builder = ProgramBuilder(shape: shape)
          register = try builder.input(storage, view)
        }
        let source = dtype.computeType
        if source != accumulator {
          register = builder.conversion(of: register, from: source, to: accumulator)
        }
        let program = builder.program(outputs: [.init(register: register, dtype: result)])
        let buffer = try device.backend.allocate(byteCount: target.elementCount * result.byteCount)
        if target.elementCount > 0 {
          var inputs = builder.inputs
          var operation = Reduction(
            kind: kind, program: program, scalars: builder.scalars, reduced: reduced, divisor: divisor)
          if inputs.isEmpty {
            // The backend takes the shape from the inputs: give it one that the program does not read.
            let nowhere = Layout(shape: shape, strides: Shape(repeating: 0, rank: rank), offset: 0)
            inputs = [Operand(buffer: buffer, layout: nowhere, dtype: result)]
            operation.program = program.withUnusedInput(result)
          }
          try device.computationLock.unlocked {
            try Dispatch.run(
              .reduce(operation), inputs: inputs,
              outputs: [Operand(buffer: buffer, layout: Layout(flat), dtype: result)], on: device)
          }
          device.backend.counters.fused(program.instructions.count)
        }
        state = .ready(buffer)
      } catch {
        state = .failed(Dispatch.typed(error))
      }
      return Tensor(Storage(device: device, dtype: result, shape: target, state: state))
    }
  }

  /// A reduced tensor's gradient seen in this tensor's shape.
  func spread(_ gradient: Tensor, _ reduced: [Bool]) -> Tensor {
    var kept = shape
    for i in 0..<rank where reduced[i] { kept[i] = 1 }
    return gradient.reshaped(to: kept).expanded(to: shape)
  }

  /// The sum over axes.
  ///
  /// - Parameters:
  ///   - axes: Axes to sum over; all where nil.
  ///   - keepDims: Leaves the axes in place with size 1.
  ///   - target: The result's type; where nil the tensor's own, int64 for whole numbers and bool.
  public func sum(axes: [Int]? = nil, keepDims: Bool = false, dtype target: DType? = nil) -> Tensor {
    if target == nil, isWidened { return inFullPrecision.sum(axes: axes, keepDims: keepDims) }
    let reduced = reducedAxes(axes, "sum")
    let result = target ?? (dtype.isFloatingPoint ? dtype : .int64)
    // Added in float64 where the terms or the result have it, and rounded once.
    if dtype == .float64, result.isFloatingPoint, result != .float64 {
      return sum(axes: axes, keepDims: keepDims).cast(to: result)
    }
    let originalType = dtype
    // Floats are limited to the range of a whole-number type, one by one.
    let x = dtype.isFloatingPoint && !result.isFloatingPoint ? cast(to: result) : self
    return x.reduction(
      .sum, reduced: reduced, keepDims: keepDims, accumulator: result.computeType, result: result
    ).recorded("sum", [self]) { [shape] gradient, _ in
      var kept = shape
      for i in 0..<kept.rank where reduced[i] { kept[i] = 1 }
      return [gradient.reshaped(to: kept).expanded(to: shape).cast(to: originalType)]
    }
  }

  /// The mean over axes; whole numbers give float32, no elements give NaN.
  public func mean(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    let reduced = reducedAxes(axes, "mean")
    var n = 1
    for i in 0..<rank where reduced[i] { n *= shape[i] }
    let x = dtype.isFloatingPoint ? inFullPrecision : cast(to: .float32)
    if n == 0 { return x.sum(axes: axes, keepDims: keepDims) / Float(0) }
    let divisor = x.dtype == .float64 ? Double(n) : Double(Float(n))
    return x.reduction(
      .sum, reduced: reduced, keepDims: keepDims, accumulator: x.dtype.computeType, result: x.dtype,
      divisor: divisor
    ).recorded("mean", [x]) { [shape] gradient, _ in
      var kept = shape
      for i in 0..<kept.rank where reduced[i] { kept[i] = 1 }
      // In float32, since 16 bits may not hold the divisor.
      let share = (gradient.wide / divisor).cast(to: gradient.dtype)
      return [share.reshaped(to: kept).expanded(to: shape)]
    }
  }

  /// The product over axes; int64 for whole numbers and bool, 1 for no elements.
  public func prod(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    if isWidened { return inFullPrecision.prod(axes: axes, keepDims: keepDims) }
    let reduced = reducedAxes(axes, "prod")
    let result = dtype.isFloatingPoint ? dtype : .int64
    let x = self
    return reduction(
      .product, reduced: reduced, keepDims: keepDims, accumulator: result.computeType, result: result
    ).recorded("prod", [self]) { gradient, _ in [x.productGradient(gradient, reduced)] }
  }

  private func extremum(_ kind: ReductionKind, _ name: StaticString, axes: [Int]?, keepDims: Bool) -> Tensor {
    let reduced = reducedAxes(axes, name)
    for i in 0..<rank where reduced[i] && shape[i] == 0 {
      stop("\(name): axis \(i) of \(shape) has no elements")
    }
    let x = self
    return reduction(
      kind, reduced: reduced, keepDims: keepDims, accumulator: dtype.computeType, result: dtype
    )
    .recorded(name, [self], savesOutput: true) { gradient, output in
      guard let output else { return [nil] }
      return [x.extremumGradient(x.spread(gradient, reduced), x.spread(output, reduced), reduced)]
    }
  }

  /// The largest element over axes; NaN wins.
  public func max(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    extremum(.max, "max", axes: axes, keepDims: keepDims)
  }

  /// The smallest element over axes; NaN wins.
  public func min(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    extremum(.min, "min", axes: axes, keepDims: keepDims)
  }

  /// Whether any element is true (not 0) over axes.
  public func any(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    cast(to: .bool).reduction(
      .any, reduced: reducedAxes(axes, "any"), keepDims: keepDims, accumulator: .bool, result: .bool)
  }

  /// Whether all elements are true (not 0) over axes.
  public func all(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    cast(to: .bool).reduction(
      .all, reduced: reducedAxes(axes, "all"), keepDims: keepDims, accumulator: .bool, result: .bool)
  }

  /// Outer, count and inner sizes around an axis.
  func sizes(around axis: Int) -> (outer: Int, count: Int, inner: Int) {
    var outer = 1
    var inner = 1
    for i in 0..<axis { outer *= shape[i] }
    for i in (axis + 1)..<Swift.max(rank, axis + 1) { inner *= shape[i] }
    return (outer, shape[axis], inner)
  }

  private func argExtremum(_ name: StaticString, axis: Int?, keepDims: Bool, largest: Bool) -> Tensor {
    guard let axis else { return flattened().argExtremum(name, axis: 0, keepDims: false, largest: largest) }
    let a = self.axis(axis, name)
    require(shape[a] > 0, "\(name): axis \(axis) of \(shape) has no elements")
    checkCount(a, name)
    var target = shape
    if keepDims { target[a] = 1 } else { target.remove(at: a) }
    let source = cast(to: dtype == .bool ? .uint8 : dtype.computeType)
    let (outer, count, inner) = sizes(around: a)
    return Tensor.run(
      .argReduce(outer: outer, count: count, inner: inner, largest: largest), [source.contiguous()],
      output: target, dtype: .int32)
  }

  /// The int32 index of the first largest element along an axis (of the flattened tensor where nil); NaN wins.
  public func argmax(axis: Int? = nil, keepDims: Bool = false) -> Tensor {
    argExtremum("argmax", axis: axis, keepDims: keepDims, largest: true)
  }

  /// The int32 index of the first smallest element along an axis (of the flattened tensor where nil); NaN wins.
  public func argmin(axis: Int? = nil, keepDims: Bool = false) -> Tensor {
    argExtremum("argmin", axis: axis, keepDims: keepDims, largest: false)
  }

  /// Running sums along an axis; int64 for whole numbers and bool.
  public func cumulativeSum(axis: Int) -> Tensor {
    let a = self.axis(axis, "cumulativeSum")
    let result = dtype.isFloatingPoint ? fullPrecisionResult : .int64
    let source = cast(to: result.computeType).detached().contiguous()
    let (outer, count, inner) = sizes(around: a)
    return Tensor.run(
      .cumulativeSum(outer: outer, count: count, inner: inner), [source],
      output: shape, dtype: result.computeType
    )
    .cast(to: result)
    .recorded("cumulativeSum", [self]) { [dtype] gradient, _ in
      [gradient.flipped([a]).cumulativeSum(axis: a).flipped([a]).cast(to: dtype)]
    }
  }
}

extension ProgramBuilder {
  /// A register's value converted to another compute type.
  mutating func conversion(of register: Register, from source: DType, to target: DType) -> Register {
    let op: ElementwiseOp =
      switch target {
      case .int32: .toInt32
      case .int64: .toInt64
      case .uint8: .toUInt8
      case .bool: .toBool
      case .float64: .toFloat64
      default: .toFloat32
      }
    return step(op, source, Operands(register))
  }
}

extension ElementwiseProgram {
  /// The same program with one input in front that it does not read.
  func withUnusedInput(_ dtype: DType) -> ElementwiseProgram {
    var result = self
    result.inputs.insert(dtype, at: 0)
    for i in result.instructions.indices {
      result.instructions[i].a += 1
      result.instructions[i].b += 1
      result.instructions[i].c += 1
    }
    for i in result.outputs.indices { result.outputs[i].register += 1 }
    return result
  }
}

extension Tensor {
  /// The sum over one axis.
  public func sum(axis: Int, keepDims: Bool = false) -> Tensor { sum(axes: [axis], keepDims: keepDims) }
  /// The mean over one axis.
  public func mean(axis: Int, keepDims: Bool = false) -> Tensor { mean(axes: [axis], keepDims: keepDims) }
  /// The product over one axis.
  public func prod(axis: Int, keepDims: Bool = false) -> Tensor { prod(axes: [axis], keepDims: keepDims) }
  /// The largest element over one axis.
  public func max(axis: Int, keepDims: Bool = false) -> Tensor { max(axes: [axis], keepDims: keepDims) }
  /// The smallest element over one axis.
  public func min(axis: Int, keepDims: Bool = false) -> Tensor { min(axes: [axis], keepDims: keepDims) }
  /// Whether any element is true over one axis.
  public func any(axis: Int, keepDims: Bool = false) -> Tensor { any(axes: [axis], keepDims: keepDims) }
  /// Whether all elements are true over one axis.
  public func all(axis: Int, keepDims: Bool = false) -> Tensor { all(axes: [axis], keepDims: keepDims) }
}
