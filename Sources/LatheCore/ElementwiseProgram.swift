/// A number given to a kernel as an argument, so that its value is not part of the kernel's text.
public enum ScalarValue: Sendable, Hashable {
  /// Rounded to float32 where a register has that type.
  case float(Double)
  case int(Int64)

  /// As a float.
  public var floatValue: Float {
    switch self {
    case .float(let x): Float(x)
    case .int(let x): Float(x)
    }
  }

  /// As a float64.
  public var doubleValue: Double {
    switch self {
    case .float(let x): x
    case .int(let x): Double(x)
    }
  }

  /// Whether it counts as true: NaN does.
  public var isTrue: Bool { doubleValue != 0 }

  /// As a whole number, rounded towards zero; 0 for NaN, the nearest limit beyond the range.
  public var intValue: Int64 {
    switch self {
    case .float(let x):
      x.isNaN ? 0 : (x >= 0x1p63 ? .max : (x < -0x1p63 ? .min : Int64(x)))
    case .int(let x): x
    }
  }

  /// As a type holds it, by the rule of the kernels' conversions.
  ///
  /// Fractions are cut towards zero, NaN becomes 0 and what is beyond the range its nearest limit; whole numbers
  /// beyond the range wrap around.
  public func converted(to type: DType) -> ScalarValue {
    switch type {
    case .float32, .float16, .bfloat16: .float(Double(floatValue))
    case .float64: .float(doubleValue)
    case .bool: .int(isTrue ? 1 : 0)
    case .uint8: .int(Int64(whole(UInt8.self)))
    case .int32: .int(Int64(whole(Int32.self)))
    case .int64: .int(intValue)
    case .int8: .int(Int64(whole(Int8.self)))
    case .int16: .int(Int64(whole(Int16.self)))
    case .uint16: .int(Int64(whole(UInt16.self)))
    case .uint32: .int(Int64(whole(UInt32.self)))
    }
  }

  /// As a whole number of a type: a fraction is limited to its range, a whole number wraps around.
  public func whole<T: FixedWidthInteger>(_ type: T.Type) -> T {
    switch self {
    case .float: T(clamping: intValue)
    case .int(let x): T(truncatingIfNeeded: x)
    }
  }
}

/// Element-wise operations joined into one pass: a straight-line program over virtual registers.
///
/// Registers are numbered: first one per input, then one per scalar, then one per instruction. A register
/// holds a compute type (float32, float64, int32, int64, uint8 or bool): inputs of other types are widened when loaded,
/// outputs of other types are rounded, or wrap around, when stored.
public struct ElementwiseProgram: Sendable, Hashable {
  /// One step; its result is the next register.
  public struct Instruction: Sendable, Hashable {
    /// What is done.
    public var op: ElementwiseOp
    /// The operands' compute type (for `select`, that of the second and third).
    public var dtype: DType
    /// Operand registers; unused ones are 0.
    public var a: UInt16
    /// The second operand.
    public var b: UInt16
    /// The third operand.
    public var c: UInt16

    /// One step.
    public init(op: ElementwiseOp, dtype: DType, a: UInt16, b: UInt16 = 0, c: UInt16 = 0) {
      self.op = op
      self.dtype = dtype
      self.a = a
      self.b = b
      self.c = c
    }
  }

  /// A register that is stored, and the type it is stored as.
  public struct Output: Sendable, Hashable {
    /// The register.
    public var register: UInt16
    /// The stored type; its compute type is the register's type.
    public var dtype: DType

    /// Names a register to store.
    public init(register: UInt16, dtype: DType) {
      self.register = register
      self.dtype = dtype
    }
  }

  /// Stored types of the inputs.
  public var inputs: [DType]
  /// Compute types of the scalars.
  public var scalars: [DType]
  /// The steps in order.
  public var instructions: [Instruction]
  /// What is stored.
  public var outputs: [Output]

  /// A program from its parts.
  public init(inputs: [DType], scalars: [DType], instructions: [Instruction], outputs: [Output]) {
    self.inputs = inputs
    self.scalars = scalars
    self.instructions = instructions
    self.outputs = outputs
  }

  /// The number of registers.
  public var registerCount: Int { inputs.count + scalars.count + instructions.count }

  /// The compute type that a register holds.
  public func type(of register: Int) -> DType {
    if register < inputs.count { return inputs[register].computeType }
    if register < inputs.count + scalars.count { return scalars[register - inputs.count] }
    let instruction = instructions[register - inputs.count - scalars.count]
    return instruction.op.resultType(instruction.dtype)
  }
}
