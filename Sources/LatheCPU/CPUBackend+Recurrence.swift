import CPUKernels
import LatheCore

extension CPUBackend {
  package func recurrence(_ sizes: RecurrentSequence, inputs: [Operand], outputs: [Operand]) throws {
    guard outputs[0].elementCount > 0 else { return }
    counters.launched()
    let floats = inputs.map { $0.pointer(as: Float.self) }
    var rest = floats[3...]
    let states = outputs[0].pointer(as: Float.self)
    let (batch, size, gates) = (sizes.batch, sizes.size, sizes.cell.gateCount)
    let width = lathe_recurrence_width()
    let panels = lathe_recurrence_panels(size)
    var plan = Self.plan(sizes)
    plan.projected = UnsafePointer(floats[0])
    plan.first_h = UnsafePointer(floats[1])
    plan.h = states
    if sizes.cell == .lstm {
      plan.first_c = UnsafePointer(rest.removeFirst())
      plan.c = states + batch * sizes.steps * size
    }
    plan.turn_row = Self.turnRow(size)
    let scratch = try RecurrenceMemory(
      packed: panels * width * gates * size, products: panels * width * gates * batch,
      turns: 2 * batch * plan.turn_row, zeros: gates * size)
    plan.turns = scratch.turns
    for row in 0..<batch {
      (plan.turns + row * plan.turn_row).update(from: plan.first_h + row * size, count: size)
    }
    plan.bias = UnsafePointer(sizes.hasBias ? rest.removeFirst() : scratch.zeros)
    plan.mask = sizes.hasMask ? UnsafePointer(rest.removeFirst()) : nil
    plan.saved = outputs[1].pointer(as: Float.self)
    plan.packed = UnsafePointer(scratch.packed)
    plan.scratch = scratch.products
    let grain = Self.panelGrain(sizes, panels)
    pack(floats[2], sizes, backward: false, scratch.packed, panels, grain)
    withExtendedLifetime(scratch) {
      withUnsafePointer(to: plan) { plan in
        let order = sizes.order
        Self.forEachPart(sizes, turns: order.count, panels, grain) { turn, panels, rows in
          lathe_recurrence_forward(
            plan, turn, order[turn], turn == 0 ? -1 : order[turn - 1], panels.lowerBound, panels.upperBound,
            rows.lowerBound, rows.upperBound)
        }
      }
    }
  }

  package func recurrenceBackward(_ sizes: RecurrentSequence, inputs: [Operand], outputs: [Operand]) throws {
    guard sizes.batch * sizes.size > 0 else { return }
    counters.launched()
    let floats = inputs.map { $0.pointer(as: Float.self) }
    var rest = floats[5...]
    var results = outputs.map { $0.pointer(as: Float.self) }[...]
    let (batch, size, gates) = (sizes.batch, sizes.size, sizes.cell.gateCount)
    let width = lathe_recurrence_width()
    let panels = lathe_recurrence_panels(size)
    let stateCount = batch * sizes.steps * size
    var plan = Self.plan(sizes)
    plan.dh = UnsafePointer(floats[0])
    plan.h = floats[1]
    plan.saved = floats[2]
    plan.first_h = UnsafePointer(floats[3])
    plan.dprojected = results.removeFirst()
    plan.dhidden = sizes.cell == .gru ? results.removeFirst() : plan.dprojected
    plan.carry = results.removeFirst()
    plan.carry.update(repeating: 0, count: batch * size)
    if sizes.cell == .lstm {
      plan.dc = UnsafePointer(floats[0] + stateCount)
      plan.c = floats[1] + stateCount
      plan.first_c = UnsafePointer(rest.removeFirst())
      plan.cell_carry = results.removeFirst()
      plan.cell_carry.update(repeating: 0, count: batch * size)
    }
    plan.mask = sizes.hasMask ? UnsafePointer(rest.removeFirst()) : nil
    plan.turn_row = Self.turnRow(gates * size)
    let scratch = try RecurrenceMemory(
      packed: panels * width * gates * size, products: 0, turns: 2 * batch * plan.turn_row, zeros: 0)
    plan.turns = scratch.turns
    plan.packed = UnsafePointer(scratch.packed)
    let grain = Self.panelGrain(sizes, panels)
    pack(floats[4], sizes, backward: true, scratch.packed, panels, grain)
    withExtendedLifetime(scratch) {
      withUnsafePointer(to: plan) { plan in
        let order = sizes.order.reversed() + [-1, -1]
        Self.forEachPart(sizes, turns: sizes.steps + 1, panels, grain) { turn, panels, rows in
          lathe_recurrence_backward(
            plan, turn, order[turn], order[turn + 1], panels.lowerBound, panels.upperBound, rows.lowerBound,
            rows.upperBound)
        }
      }
    }
  }

