import LatheCore

/// Collects inputs, scalars and instructions while expressions are walked.
struct ProgramBuilder {
  /// A register's number.
  ///
  /// It is final for inputs only: until it is known how many inputs and scalars there are, scalars and instructions
  /// are counted from numbers of their own.
  typealias Register = UInt16

  private static let firstScalar: Register = 0x4000
  private static let firstInstruction: Register = 0x8000

  let shape: Shape
  private(set) var inputs: [Operand] = []
  private(set) var scalars: [ScalarValue] = []
  private var program = ElementwiseProgram(inputs: [], scalars: [], instructions: [], outputs: [])
  // Lists: programs are so short that a search is faster than a dictionary.
  private var registers: [(storage: ObjectIdentifier, register: Register)] = []
  private var roundings: [(register: Register, dtype: DType, rounded: Register)] = []

  init(shape: Shape) { self.shape = shape }

  /// The register of a storage that was taken or visited, before it is rounded to the storage's type.
  func register(of storage: Storage) -> Register? {
    let key = ObjectIdentifier(storage)
    for entry in registers where entry.storage == key { return entry.register }
    return nil
  }

  /// Remembers the register of a storage that is computed here.
  mutating func remember(_ register: Register, of storage: Storage) {
    registers.append((ObjectIdentifier(storage), register))
  }

  /// The first input whose memory nobody else holds and that an output of a type could take, except for `used` ones.
  mutating func ownInput(for dtype: DType, except used: Set<Int>) -> Int? {
    inputs.indices.first { i in
      !used.contains(i) && inputs[i].layout == Layout(shape) && inputs[i].dtype.byteCount == dtype.byteCount
        && isKnownUniquelyReferenced(&inputs[i].buffer)
    }
  }

  /// Adds a pending storage's expression, moving it out of the storage; the folded storages are collected.
  mutating func take(
    _ storage: Storage, folding folded: inout [(storage: Storage, register: Register)]
  ) throws -> Register {
    guard case .pending(var expression) = storage.state else { return try input(storage, nil) }
    storage.state = .computing
    var operands = Operands<Register>()
    // From the back, so that each operand can be moved out and held once.
    while let operand = expression.operands.popLast() {
      switch operand {
      case .scalar(let value, let dtype): operands.append(scalar(value, dtype))
      case .storage(let child, let view):
        if view == nil, let known = register(of: child) {
          operands.append(rounded(known, to: child.dtype))
        } else if view == nil, case .pending = child.state {
          do {
            let register = try take(child, folding: &folded)
            remember(register, of: child)
            operands.append(rounded(register, to: child.dtype))
            folded.append((child, register))
          } catch {
            folded.append((child, 0))
            throw error
          }
        } else {
          operands.append(try input(child, view))
        }
      }
    }
    operands.reverse()
    guard let op = expression.op else { return operands[0] }
    return step(op, expression.dtype, operands)
  }

  /// Adds a pending storage's expression and leaves the storage as it is.
  mutating func visit(_ storage: Storage) throws -> Register {
    guard case .pending(let expression) = storage.state else { return try input(storage, nil) }
    if let known = register(of: storage) { return known }
    var operands = Operands<Register>()
    for operand in expression.operands {
      switch operand {
      case .scalar(let value, let dtype): operands.append(scalar(value, dtype))
      case .storage(let child, let view):
        operands.append(try view == nil ? rounded(visit(child), to: child.dtype) : input(child, view))
      }
    }
    let register = expression.op.map { step($0, expression.dtype, operands) } ?? operands[0]
    remember(register, of: storage)
    return register
  }

  /// An input in the program's shape; pending memory is computed first.
  mutating func input(_ storage: Storage, _ view: View?) throws -> Register {
    let buffer = try storage.lockedBuffer()
    let layout = view?.layout ?? Layout(storage.shape)
    for i in inputs.indices where inputs[i].buffer === buffer && inputs[i].layout == layout {
      return Register(i)
    }
    inputs.append(Operand(buffer: buffer, layout: layout, dtype: storage.dtype))
    program.inputs.append(storage.dtype)
    return Register(inputs.count - 1)
  }

  private mutating func scalar(_ value: ScalarValue, _ dtype: DType) -> Register {
    scalars.append(value)
    program.scalars.append(dtype)
    return Self.firstScalar + Register(scalars.count - 1)
  }

