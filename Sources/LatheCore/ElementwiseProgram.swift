/// A number given to a kernel as an argument, so that its value is not part of the kernel's text.
public enum ScalarValue: Sendable, Hashable {
  case float(Float)
  case int(Int64)

  /// As a float.
  public var floatValue: Float {
    switch self {
    case .float(let x): x
    case .int(let x): Float(x)
    }
  }

  /// As a whole number, rounded towards zero; 0 for NaN, the nearest limit beyond the range.
  public var intValue: Int64 {
    switch self {
    case .float(let x):
      x.isNaN ? 0 : (x >= 9.2233715e18 ? .max : (x <= -9.223372e18 ? .min : Int64(x)))
    case .int(let x): x
    }
  }
}

/// Element-wise operations joined into one pass: a straight-line program over virtual registers.
///
/// Registers are numbered: first one per input, then one per scalar, then one per instruction. A register
/// holds a compute type (float32, int32, int64, uint8 or bool): inputs stored as float16 or bfloat16 are widened
/// when loaded, outputs stored as such are rounded when stored.
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