  /// Calls a function for all panels of every turn, some at a time, in the order of the turns.
  ///
  /// Threads share the sequences where each has enough of them to use the weights that it reads several times: they then
  /// need not wait for each other at each step. Else they share the panels.
  private static func forEachPart(
    _ sizes: RecurrentSequence, turns: Int, _ panels: Int, _ grain: Int,
    _ body: (_ turn: Int, _ panels: Range<Int>, _ rows: Range<Int>) -> Void
  ) {
    let pool = ThreadPool.shared
    if sizes.batch >= 4 * pool.threadCount {
      let rowsPerThread = (sizes.batch + pool.threadCount - 1) / pool.threadCount
      pool.parallelFor(sizes.batch, grain: rowsPerThread) { rows in
        for turn in 0..<turns { body(turn, 0..<panels, rows) }
      }
    } else {
      for turn in 0..<turns {
        pool.parallelFor(panels, grain: grain) { range in body(turn, range, 0..<sizes.batch) }
      }
    }
  }

  private static func plan(_ sizes: RecurrentSequence) -> lathe_recurrence {
    var plan = lathe_recurrence()
    plan.cell = Int32(sizes.cell.rawValue)
    plan.gates = sizes.cell.gateCount
    plan.kept = sizes.cell.savedCount
    (plan.steps, plan.batch, plan.size) = (sizes.steps, sizes.batch, sizes.size)
    return plan
  }

  /// The distance of rows that a product reads: a line more, so that they spread over the sets of a cache.
  private static func turnRow(_ columns: Int) -> Int { (columns + 15) / 16 * 16 + 16 }

  /// Panels worth another thread at each step.
  private static func panelGrain(_ sizes: RecurrentSequence, _ panels: Int) -> Int {
    let work = sizes.batch * sizes.cell.gateCount * sizes.size * lathe_recurrence_width()
    return max(1, min(panels, MatrixProduct.leastForThread / max(work, 1)))
  }

  private func pack(
    _ weight: UnsafeMutablePointer<Float>, _ sizes: RecurrentSequence, backward: Bool,
    _ packed: UnsafeMutablePointer<Float>, _ panels: Int, _ grain: Int
  ) {
    nonisolated(unsafe) let (weight, packed) = (weight, packed)
    ThreadPool.shared.parallelFor(panels, grain: grain) { range in
      for panel in range {
        lathe_recurrence_pack(weight, sizes.cell.gateCount, sizes.size, backward, panel, packed)
      }
    }
  }
}

/// Scratch memory of a recurrence, given back to the pool with it.
private struct RecurrenceMemory {
  private let buffer: Buffer
  let packed: UnsafeMutablePointer<Float>
  let products: UnsafeMutablePointer<Float>
  /// What the product of a step reads, two in turn.
  let turns: UnsafeMutablePointer<Float>
  /// A bias where there is none.
  let zeros: UnsafeMutablePointer<Float>

  init(packed packedCount: Int, products productCount: Int, turns turnCount: Int, zeros zeroCount: Int) throws
  {
    // The kernel may read a vector behind a panel's end.
    let count = packedCount + productCount + turnCount + zeroCount + 64
    buffer = try CPUBackend.shared.allocate(byteCount: count * 4)
    packed = Operand(buffer: buffer, layout: Layout([count]), dtype: .float32).pointer(as: Float.self)
    products = packed + packedCount
    turns = products + productCount
    zeros = turns + turnCount
    zeros.update(repeating: 0, count: zeroCount)
  }
}
