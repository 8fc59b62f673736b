import LatheCore

/// An operand of an element-wise operation: a tensor, or a number for all elements.
enum ElementwiseOperand: Sendable {
  case tensor(Tensor)
  case scalar(ScalarValue)

  var tensor: Tensor? {
    if case .tensor(let tensor) = self { return tensor }
    return nil
  }
}

extension Tensor {
  /// Defers an element-wise operation on operands that are already of the right types.
  ///
  /// - Parameters:
  ///   - type: The operands' compute type.
  ///   - result: The stored type of the result.
  static func deferred(
    _ op: ElementwiseOp, _ operands: Operands<ElementwiseOperand>, type: DType, result: DType,
    name: StaticString
  ) -> Tensor {
    var shape: Shape?
    var device: Device?
    operands.forEach { operand in
      guard case .tensor(let tensor) = operand else { return }
      guard let known = shape else {
        (shape, device) = (tensor.shape, tensor.device)
        return
      }
      guard let common = Shape.broadcast(known, tensor.shape) else {
        stop("\(name): shapes \(known) and \(tensor.shape) do not broadcast")
      }
      shape = common
      if let device, device != tensor.device { Tensor.stopForDevices("\(name)", device, tensor.device) }
    }
    guard let shape, let device else { stop("\(name): no tensor operand") }
    let result = deferred(op, operands, type: type, result: result, shape: shape, device: device)
    GraphRecorder.current?.add(.elementwise(op, type), Array(operands), [result])
    return result
  }

  private static func deferred(
    _ op: ElementwiseOp, _ operands: Operands<ElementwiseOperand>, type: DType, result: DType, shape: Shape,
    device: Device
  ) -> Tensor {
    device.computationLock.withLock {
      var parts = Operands<Expression.Operand>()
      // 16 bits become float32 as they are read, without an instruction.
      var size = (op == .toFloat32 && type == .float32) || (op == .toFloat64 && type == .float64) ? 0 : 1
      var leaves = 0
      var failure: LatheError?
      operands.forEach { operand in
        let partType = op == .select && parts.isEmpty ? DType.bool : type
        switch operand {
        case .scalar(let value): parts.append(.scalar(value.converted(to: partType), partType))
        case .tensor(let tensor):
          switch tensor.storage.state {
          case .pending(let expression):
            if let constant = expression.constant {
              parts.append(.scalar(constant.converted(to: partType), partType))
              return
            }
            size += expression.size
            leaves += expression.leaves
          case .failed(let error): if failure == nil { failure = error }
          case .ready, .computing: leaves += 1
          }
          parts.append(.storage(tensor.storage, tensor.view(in: shape)))
        }
      }
      if let failure { return Tensor(failed: failure, shape: shape, dtype: result, device: device) }
      if let constant = folded(op, parts, type: type, result: result) {
        return Tensor.full(shape, constant, dtype: result, device: device)
      }
      if size > Fusion.maximumSize || leaves > Fusion.maximumLeaves {
        size = 1
        leaves = 0
        for case .storage(let storage, _) in parts {
          if case .pending = storage.state { Fusion.run(storage) }
          leaves += 1
        }
      }
      let expression = Expression(op: op, dtype: type, operands: parts, size: size, leaves: leaves)
      return Tensor(Storage(device: device, dtype: result, shape: shape, state: .pending(expression)))
    }
  }

  /// The tensor's view when it is broadcast to a shape that it fits.
  private func view(in target: Shape) -> View? {
    if shape == target { return view }
    guard let expanded = layout.expanded(to: target) else { stop("\(shape) does not broadcast to \(target)") }
    return View(expanded, of: storage)
  }

  /// Arithmetic on constants, done at once: gradients start as ones and are often only scaled.
  private static func folded(
    _ op: ElementwiseOp, _ parts: Operands<Expression.Operand>, type: DType, result: DType
  ) -> ScalarValue? {
    guard type == .float32 || type == .float64, result.isFloatingPoint, case .scalar(let a, _) = parts[0]
    else { return nil }
    if op == .negate { return .float(-a.doubleValue) }
    guard parts.count == 2, case .scalar(let b, _) = parts[1] else { return nil }
    func value<T: BinaryFloatingPoint>(_ x: T, _ y: T) -> T? {
      switch op {
      case .add: x + y
      case .subtract: x - y
      case .multiply: x * y
      case .divide: x / y
      default: nil
      }
    }
    return type == .float64
      ? value(a.doubleValue, b.doubleValue).map { .float($0) }
      : value(a.floatValue, b.floatValue).map { .float(Double($0)) }
  }

  /// An element-wise operation on one tensor, recorded.
  func unary(_ op: ElementwiseOp, name: StaticString, type: DType? = nil) -> Tensor {
    var x = self
    if let type, x.dtype != type { x = x.cast(to: type) }
    let compute = x.dtype.computeType
    require(op.isDefined(on: compute), "\(name): not defined on \(dtype)")
    let result = op.resultType(compute)
    return Tensor.record(
      op, Operands(.tensor(x)), type: compute, result: result == compute ? x.dtype : result, name: name)
  }

  /// A floating-point function: whole numbers and bools are converted to float32 first.
  func floatUnary(_ op: ElementwiseOp, name: StaticString) -> Tensor {
    let x = op.losesPrecision ? inFullPrecision : self
    return x.unary(op, name: name, type: dtype.isFloatingPoint ? nil : .float32)
  }

