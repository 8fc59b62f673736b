import CPUKernels
import LatheCore

/// An element-wise program bound to memory: kernels, registers in scratch slots, inputs with their strides.
///
/// A register's slot is free again after its last use, so that the slots of a long chain stay in the L1 cache; what
/// is stored unchanged is computed right in its output.
final class ElementwisePlan {
  private var plan = lathe_plan()
  /// Holds all of the lists.
  private let memory: UnsafeMutableRawPointer
  private var slots: PlacedList<Int32>
  private var inputs: PlacedList<lathe_input>
  private var constants: PlacedList<lathe_constant>
  private var steps: PlacedList<lathe_step>
  private var outputs: PlacedList<lathe_output>
  private var freeSlots: PlacedList<Int32>
  /// The instruction that is the last to read a register: -1 for none, the largest number for what is stored.
  private var lastUse: PlacedList<Int32>
  private let elementCount: Int
  /// About how long an element takes, in units of an addition.
  private(set) var cost = 1

  /// Binds a program.
  ///
  /// - Parameters:
  ///   - axes: The axes' sizes and each input's strides, in the order in which elements are computed.
  ///   - targets: Where the outputs go; empty when a reduction takes the only output's register.
  init(
    _ program: ElementwiseProgram, scalars: [ScalarValue], inputs operands: ArraySlice<Operand>,
    axes: CollapsedAxes, targets: ArraySlice<Operand>
  ) {
    let registerCount = program.registerCount
    // Narrow types take a register and a step more when they are read and when they are stored.
    let conversions = program.inputs.count + program.outputs.count
    let capacity = registerCount + conversions
    let stepCapacity = program.instructions.count + conversions
    memory = .allocate(
      byteCount: 3 * PlacedList<Int32>.bytes(capacity) + PlacedList<lathe_input>.bytes(program.inputs.count)
        + PlacedList<lathe_constant>.bytes(scalars.count) + PlacedList<lathe_step>.bytes(stepCapacity)
        + PlacedList<lathe_output>.bytes(program.outputs.count), alignment: 16)
    var room = memory
    inputs = PlacedList(capacity: program.inputs.count, from: &room)
    constants = PlacedList(capacity: scalars.count, from: &room)
    steps = PlacedList(capacity: stepCapacity, from: &room)
    outputs = PlacedList(capacity: program.outputs.count, from: &room)
    slots = PlacedList(capacity: capacity, from: &room)
    freeSlots = PlacedList(capacity: capacity, from: &room)
    lastUse = PlacedList(capacity: capacity, from: &room)
    elementCount = axes.sizes.elementCount
    slots.append(repeating: -1, count: registerCount)
    plan.rank = Int32(axes.sizes.rank)
    withUnsafeMutableBytes(of: &plan.shape) { bytes in
      let shape = bytes.bindMemory(to: Int64.self)
      for (i, size) in axes.sizes.enumerated() { shape[i] = Int64(size) }
    }
    plan.fill_count = Int32(min(elementCount, Int(LATHE_BLOCK)))
    findLastUses(program)
    addInputs(program, operands, axes)
    addScalars(program, scalars)
    // What goes over an input is stored last, when the block's inputs have all been read.
    let isInPlace = targets.contains { target in operands.contains { $0.pointer == target.pointer } }
    addInstructions(program, isInPlace ? [] : targets)
    if !targets.isEmpty { addStores(program, targets) }
    var widest = 4
    for register in 0..<registerCount { widest = max(widest, program.type(of: register).byteCount) }
    plan.slot_bytes = Int64(Int(LATHE_BLOCK) * widest)
    plan.register_count = Int32(slots.count)
    plan.input_count = Int32(inputs.count)
    plan.constant_count = Int32(constants.count)
    plan.step_count = Int32(steps.count)
    plan.output_count = Int32(outputs.count)
    plan.slots = UnsafePointer(slots.start)
    plan.inputs = UnsafePointer(inputs.start)
    plan.constants = UnsafePointer(constants.start)
    plan.steps = UnsafePointer(steps.start)
    plan.outputs = UnsafePointer(outputs.start)
  }

  deinit { memory.deallocate() }

  /// Hands the plan to C; the pointer is valid inside `body`.
  func withPlan<R>(_ body: (UnsafePointer<lathe_plan>) -> R) -> R {
    withExtendedLifetime(self) { withUnsafePointer(to: plan, body) }
  }

  private func findLastUses(_ program: ElementwiseProgram) {
    lastUse.append(repeating: -1, count: program.registerCount)
    for (i, instruction) in program.instructions.enumerated() {
      lastUse[Int(instruction.a)] = Int32(i)
      if instruction.op.arity > 1 { lastUse[Int(instruction.b)] = Int32(i) }
      if instruction.op.arity > 2 { lastUse[Int(instruction.c)] = Int32(i) }
    }
    for output in program.outputs { lastUse[Int(output.register)] = .max }
  }

