import CPUKernels
import LatheCore

extension CPUBackend {
  package func elementwise(
    _ program: ElementwiseProgram, _ scalars: [ScalarValue], inputs: [Operand], outputs: [Operand]
  ) throws {
    guard let shape = outputs.first?.shape, shape.elementCount > 0 else { return }
    counters.launched()
    let axes = CollapsedAxes(shape: shape, operands: inputs[...])
    let plan = ElementwisePlan(
      program, scalars: scalars, inputs: inputs[...], axes: axes, targets: outputs[...])
    plan.withPlan { pointer in
      ThreadPool.shared.parallelFor(shape.elementCount, grain: Self.grain(cost: plan.cost)) { range in
        lathe_plan_run(pointer, range.lowerBound, range.upperBound)
      }
    }
  }

  /// The number of elements worth another thread, a multiple of the block: about 20 microseconds of work.
  static func grain(cost: Int) -> Int {
    let block = Int(LATHE_BLOCK)
    return max(1, 96 / max(cost, 1)) * block
  }
}
