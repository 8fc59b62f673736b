import LatheCore

extension Fusion {
  /// Computes pending storages of many tensors together: groups whose programs are the same run in one operation.
  ///
  /// Results take the memory of inputs that nobody else holds. Called under the device's computation lock, which is given
  /// up while programs run; afterwards every storage is ready or failed, or another thread is at it.
  ///
  /// - Parameter groups: Tensors of one shape whose storages are computed by one program, such as a parameter and its
  ///   states.
  static func runEach(_ groups: [[Tensor]], on device: Device) {
    var batches: [Batch] = []
    var places: [Batch.Key: Int] = [:]
    func runBatches() {
      for batch in batches { batch.run(on: device) }
      (batches, places) = ([], [:])
    }
    /// Computes what must be there before a group is taken; what fails stays failed, and fails the group.
    func prepare(_ group: [Tensor]) {
      while let missing = group.lazy.compactMap({ obstacle(below: $0.storage) }).first {
        // It may be in a batch; and nobody waits while others may wait for what was taken.
        runBatches()
        _ = try? missing.lockedBuffer()
      }
    }
    for group in groups { prepare(group) }
    for group in groups {
      prepare(group)
      guard let item = Item(group, on: device) else { continue }
      if let place = places[item.key] {
        batches[place].add(item)
      } else {
        places[item.key] = batches.count
        batches.append(Batch(item))
      }
    }
    runBatches()
  }

  /// The program and the operands of one group.
  private struct Item {
    var key: Batch.Key
    var inputs: [Operand]
    var outputs: [Operand]
    var targets: [Storage]

    /// Nil where nothing is to be computed, or the group has failed.
    init?(_ group: [Tensor], on device: Device) {
      var roots = group.compactMap { if case .pending = $0.storage.state { $0.storage } else { nil } }
      guard let shape = roots.first?.shape else { return nil }
      precondition(roots.allSatisfy { $0.shape == shape }, "storages of several shapes in one group")
      var builder = ProgramBuilder(shape: shape)
      var folded: [(storage: Storage, register: ProgramBuilder.Register)] = []
      targets = []
      var stored: [ElementwiseProgram.Output] = []
      do {
        for root in roots {
          // A root that another one's expression needs is computed there.
          guard builder.register(of: root) == nil else { continue }
          let register = try builder.take(root, folding: &folded)
          builder.remember(register, of: root)
          targets.append(root)
          stored.append(.init(register: register, dtype: root.dtype))
        }
        roots = []
        for i in folded.indices where !isKnownUniquelyReferenced(&folded[i].storage) {
          targets.append(folded[i].storage)
          stored.append(.init(register: folded[i].register, dtype: folded[i].storage.dtype))
        }
        folded = []
        outputs = []
        var used: Set<Int> = []
        for target in targets {
          if let input = builder.ownInput(for: target.dtype, except: used) {
            used.insert(input)
            outputs.append(
              Operand(buffer: builder.inputs[input].buffer, layout: Layout(shape), dtype: target.dtype))
          } else {
            outputs.append(try target.newMemory())
          }
        }
      } catch {
        let error = Dispatch.typed(error)
        for target in group.map(\.storage) + targets + folded.map(\.storage) {
          if case .ready = target.state { continue }
          target.state = .failed(error)
        }
        return nil
      }
      inputs = builder.inputs
      key = Batch.Key(program: builder.program(outputs: stored), scalars: builder.scalars)
    }
  }

  /// Groups of one program.
  private struct Batch {
    struct Key: Hashable {
      var program: ElementwiseProgram
      var scalars: [ScalarValue]
    }

    private let key: Key
    private var items: [Item] = []

    init(_ first: Item) {
      key = first.key
      items = [first]
    }

    mutating func add(_ item: Item) { items.append(item) }

    func run(on device: Device) {
      let some = items.filter { $0.targets[0].shape.elementCount > 0 }
      do {
        if !some.isEmpty {
          let (inputs, outputs) = (some.flatMap(\.inputs), some.flatMap(\.outputs))
          try device.computationLock.unlocked {
            try Dispatch.run(
              .elementwiseEach(key.program, scalars: key.scalars, count: some.count), inputs: inputs,
              outputs: outputs, on: device)
          }
        }
        for item in items {
          for (target, output) in zip(item.targets, item.outputs) { target.state = .ready(output.buffer) }
        }
      } catch {
        let error = Dispatch.typed(error)
        for target in items.flatMap(\.targets) { target.state = .failed(error) }
      }
      device.computationLock.wakeAll()
    }
  }
}