  /// Defers an operation and records it where an operand is tracked.
  static func record(
    _ op: ElementwiseOp, _ operands: Operands<ElementwiseOperand>, type: DType, result: DType,
    name: StaticString
  ) -> Tensor {
    var output = deferred(op, operands, type: type, result: result, name: name)
    var isTracked = false
    operands.forEach { if case .tensor(let tensor) = $0, tensor.node != nil { isTracked = true } }
    guard isTracked, result.isFloatingPoint, GradientMode.isRecording else { return output }
    let rule = ElementwiseGradient(op, operands)
    output.node = GradientNode(
      name: name, of: output, inputs: rule.inputs, savesOutput: rule.needsOutput,
      pullback: { gradient, output in rule.gradients(gradient, output) })
    return output
  }

  /// A binary operation of two operands, promoted to their common type.
  ///
  /// A number beside a tensor takes the tensor's type; a fraction beside whole numbers makes float32.
  static func binary(
    _ op: ElementwiseOp, _ a: ElementwiseOperand, _ b: ElementwiseOperand, name: StaticString,
    floatOnly: Bool = false
  ) -> Tensor {
    var common: DType
    switch (a, b) {
    case (.tensor(let x), .tensor(let y)): common = DType.promote(x.dtype, y.dtype)
    case (.tensor(let x), .scalar(let value)), (.scalar(let value), .tensor(let x)):
      common = x.numberType(beside: value)
    case (.scalar, .scalar): stop("\(name): no tensor operand")
    }
    if floatOnly && !common.isFloatingPoint { common = .float32 }
    if common == .bool && !op.isDefined(on: .bool) { common = .uint8 }
    let compute = common.computeType
    require(op.isDefined(on: compute), "\(name): not defined on \(common)")
    func converted(_ operand: ElementwiseOperand) -> ElementwiseOperand {
      switch operand {
      case .tensor(let x): .tensor(x.cast(to: common))
      // As the kernel and the gradient's rule have it.
      case .scalar(let value): .scalar(value.isFloat ? value.converted(to: compute) : value)
      }
    }
    let result = op.resultType(compute)
    return record(
      op, Operands(converted(a), converted(b)), type: compute,
      result: result == compute ? common : result, name: name)
  }

  /// The type of an operation on this tensor and a number: its own, unless that cannot hold the number.
  func numberType(beside number: ScalarValue) -> DType {
    switch number {
    case .float: dtype.isFloatingPoint ? dtype : .float32
    case .int(let whole): dtype.widened(for: whole)
    }
  }

  /// The tensor in another type.
  ///
  /// For whole numbers fractions are cut towards zero, NaN becomes 0 and what is beyond the range its nearest limit;
  /// whole numbers of another type wrap around. For bool anything but zero is true.
  public func cast(to target: DType) -> Tensor {
    if target == dtype { return self }
    let compute = dtype.computeType
    func step(_ op: ElementwiseOp, _ x: Tensor, _ type: DType, _ result: DType) -> Tensor {
      Tensor.record(op, Operands(.tensor(x)), type: type, result: result, name: "cast")
    }
    switch target {
    case .float32: return step(.toFloat32, self, compute, .float32)
    case .float64: return step(.toFloat64, self, compute, .float64)
    case .float16, .bfloat16:
      let x = dtype.isFloatingPoint ? self : step(.toFloat32, self, compute, .float32)
      return step(target == .float16 ? .roundToFloat16 : .roundToBFloat16, x, x.dtype.computeType, target)
    case .int8, .int16, .uint16, .uint32:
      let wide = target.computeType
      let op: ElementwiseOp = wide == .int64 ? .toInt64 : .toInt32
      guard dtype.isFloatingPoint, let range = target.wholeNumbers else {
        return step(op, self, compute, target)
      }
      return Tensor.record(
        .clamp,
        Operands(
          .tensor(step(op, self, compute, wide)), .scalar(.int(range.lowerBound)),
          .scalar(.int(range.upperBound))), type: wide, result: target, name: "cast")
    case .int32: return step(.toInt32, self, compute, .int32)
    case .int64: return step(.toInt64, self, compute, .int64)
    case .uint8: return step(.toUInt8, self, compute, .uint8)
    case .bool: return step(.toBool, self, compute, .bool)
    }
  }

  /// Sums over the axes along which a tensor of `target` shape was broadcast to this one's shape.
  func reducedBroadcast(to target: Shape) -> Tensor {
    if shape == target { return self }
    let shift = rank - target.rank
    var axes = Array(0..<shift)
    for i in 0..<target.rank where target[i] == 1 && shape[i + shift] != 1 { axes.append(i + shift) }
    let sum = axes.isEmpty ? self : sum(axes: axes, keepDims: true, dtype: dtype)
    return sum.reshaped(to: target)
  }
}

extension DType {
  /// The type in which a whole number beside a tensor of this type keeps its value.
  fileprivate func widened(for number: Int64) -> DType {
    if self == .bool { return .int64 }
    if isFloatingPoint || holds(number...number) { return self }
    return DType.promote(self, DType.int32.holds(number...number) ? .int32 : .int64)
  }
}

extension ElementwiseOp {
  /// Whether it is a conversion of a compute type to itself.
  func changesNothing(on type: DType) -> Bool {
    switch self {
    case .toFloat32: type == .float32
    case .toFloat64: type == .float64
    case .toInt32: type == .int32
    case .toInt64: type == .int64
    case .toUInt8: type == .uint8
    case .toBool: type == .bool
    default: false
    }
  }

  /// Whether `withPrecision` takes the operand to float32: small errors or ranges of it become large ones.
  fileprivate var losesPrecision: Bool {
    switch self {
    case .exp, .expm1, .log, .log1p, .rsqrt, .reciprocal, .softplus, .tan, .asin, .acos, .sinh, .cosh: true
    default: false
    }
  }
}

extension ScalarValue {
  /// Whether it is a fraction beside whole numbers.
  var isFloat: Bool { if case .float = self { true } else { false } }
}
