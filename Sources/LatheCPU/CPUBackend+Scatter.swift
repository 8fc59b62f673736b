import CPUKernels
import LatheCore

extension CPUBackend {
  package func scatter(
    _ rule: ScatterRule, outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand],
    outputs: [Operand]
  ) throws {
    guard outputs[0].elementCount > 0 else { return }
    counters.launched()
    let dtype = inputs[0].dtype
    guard let kernel = Self.scatterKernel(rule, dtype) else {
      throw LatheError.unsupported("scatter \(rule) of \(dtype)")
    }
    let size = dtype.byteCount
    let index = IndexOperand(inputs[1], outer: outer, picked: picked, inner: inner)
    let width = index.isRow ? 1 : inner
    let resolved = try index.resolved("scatter", outer: outer, count: count)
    nonisolated(unsafe) let base = inputs[0].pointer
    nonisolated(unsafe) let source = inputs[2].pointer
    nonisolated(unsafe) let y = outputs[0].pointer
    // Each thread has rows of its own and walks all indices, so that those of one place keep their order.
    let isRow: Int32 = index.isRow ? 1 : 0
    resolved.withUnsafeBufferPointer { buffer in
      nonisolated(unsafe) let indices = buffer
      ThreadPool.shared.parallelFor(outer * count, grain: max(1, 16 * 1024 / inner)) { range in
        (y + range.lowerBound * inner * size).copyMemory(
          from: base + range.lowerBound * inner * size, byteCount: range.count * inner * size)
        for o in range.lowerBound / count...(range.upperBound - 1) / count {
          let rows = range.clamped(to: o * count..<(o + 1) * count)
          kernel(
            y + o * count * inner * size, source + o * picked * inner * size,
            indices.baseAddress.map { $0 + o * picked * width }, isRow, picked, inner,
            rows.lowerBound - o * count,
            rows.upperBound - o * count)
        }
      }
    }
  }

  private typealias ScatterKernel =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafeRawPointer?, UnsafePointer<Int32>?, Int32, Int, Int, Int, Int
    ) -> Void

  private static func scatterKernel(_ rule: ScatterRule, _ dtype: DType) -> ScatterKernel? {
    switch (rule, dtype) {
    case (.set, _):
      switch dtype.byteCount {
      case 1: lathe_scatter_set_8
      case 2: lathe_scatter_set_16
      case 4: lathe_scatter_set_32
      default: lathe_scatter_set_64
      }
    case (.product, .float32): lathe_scatter_product_f32
    case (.product, .float64): lathe_scatter_product_f64
    case (.product, .int32): lathe_scatter_product_i32
    case (.product, .int64): lathe_scatter_product_i64
    case (.maximum, .float32): lathe_scatter_maximum_f32
    case (.maximum, .float64): lathe_scatter_maximum_f64
    case (.maximum, .int32): lathe_scatter_maximum_i32
    case (.maximum, .int64): lathe_scatter_maximum_i64
    case (.minimum, .float32): lathe_scatter_minimum_f32
    case (.minimum, .float64): lathe_scatter_minimum_f64
    case (.minimum, .int32): lathe_scatter_minimum_i32
    case (.minimum, .int64): lathe_scatter_minimum_i64
    default: nil
    }
  }
}
