import CPUKernels
import LatheCore

// Operations on many tensors in one pass, such as an optimizer's step.

extension CPUBackend {
  package func elementwiseEach(
    _ program: ElementwiseProgram, scalars: [ScalarValue], count: Int, inputs: [Operand], outputs: [Operand]
  ) throws {
    counters.launched()
    let (reads, writes) = (program.inputs.count, program.outputs.count)
    let plans = (0..<count).map { tensor in
      let from = inputs[reads * tensor..<reads * (tensor + 1)]
      let to = outputs[writes * tensor..<writes * (tensor + 1)]
      let axes = CollapsedAxes(shape: to[to.startIndex].shape, operands: from)
      return ElementwisePlan(program, scalars: scalars, inputs: from, axes: axes, targets: to)
    }
    let sizes = (0..<count).map { outputs[writes * $0].elementCount }
    forEachPart(sizes) { tensor, range in
      plans[tensor].withPlan { lathe_plan_run($0, range.lowerBound, range.upperBound) }
    }
  }

  package func sumEach(_ sums: [AxisSum], squares: Bool, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    /// Columns of a part, 16 of the kernel's vectors.
    let width = 256
    var parts: [(tensor: Int, outer: Range<Int>, inner: Range<Int>, first: Int)] = []
    var (first, total) = (0, 0)
    for (tensor, sum) in sums.enumerated() {
      // Rows of few elements share a part.
      let rows = sum.inner == 1 ? max(1, (1 << 14) / max(sum.count, 1)) : 1
      for start in stride(from: 0, to: sum.outer, by: rows) {
        for column in stride(from: 0, to: sum.inner, by: width) {
          parts.append(
            (tensor, start..<min(start + rows, sum.outer), column..<min(column + width, sum.inner), first))
        }
      }
      first += sum.sumCount
      total += sum.elementCount
    }
    nonisolated(unsafe) let y = outputs[0].pointer(as: Float.self)
    ThreadPool.shared.parallelFor(parts.count, grain: total < 1 << 15 ? parts.count : 1) { range in
      for (tensor, outer, inner, first) in parts[range] {
        let sum = sums[tensor]
        let x = inputs[tensor].pointer(as: Float.self)
        for o in outer {
          let row = x + o * sum.count * sum.inner
          if sum.inner == 1 {
            let length = min(sum.count, sum.elementCount - o * sum.count)
            y[first + o] = Float(lathe_sum_run(row, length, squares) / Double(sum.divisor))
          } else {
            lathe_sum_columns(
              y + first + o * sum.inner + inner.lowerBound, row + inner.lowerBound, sum.count, sum.inner,
              inner.count, squares, sum.divisor)
          }
        }
      }
    }
  }

  /// Cuts tensors of given sizes into parts of at most 16,384 elements and runs `body` on each, on all threads.
  func forEachPart(_ sizes: [Int], _ body: (_ tensor: Int, _ range: Range<Int>) -> Void) {
    let length = 1 << 14
    var parts: [(tensor: Int, range: Range<Int>)] = []
    for (tensor, size) in sizes.enumerated() {
      for start in stride(from: 0, to: size, by: length) {
        parts.append((tensor, start..<min(start + length, size)))
      }
    }
    let total = sizes.reduce(0, +)
    let grain = total < 2 * length ? parts.count : 1
    ThreadPool.shared.parallelFor(parts.count, grain: grain) { range in
      for part in parts[range] { body(part.tensor, part.range) }
    }
  }
}