  /// Adds an instruction, but for conversions that change nothing.
  mutating func step(_ op: ElementwiseOp, _ dtype: DType, _ operands: Operands<Register>) -> Register {
    switch op {
    case _ where op.changesNothing(on: dtype): return operands[0]
    case .roundToFloat16 where dtype == .float32 && holds(operands[0], .float16): return operands[0]
    case .roundToBFloat16 where dtype == .float32 && holds(operands[0], .bfloat16): return operands[0]
    default: break
    }
    program.instructions.append(
      .init(
        op: op, dtype: dtype, a: operands[0], b: operands.count > 1 ? operands[1] : 0,
        c: operands.count > 2 ? operands[2] : 0))
    return Self.firstInstruction + Register(program.instructions.count - 1)
  }

  /// A storage's register as other steps read it: a narrow type keeps no more digits than it would in memory, so that
  /// results do not depend on what is joined into one program.
  mutating func rounded(_ register: Register, to dtype: DType) -> Register {
    guard let narrowing = dtype.narrowing else { return register }
    if let known = roundings.first(where: { $0.register == register && $0.dtype == dtype }) {
      return known.rounded
    }
    let rounded =
      holds(register, dtype) ? register : step(narrowing, dtype.computeType, Operands(register))
    roundings.append((register, dtype, rounded))
    return rounded
  }

  /// Whether a register is known to hold numbers of a narrow type, which rounding to it would not change.
  private func holds(_ register: Register, _ dtype: DType) -> Bool {
    // What other steps read was asked before, so that this does not go far back.
    if roundings.contains(where: { $0.rounded == register && $0.dtype == dtype }) { return true }
    return dtype.isFloatingPoint ? holdsRounded(register, dtype) : holdsWrapped(register, dtype)
  }

  /// The same for whole numbers, which wrap around.
  private func holdsWrapped(_ register: Register, _ dtype: DType) -> Bool {
    func includes(_ other: DType) -> Bool {
      (other == .bool ? 0...1 : other.wholeNumbers).map { dtype.holds($0) } ?? false
    }
    if register < Self.firstScalar { return includes(inputs[Int(register)].dtype) }
    if register < Self.firstInstruction {
      let number = scalars[Int(register - Self.firstScalar)].intValue
      return dtype.holds(number...number)
    }
    let instruction = program.instructions[Int(register - Self.firstInstruction)]
    switch instruction.op {
    case .wrapToInt8: return includes(.int8)
    case .wrapToInt16: return includes(.int16)
    case .wrapToUInt16: return includes(.uint16)
    case .wrapToUInt32: return includes(.uint32)
    case .toInt32, .toInt64: return includes(instruction.dtype)
    case .sign, .relu, .shiftRight: return holds(instruction.a, dtype)
    case .minimum, .maximum, .bitwiseAnd, .bitwiseOr, .bitwiseXor:
      return holds(instruction.a, dtype) && holds(instruction.b, dtype)
    case .select, .clamp: return holds(instruction.b, dtype) && holds(instruction.c, dtype)
    default: return false
    }
  }

  /// The same for 16-bit floating-point types.
  private func holdsRounded(_ register: Register, _ dtype: DType) -> Bool {
    if register < Self.firstScalar { return inputs[Int(register)].dtype == dtype }
    if register < Self.firstInstruction {
      let value = scalars[Int(register - Self.firstScalar)].floatValue
      return value.rounded(to: dtype) == value
    }
    let instruction = program.instructions[Int(register - Self.firstInstruction)]
    switch instruction.op {
    case .roundToFloat16: return dtype == .float16
    case .roundToBFloat16: return dtype == .bfloat16
    case .toFloat32: return instruction.dtype == .uint8 || instruction.dtype == .bool
    case .negate, .absolute, .sign, .relu, .floor, .ceil, .round: return holds(instruction.a, dtype)
    case .minimum, .maximum: return holds(instruction.a, dtype) && holds(instruction.b, dtype)
    case .select: return holds(instruction.b, dtype) && holds(instruction.c, dtype)
    case .clamp:
      return holds(instruction.a, dtype) && holds(instruction.b, dtype) && holds(instruction.c, dtype)
    default: return false
    }
  }

  /// Ends the program with the given registers stored; nothing is added afterwards.
  mutating func program(outputs: consuming [ElementwiseProgram.Output]) -> ElementwiseProgram {
    program.outputs = outputs
    for i in program.instructions.indices {
      program.instructions[i].a = number(program.instructions[i].a)
      program.instructions[i].b = number(program.instructions[i].b)
      program.instructions[i].c = number(program.instructions[i].c)
    }
    for i in program.outputs.indices { program.outputs[i].register = number(program.outputs[i].register) }
    return program
  }

  /// A register's final number.
  private func number(_ register: Register) -> UInt16 {
    if register >= Self.firstInstruction {
      return register - Self.firstInstruction + UInt16(inputs.count + scalars.count)
    }
    return register >= Self.firstScalar ? register - Self.firstScalar + UInt16(inputs.count) : register
  }
}
