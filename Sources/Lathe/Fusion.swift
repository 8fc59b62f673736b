import LatheCore

/// Turns deferred expressions into one element-wise program and runs it.
enum Fusion {
  /// Limits of one program: small enough for every driver's argument limit and for registers.
  static let maximumSize = 32
  static let maximumLeaves = 12

  /// Computes a pending storage, together with every pending one below it that somebody still holds.
  ///
  /// Called under the device's computation lock, which is given up while the program runs. Afterwards the storage is
  /// ready or failed, or another thread is at it.
  static func run(_ root: Storage) {
    var builder = ProgramBuilder(shape: root.shape)
    // Each storage that is folded in, held once, so that uniqueness tells whether somebody outside holds it.
    var folded: [(storage: Storage, register: ProgramBuilder.Register)] = []
    do {
      // Waited for before anything is taken: so nobody waits while others may wait for what was taken.
      while let missing = obstacle(below: root) { _ = try missing.lockedBuffer() }
      // Another thread may have come first.
      guard case .pending = root.state else { return }
      let register = try builder.take(root, folding: &folded)
      var targets = [root]
      var outputs = [ElementwiseProgram.Output(register: register, dtype: root.dtype)]
      for i in folded.indices where !isKnownUniquelyReferenced(&folded[i].storage) {
        let storage = folded[i].storage
        targets.append(storage)
        outputs.append(.init(register: folded[i].register, dtype: storage.dtype))
      }
      let device = root.device
      var results: [Operand] = []
      results.reserveCapacity(targets.count)
      for target in targets { results.append(try target.newMemory()) }
      if root.elementCount > 0 {
        let program = builder.program(outputs: consume outputs)
        try device.computationLock.unlocked {
          try Dispatch.run(
            .elementwise(program, scalars: builder.scalars), inputs: builder.inputs, outputs: results,
            on: device)
        }
        device.backend.counters.fused(max(0, program.instructions.count - 1))
      }
      for (target, result) in zip(targets, results) { target.state = .ready(result.buffer) }
      device.computationLock.wakeAll()
    } catch {
      let error = Dispatch.typed(error)
      root.state = .failed(error)
      for entry in folded { entry.storage.state = .failed(error) }
      root.device.computationLock.wakeAll()
    }
  }

  /// Memory below a pending storage that must be there before the storage can be taken, nil where there is none.
  ///
  /// It is read through a view and still to be computed, or it is being computed.
  static func obstacle(below storage: Storage) -> Storage? {
    guard case .pending(let expression) = storage.state else { return nil }
    for operand in expression.operands {
      guard case .storage(let child, let view) = operand else { continue }
      switch child.state {
      case .pending where view == nil: if let found = obstacle(below: child) { return found }
      case .pending, .computing: return child
      case .ready, .failed: break
      }
    }
    return nil
  }

  /// The program that computes a pending storage inside another kernel, without storing it, and the register with the
  /// elements as the storage would keep them; nil where the storage is not pending or was computed that way before.
  static func absorb(_ storage: Storage) throws -> (
    builder: ProgramBuilder, register: ProgramBuilder.Register
  )? {
    guard case .pending = storage.state, !storage.wasAbsorbed else { return nil }
    var builder = ProgramBuilder(shape: storage.shape)
    let register = builder.rounded(try builder.visit(storage), to: storage.dtype)
    storage.wasAbsorbed = true
    return (builder, register)
  }
}
