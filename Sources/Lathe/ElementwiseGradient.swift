import Glibc
import LatheCore

/// The gradient rule of one element-wise operation, with what it saved.
///
/// Rules are written in tensor operations, so that gradients can be differentiated again. Broadcasting and type
/// conversion are undone in one place, `gradients`. A rule counts as one operation: in 16 bits it is computed in float32
/// and rounded once.
struct ElementwiseGradient: Sendable {
  let op: ElementwiseOp
  /// Saved operands; nil where the rule does not need them.
  private var a: ElementwiseOperand?
  private var b: ElementwiseOperand?
  private var c: ElementwiseOperand?
  /// The tape's entries of the operands; nil for those that are not tracked.
  let inputs: [GradientNode?]
  let needsOutput: Bool
  init(_ op: ElementwiseOp, _ operands: Operands<ElementwiseOperand>) {
    self.op = op
    inputs = operands.map { $0.tensor?.node }
    let needs = Self.needs(op, inputs)
    a = needs.a ? operands[0] : nil
    b = needs.b ? operands[1] : nil
    c = needs.c ? operands[2] : nil
    needsOutput = needs.output
  }

  /// One gradient per operand, of its shape and type.
  func gradients(_ gradient: Tensor, _ output: Tensor?) -> [Tensor?] {
    // All operands are 16-bit where the result is, but for conversions, which save nothing.
    let isNarrow = gradient.dtype.isHalf
    return inputs.indices.map { index in
      guard let operand = inputs[index] else { return nil }
      let result =
        passesOn(index)
        ? gradient
        : isNarrow
          ? wide.partial(index, gradient.wide, output?.wide) : partial(index, gradient, output)
      return result?.reducedBroadcast(to: operand.shape).cast(to: operand.dtype)
    }
  }

  /// Whether an operand's gradient is the output's, which then needs no memory of its own.
  private func passesOn(_ index: Int) -> Bool {
    switch op {
    case .toFloat32, .toFloat64, .roundToFloat16, .roundToBFloat16, .add: true
    case .subtract, .remainder: index == 0
    default: false
    }
  }

  /// The rule with what it saved in float32; anew for each operand, so that nothing wide is shared
  /// and stored.
  private var wide: ElementwiseGradient {
    var rule = self
    rule.a = a?.wide
    rule.b = b?.wide
    rule.c = c?.wide
    return rule
  }

  private static func needs(
    _ op: ElementwiseOp, _ inputs: [GradientNode?]
  ) -> (a: Bool, b: Bool, c: Bool, output: Bool) {
    switch op {
    case .negate, .sign, .floor, .ceil, .round, .add, .subtract, .toFloat32, .toFloat64, .roundToFloat16,
      .roundToBFloat16,
      .isNaN, .logicalNot, .toInt32, .toInt64, .toUInt8, .toBool, .wrapToInt8, .wrapToInt16, .wrapToUInt16,
      .wrapToUInt32, .equal, .notEqual, .less, .lessEqual, .greater,
      .greaterEqual, .logicalAnd, .logicalOr, .logicalXor, .floorDivide, .bitwiseAnd, .bitwiseOr, .bitwiseXor,
      .shiftLeft, .shiftRight:
      (false, false, false, false)
    case .exp, .expm1, .sqrt, .rsqrt, .reciprocal, .tanh, .tan, .sigmoid, .relu: (false, false, false, true)
    case .absolute, .log, .log1p, .square, .sin, .cos, .erf, .gelu, .geluTanh, .silu, .softplus, .asin, .acos,
      .atan, .sinh, .cosh, .asinh, .acosh, .atanh:
      (true, false, false, false)
    case .multiply: (inputs[1] != nil, inputs[0] != nil, false, false)
    case .divide: (false, true, false, inputs[1] != nil)
    case .power: (true, true, false, inputs[1] != nil)
    case .minimum, .maximum, .elu, .leakyReLU, .atan2: (true, true, false, false)
    case .remainder: (inputs[1] != nil, inputs[1] != nil, false, false)
    case .select: (true, false, false, false)
    case .clamp: (true, true, true, false)
    }
  }