  private func addInputs(
    _ program: ElementwiseProgram, _ operands: ArraySlice<Operand>, _ axes: CollapsedAxes
  ) {
    for (i, operand) in operands.enumerated() {
      let dtype = program.inputs[i]
      let size = dtype.byteCount
      var input = lathe_input()
      input.base = UnsafePointer(operand.pointer.assumingMemoryBound(to: CChar.self))
      input.element_size = Int32(size)
      var expected = 1
      var isDense = true
      var isConstant = true
      withUnsafeMutableBytes(of: &input.strides) { bytes in
        let strides = bytes.bindMemory(to: Int64.self)
        for axis in axes.sizes.indices.reversed() {
          let stride = axes.strides[i][axis]
          strides[axis] = Int64(stride * size)
          if axes.sizes[axis] > 1 {
            if stride != expected { isDense = false }
            if stride != 0 { isConstant = false }
          }
          expected *= axes.sizes[axis]
        }
      }
      input.is_dense = isDense ? 1 : 0
      input.is_constant = isConstant && !isDense ? 1 : 0
      var raw = UInt16(i)
      if dtype != dtype.computeType { raw = addRegister() }
      input.reg = raw
      if !isDense { slots[Int(raw)] = takeSlot() }
      inputs.append(input)
      cost += 1
      if dtype != dtype.computeType {
        slots[i] = takeSlot()
        steps.append(
          lathe_step(kernel: ElementwiseKernels.load(dtype), out: UInt16(i), a: raw, b: raw, c: raw))
        cost += 1
      }
    }
  }

  private func addScalars(_ program: ElementwiseProgram, _ scalars: [ScalarValue]) {
    for (i, scalar) in scalars.enumerated() {
      let reg = program.inputs.count + i
      let dtype = program.scalars[i]
      let bits: Int64 =
        switch dtype {
        case .float32, .float16, .bfloat16: Int64(scalar.floatValue.bitPattern)
        case .float64: Int64(bitPattern: scalar.doubleValue.bitPattern)
        case .int32, .int8, .int16, .uint16: Int64(Int32(truncatingIfNeeded: scalar.intValue))
        case .int64, .uint32: scalar.intValue
        case .uint8: Int64(UInt8(truncatingIfNeeded: scalar.intValue))
        case .bool: scalar.isTrue ? 1 : 0
        }
      slots[reg] = takeSlot()
      constants.append(
        lathe_constant(bits: bits, element_size: Int32(dtype.byteCount), reg: UInt16(reg)))
    }
  }

  private func addInstructions(
    _ program: ElementwiseProgram, _ targets: ArraySlice<Operand>
  ) {
    let first = program.inputs.count + program.scalars.count
    for (i, instruction) in program.instructions.enumerated() {
      let out = first + i
      let result = instruction.op.resultType(instruction.dtype)
      let stored = program.outputs.firstIndex { Int($0.register) == out && $0.dtype == result }
      if let stored, !targets.isEmpty {
        addOutput(targets[targets.startIndex + stored].pointer, result, register: out)
      } else {
        slots[out] = takeSlot()
      }
      let arity = instruction.op.arity
      let a = instruction.a
      let b = arity > 1 ? instruction.b : a
      let c = arity > 2 ? instruction.c : a
      steps.append(
        lathe_step(
          kernel: ElementwiseKernels.find(instruction.op, instruction.dtype), out: UInt16(out), a: a, b: b,
          c: c))
      cost += ElementwiseKernels.cost(instruction.op)
      // Operands may be the same register: each slot is given back once.
      if lastUse[Int(a)] == Int32(i) { freeSlot(Int(a), first) }
      if b != a && lastUse[Int(b)] == Int32(i) { freeSlot(Int(b), first) }
      if c != a && c != b && lastUse[Int(c)] == Int32(i) { freeSlot(Int(c), first) }
      if lastUse[out] < 0 { freeSlot(out, first) }
    }
  }

  /// Stores what is not computed in place: narrow types, registers stored twice, inputs and scalars.
  private func addStores(_ program: ElementwiseProgram, _ targets: ArraySlice<Operand>) {
    for (output, target) in zip(program.outputs, targets) {
      let base = target.pointer.assumingMemoryBound(to: CChar.self)
      if (0..<outputs.count).contains(where: {
        outputs[$0].reg == output.register && outputs[$0].base == base
      }) {
        continue
      }
      let out = addRegister()
      addOutput(target.pointer, output.dtype, register: Int(out))
      steps.append(
        lathe_step(
          kernel: ElementwiseKernels.store(output.dtype), out: out, a: output.register, b: output.register,
          c: output.register))
      cost += 1
    }
  }

  /// Stores a register in memory: computed there, or in a slot from which it is streamed.
  private func addOutput(_ target: UnsafeMutableRawPointer, _ dtype: DType, register: Int) {
    let streams = CPUBackend.streams(elementCount * dtype.byteCount)
    if streams { slots[register] = takeSlot() }
    outputs.append(
      lathe_output(
        base: target.assumingMemoryBound(to: CChar.self), element_size: Int32(dtype.byteCount),
        reg: UInt16(register), streams: streams ? 1 : 0))
  }

  private func addRegister() -> UInt16 {
    slots.append(-1)
    return UInt16(slots.count - 1)
  }

  private func takeSlot() -> Int32 {
    if let slot = freeSlots.popLast() { return slot }
    plan.slot_count += 1
    return plan.slot_count - 1
  }

  /// Frees the slot of a computed register; those of inputs and constants are filled anew or kept by every block.
  private func freeSlot(_ register: Int, _ firstComputed: Int) {
    if register >= firstComputed && slots[register] >= 0 { freeSlots.append(slots[register]) }
  }
}
