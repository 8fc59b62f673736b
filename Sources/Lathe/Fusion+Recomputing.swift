import LatheCore

extension Fusion {
  /// Longer expressions are stored: computing them twice costs more than the memory.
  private static let recomputedSize = 4

  /// The elements of a pending 16-bit storage in a type of its own or float32, computed without keeping them; nil where
  /// that would not save memory.
  ///
  /// It saves memory where what the elements are made of is kept anyway, as is the input of an activation function
  /// whose result only a product reads: the tape then holds the first, and the second is made again when needed.
  static func recomputed(_ storage: Storage, as dtype: DType = .float32) -> Storage? {
    storage.device.computationLock.withLock {
      guard isShort(storage), readsOnlyWhatIsKept(storage, limit: storage.byteCount) else { return nil }
      return computed(storage, as: dtype)
    }
  }

  // By itself, so that no copy of the expression lives on: `readsOnlyWhatIsKept` counts references.
  private static func isShort(_ storage: Storage) -> Bool {
    guard case .pending(let expression) = storage.state else { return false }
    return expression.constant == nil && expression.size <= recomputedSize
  }

  private static func computed(_ storage: Storage, as dtype: DType) -> Storage {
    let state: Storage.State
    do {
      var builder = ProgramBuilder(shape: storage.shape)
      let register = builder.rounded(try builder.visit(storage), to: storage.dtype)
      let buffer = try storage.device.backend.allocate(byteCount: storage.elementCount * dtype.byteCount)
      if storage.elementCount > 0 {
        let output = Operand(buffer: buffer, layout: Layout(storage.shape), dtype: dtype)
        let program = builder.program(outputs: [.init(register: register, dtype: dtype)])
        try storage.device.computationLock.unlocked {
          try Dispatch.run(
            .elementwise(program, scalars: builder.scalars), inputs: builder.inputs, outputs: [output],
            on: storage.device)
        }
      }
      state = .ready(buffer)
    } catch {
      state = .failed(Dispatch.typed(error))
    }
    return Storage(device: storage.device, dtype: dtype, shape: storage.shape, state: state)
  }

  /// Whether all memory that a pending storage is made of is held by others too and is no larger than `limit`.
  private static func readsOnlyWhatIsKept(_ storage: Storage, limit: Int) -> Bool {
    guard case .pending(var expression) = storage.state else { return false }
    // Taken out, so that a reference that only the expression holds is unique.
    storage.state = .computing
    defer { storage.state = .pending(expression) }
    for index in expression.operands.indices {
      guard case .storage(var child, let view) = expression.operands[index] else { continue }
      expression.operands[index] = .scalar(.float(0), .float32)
      defer { expression.operands[index] = .storage(child, view) }
      switch child.state {
      case .pending:
        guard view == nil, readsOnlyWhatIsKept(child, limit: limit) else { return false }
      case .ready:
        if child.byteCount > limit || isKnownUniquelyReferenced(&child) { return false }
      case .failed, .computing: return false
      }
    }
    return true
  }
}