  /// The gradient with respect to operand `index`, in the output's shape.
  private func partial(_ index: Int, _ g: Tensor, _ y: Tensor?) -> Tensor? {
    switch op {
    case .negate: return -g
    case .sign, .floor, .ceil, .round, .floorDivide: return nil
    case .isNaN, .logicalNot, .toInt32, .toInt64, .toUInt8, .toBool, .wrapToInt8, .wrapToInt16, .wrapToUInt16,
      .wrapToUInt32, .equal, .notEqual, .less, .lessEqual, .greater,
      .greaterEqual, .logicalAnd, .logicalOr, .logicalXor, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft,
      .shiftRight:
      return nil
    case .toFloat32, .toFloat64, .roundToFloat16, .roundToBFloat16, .add: return g
    case .subtract: return -g
    case .multiply: return times(g, index == 0 ? b : a)
    case .divide:
      let quotient = over(g, b)
      return index == 0 ? quotient : y.map { -(quotient * $0) }
    case .remainder: return combine(.divide, a, b).map { -(g * $0.floor()) }
    case .power: return power(index, g, y)
    case .minimum, .maximum: return extremum(index, g)
    case .select:
      guard let condition = a?.tensor else { return nil }
      switch index {
      case 1: return Tensor.where(condition, g, g.zero)
      case 2: return Tensor.where(condition, g.zero, g)
      default: return nil
      }
    case .clamp: return clamp(g)
    case .atan2: return angle(index, g)
    case .leakyReLU: return leakyReLU(index, g)
    case .elu: return elu(index, g)
    default:
      if let y { return fromOutput(g, y) }
      return a?.tensor.flatMap { fromInput(g, $0) }
    }
  }

  /// Rules of unary operations that use the output.
  private func fromOutput(_ g: Tensor, _ y: Tensor) -> Tensor? {
    switch op {
    case .exp: g * y
    case .expm1: g * (y + 1)
    case .sqrt: g / (y * 2)
    case .rsqrt: g * (y * y * y) * -0.5
    case .reciprocal: -(g * (y * y))
    case .tanh: g * (1 - y * y)
    case .tan: g * (1 + y * y)
    case .sigmoid: g * (y * (1 - y))
    // NaN passes it on.
    case .relu: Tensor.where(y .<= 0, g.zero, g)
    default: nil
    }
  }

  /// Rules of unary operations that use the input.
  private func fromInput(_ g: Tensor, _ x: Tensor) -> Tensor? {
    switch op {
    case .absolute: return Tensor.where(x .> 0, g, Tensor.where(x .< 0, -g, g.zero))
    case .log: return g / x
    case .log1p: return g / (x + 1)
    case .square: return g * (x * 2)
    case .sin: return g * x.cos()
    case .cos: return -(g * x.sin())
    case .asin: return g * (1 - x * x).rsqrt()
    case .acos: return -(g * (1 - x * x).rsqrt())
    case .atan: return g / (x * x + 1)
    case .sinh: return g * x.cosh()
    case .cosh: return g * x.sinh()
    case .asinh: return g * (x * x + 1).rsqrt()
    case .acosh: return g * (x * x - 1).rsqrt()
    case .atanh: return g / (1 - x * x)
    case .erf: return g * ((-(x * x)).exp() * 1.1283791670955126)
    case .gelu:
      let cdf = (x * 0.7071067811865476).erf() * 0.5 + 0.5
      let density = (x * x * -0.5).exp() * 0.3989422804014327
      return g * (cdf + x * density)
    case .geluTanh:
      // x / 2 * (1 + tanh(u)) is x * sigmoid(2 u): so the rule fits into one program.
      let s = (x * (x * x * 0.07135481627260025 + 1.5957691216057308)).sigmoid()
      return g * (s * (1 + x * (1 - s) * (x * x * 0.21406444881780076 + 1.5957691216057308)))
    case .silu:
      let s = x.sigmoid()
      return g * (s * (1 + x * (1 - s)))
    case .softplus: return g * x.sigmoid()
    default: return nil
    }
  }

