import LatheCore

/// Turns deferred expressions into one element-wise program and runs it.
enum Evaluation {
  /// Limits of one program: small enough for every driver's argument limit and for registers.
  static let maximumSize = 32
  static let maximumLeaves = 12

  /// Computes a pending storage, together with every pending one below it that somebody still holds.
  ///
  /// Called under the device's evaluation lock. Afterwards the storage is ready or failed.
  static func run(_ root: Storage) {
    var builder = ProgramBuilder(shape: root.shape)
    // Each storage that is folded in, held once, so that uniqueness tells whether somebody outside holds it.
    var folded: [(storage: Storage, register: ProgramBuilder.Register)] = []
    do {
      try builder.prepare(root)
      let register = try builder.take(root, folding: &folded)
      var targets: [(storage: Storage, register: ProgramBuilder.Register)] = [(root, register)]
      for i in folded.indices where !isKnownUniquelyReferenced(&folded[i].storage) {
        targets.append(folded[i])
      }
      let device = root.device
      var outputs: [Operand] = []
      for target in targets {
        let storage = target.storage
        let buffer = try device.backend.allocate(
          byteCount: storage.shape.elementCount * storage.dtype.byteCount)
        outputs.append(Operand(buffer: buffer, layout: Layout(storage.shape), dtype: storage.dtype))
      }
      if root.shape.elementCount > 0 {
        let program = builder.program(outputs: targets.map { ($0.register, $0.storage.dtype) })
        try Dispatch.run(
          .elementwise(program, scalars: builder.scalars.map(\.value)), inputs: builder.inputs,
          outputs: outputs,
          on: device)
        device.backend.counters.fused(max(0, program.instructions.count - 1))
      }
      for (target, output) in zip(targets, outputs) { target.storage.state = .ready(output.buffer) }
    } catch {
      let error = Dispatch.typed(error)
      root.state = .failed(error)
      for entry in folded { entry.storage.state = .failed(error) }
    }
  }

  /// The program that computes a pending storage inside another kernel, without storing it; nil where the
  /// storage is not pending or was computed that way before.
  static func absorb(_ storage: Storage) throws -> (
    builder: ProgramBuilder, register: ProgramBuilder.Register
  )? {
    guard case .pending = storage.state, !storage.wasAbsorbed else { return nil }
    var builder = ProgramBuilder(shape: storage.shape)
    let register = try builder.visit(storage)
    storage.wasAbsorbed = true
    return (builder, register)
  }
}

/// Collects inputs, scalars and instructions while expressions are walked.
struct ProgramBuilder {
  enum Register {
    case input(Int)
    case scalar(Int)
    case instruction(Int)
  }
  private struct Step {
    var op: ElementwiseOp
    var dtype: DType
    var operands: [Register]
  }

  let shape: Shape
  private(set) var inputs: [Operand] = []
  private(set) var scalars: [(value: ScalarValue, dtype: DType)] = []
  private var steps: [Step] = []
  private var registers: [ObjectIdentifier: Register] = [:]

  init(shape: Shape) { self.shape = shape }

  /// The register of a storage that was taken or visited.
  func register(of storage: Storage) -> Register? { registers[ObjectIdentifier(storage)] }

  /// Remembers the register of a storage that is computed here but is no operand's.
  mutating func remember(_ register: Register, of storage: Storage) {
    registers[ObjectIdentifier(storage)] = register
  }

  /// The first input whose memory nobody else holds and that an output of a type could take, except for `used` ones.
  mutating func ownInput(for dtype: DType, except used: Set<Int>) -> Int? {
    inputs.indices.first { i in
      !used.contains(i) && inputs[i].layout == Layout(shape) && inputs[i].dtype.byteCount == dtype.byteCount
        && isKnownUniquelyReferenced(&inputs[i].buffer)
    }
  }

  /// Computes the pending storages below that are read through a view: they cannot be folded in.
  func prepare(_ storage: Storage) throws {
    guard case .pending(let expression) = storage.state else { return }
    for case .storage(let child, let layout) in expression.operands {
      guard case .pending = child.state else { continue }
      if canFold(child, layout) { try prepare(child) } else { _ = try child.buffer() }
    }
  }

