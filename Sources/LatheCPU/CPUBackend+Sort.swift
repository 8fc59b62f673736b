import CPUKernels
import LatheCore

extension CPUBackend {
  func sort(rows: Int, count: Int, descending: Bool, inputs: [Operand], outputs: [Operand]) throws {
    guard rows * count > 0 else { return }
    counters.launched()
    let dtype = inputs[0].dtype
    let kernel =
      switch dtype {
      case .float32: lathe_sort_f32
      case .int32: lathe_sort_i32
      case .int64: lathe_sort_i64
      case .uint8: lathe_sort_u8
      case .float16, .bfloat16, .bool: throw LatheError.unsupported("sort of \(dtype)")
      }
    let size = dtype.byteCount
    nonisolated(unsafe) let x = UnsafeRawPointer(inputs[0].pointer)
    nonisolated(unsafe) let values = outputs[0].pointer
    nonisolated(unsafe) let indices = outputs[1].pointer(as: Int32.self)
    ThreadPool.shared.parallelFor(rows, grain: max(1, 4096 / count)) { range in
      withUnsafeTemporaryAllocation(byteCount: 32 * count, alignment: 16) { scratch in
        for row in range {
          kernel(
            values + row * count * size, indices + row * count, x + row * count * size, count, descending,
            scratch.baseAddress)
        }
      }
    }
  }
}