  private func power(_ index: Int, _ g: Tensor, _ y: Tensor?) -> Tensor? {
    if index == 0 {
      // b * a^(b - 1); where b is 0 the gradient is 0 whatever a is.
      guard let b else { return nil }
      switch b {
      case .scalar(let exponent):
        let n = exponent.doubleValue
        if n == 0 { return g.zero.expanded(to: g.shape) }
        guard let x = a?.tensor else { return nil }
        return g * (Tensor.binary(.power, .tensor(x), .scalar(.float(n - 1)), name: "pow") * n)
      case .tensor(let exponent):
        guard let product = combine(.power, a, .tensor(exponent - 1)) else { return nil }
        return Tensor.where(exponent .== 0, g.zero, g * exponent * product)
      }
    }
    // a^b * log a; 0 where a is 0 and b is not negative, as the limit.
    guard let y, let a, let exponent = b?.tensor else { return nil }
    switch a {
    case .scalar(let base):
      let product = g * y * log(base.doubleValue)
      return base.doubleValue == 0 ? Tensor.where(exponent .>= 0, g.zero, product) : product
    case .tensor(let base):
      return Tensor.where((base .== 0) .&& (exponent .>= 0), g.zero, g * y * base.log())
    }
  }

  /// Ties share the gradient equally; where one of the two is NaN both get all of it.
  private func extremum(_ index: Int, _ g: Tensor) -> Tensor? {
    guard let loses = combine(op == .maximum ? .less : .greater, index == 0 ? a : b, index == 0 ? b : a),
      let ties = combine(.equal, a, b)
    else { return nil }
    return Tensor.where(ties, g * 0.5, Tensor.where(loses, g.zero, g))
  }

  /// The point's other coordinate over the square of its distance from the origin, where it is 0.
  private func angle(_ index: Int, _ g: Tensor) -> Tensor? {
    guard let squareA = combine(.multiply, a, a), let squareB = combine(.multiply, b, b) else { return nil }
    let square = squareA + squareB
    let share = times(g, index == 0 ? b : a) / square
    return Tensor.where(square .== 0, g.zero, index == 0 ? share : -share)
  }

  /// Between the limits; an infinite one is none.
  private func clamp(_ g: Tensor) -> Tensor? {
    guard let x = a?.tensor, case .scalar(let low) = b, case .scalar(let high) = c else { return nil }
    let (bottom, top) = (low.doubleValue, high.doubleValue)
    let above = bottom == -.infinity ? nil : x .> bottom
    let below = top == .infinity ? nil : x .< top
    switch (above, below) {
    case (let above?, let below?): return Tensor.where(above .&& below, g, g.zero)
    case (let inside?, nil), (nil, let inside?): return Tensor.where(inside, g, g.zero)
    case (nil, nil): return g
    }
  }

  private func leakyReLU(_ index: Int, _ g: Tensor) -> Tensor? {
    guard let x = a?.tensor else { return nil }
    if index == 0 { return Tensor.where(x .> 0, g, times(g, b)) }
    return Tensor.where(x .> 0, g.zero, g * x)
  }

  private func elu(_ index: Int, _ g: Tensor) -> Tensor? {
    guard let x = a?.tensor else { return nil }
    // exp of a large x must not meet the gradient 0 of what is not chosen.
    let low = Tensor.where(x .> 0, x.zero, x)
    if index == 0 { return Tensor.where(x .> 0, g, times(g * low.exp(), b)) }
    return Tensor.where(x .> 0, g.zero, g * low.expm1())
  }

  private func times(_ g: Tensor, _ operand: ElementwiseOperand?) -> Tensor {
    operand.map { Tensor.binary(.multiply, .tensor(g), $0, name: "gradient") } ?? g
  }

  private func over(_ g: Tensor, _ operand: ElementwiseOperand?) -> Tensor {
    operand.map { Tensor.binary(.divide, .tensor(g), $0, name: "gradient") } ?? g
  }

  private func combine(_ op: ElementwiseOp, _ x: ElementwiseOperand?, _ y: ElementwiseOperand?) -> Tensor? {
    guard let x, let y else { return nil }
    return Tensor.binary(op, x, y, name: "gradient")
  }
}

extension ElementwiseOperand {
  /// In float32 where it is a tensor of 16 bits.
  fileprivate var wide: ElementwiseOperand {
    if case .tensor(let tensor) = self { .tensor(tensor.wide) } else { self }
  }
}

extension Tensor {
  /// In float32 where it is of 16 bits.
  var wide: Tensor { dtype.isHalf ? cast(to: .float32) : self }

  /// A zero of this type on this device, without axes.
  var zero: Tensor { Tensor.zeros([], dtype: dtype, device: device) }
}