  /// Adds a pending storage's expression, moving it out of the storage; the folded storages are collected.
  mutating func take(
    _ storage: Storage, folding folded: inout [(storage: Storage, register: Register)]
  ) throws -> Register {
    guard case .pending(var expression) = storage.state else {
      return try input(storage, Layout(storage.shape))
    }
    storage.state = .evaluating
    var operands: [Register] = []
    // From the back, so that each operand can be moved out and held once.
    while let operand = expression.operands.popLast() {
      switch operand {
      case .scalar(let value, let dtype): operands.append(scalar(value, dtype))
      case .storage(let child, let layout):
        if let known = registers[ObjectIdentifier(child)], canFold(child, layout) {
          operands.append(known)
        } else if canFold(child, layout), case .pending = child.state {
          do {
            let register = try take(child, folding: &folded)
            registers[ObjectIdentifier(child)] = register
            operands.append(register)
            folded.append((child, register))
          } catch {
            folded.append((child, .input(0)))
            throw error
          }
        } else {
          operands.append(try input(child, layout))
        }
      }
    }
    operands.reverse()
    guard let op = expression.op else { return operands[0] }
    return step(op, expression.dtype, operands)
  }

  /// Adds a pending storage's expression and leaves the storage as it is.
  mutating func visit(_ storage: Storage) throws -> Register {
    guard case .pending(let expression) = storage.state else {
      return try input(storage, Layout(storage.shape))
    }
    if let known = registers[ObjectIdentifier(storage)] { return known }
    var operands: [Register] = []
    for operand in expression.operands {
      switch operand {
      case .scalar(let value, let dtype): operands.append(scalar(value, dtype))
      case .storage(let child, let layout):
        operands.append(try canFold(child, layout) ? visit(child) : input(child, layout))
      }
    }
    let register = expression.op.map { step($0, expression.dtype, operands) } ?? operands[0]
    registers[ObjectIdentifier(storage)] = register
    return register
  }

  /// An input in the program's shape; pending memory is computed first.
  mutating func input(_ storage: Storage, _ layout: Layout) throws -> Register {
    let buffer = try storage.buffer()
    for i in inputs.indices where inputs[i].buffer === buffer && inputs[i].layout == layout {
      return .input(i)
    }
    inputs.append(Operand(buffer: buffer, layout: layout, dtype: storage.dtype))
    return .input(inputs.count - 1)
  }

  private mutating func scalar(_ value: ScalarValue, _ dtype: DType) -> Register {
    scalars.append((value, dtype))
    return .scalar(scalars.count - 1)
  }

  /// Whether a storage's elements are walked in the same order as the program's.
  private func canFold(_ storage: Storage, _ layout: Layout) -> Bool {
    storage.shape == shape && layout == Layout(shape)
  }

  /// Adds an instruction.
  mutating func step(_ op: ElementwiseOp, _ dtype: DType, _ operands: [Register]) -> Register {
    steps.append(Step(op: op, dtype: dtype, operands: operands))
    return .instruction(steps.count - 1)
  }

  /// The program with the given registers stored.
  func program(outputs: [(register: Register, dtype: DType)]) -> ElementwiseProgram {
    ElementwiseProgram(
      inputs: inputs.map(\.dtype), scalars: scalars.map(\.dtype),
      instructions: steps.map { step in
        ElementwiseProgram.Instruction(
          op: step.op, dtype: step.dtype, a: number(step.operands[0]),
          b: step.operands.count > 1 ? number(step.operands[1]) : 0,
          c: step.operands.count > 2 ? number(step.operands[2]) : 0)
      },
      outputs: outputs.map { .init(register: number($0.register), dtype: $0.dtype) })
  }

  private func number(_ register: Register) -> UInt16 {
    switch register {
    case .input(let i): UInt16(i)
    case .scalar(let i): UInt16(inputs.count + i)
    case .instruction(let i): UInt16(inputs.count + scalars.count + i)
    }
  }
}
