import CPUKernels
import LatheCore

extension CPUBackend {
  package func cumulativeSum(outer: Int, count: Int, inner: Int, inputs: [Operand], outputs: [Operand]) throws
  {
    let kernel =
      switch inputs[0].dtype {
      case .float32: lathe_cumulative_sum_f32
      case .float64: lathe_cumulative_sum_f64
      case .int32: lathe_cumulative_sum_i32
      case .int64: lathe_cumulative_sum_i64
      default: throw LatheError.unsupported("cumulativeSum of \(inputs[0].dtype)")
      }
    cumulate(outer: outer, count: count, inner: inner, inputs[0], outputs) { x, y, _ in
      kernel(y, x, count, inner)
    }
  }

  package func cumulativeProduct(outer: Int, count: Int, inner: Int, inputs: [Operand], outputs: [Operand])
    throws
  {
    let kernel =
      switch inputs[0].dtype {
      case .float32: lathe_cumulative_product_f32
      case .float64: lathe_cumulative_product_f64
      case .int32: lathe_cumulative_product_i32
      case .int64: lathe_cumulative_product_i64
      default: throw LatheError.unsupported("cumulativeProduct of \(inputs[0].dtype)")
      }
    cumulate(outer: outer, count: count, inner: inner, inputs[0], outputs) { x, y, _ in
      kernel(y, x, count, inner)
    }
  }

  package func cumulativeExtremum(
    outer: Int, count: Int, inner: Int, largest: Bool, inputs: [Operand], outputs: [Operand]
  ) throws {
    let kernel =
      switch inputs[0].dtype {
      case .float32: lathe_cumulative_extremum_f32
      case .float64: lathe_cumulative_extremum_f64
      case .int32: lathe_cumulative_extremum_i32
      case .int64: lathe_cumulative_extremum_i64
      default: throw LatheError.unsupported("cumulativeExtremum of \(inputs[0].dtype)")
      }
    nonisolated(unsafe) let index = outputs[1].pointer(as: Int32.self)
    cumulate(outer: outer, count: count, inner: inner, inputs[0], outputs) { x, y, first in
      kernel(y, index + first, x, count, inner, largest)
    }
  }

  /// Hands the first element of each line along the middle axis to `body`: of x, of y, and its place.
  private func cumulate(
    outer: Int, count: Int, inner: Int, _ input: Operand, _ outputs: [Operand],
    _ body: (UnsafeRawPointer, UnsafeMutableRawPointer, Int) -> Void
  ) {
    guard outputs[0].elementCount > 0 else { return }
    counters.launched()
    nonisolated(unsafe) let x = UnsafeRawPointer(input.pointer)
    nonisolated(unsafe) let y = outputs[0].pointer
    let size = input.dtype.byteCount
    ThreadPool.shared.parallelFor(outer * inner, grain: max(1, 8192 / count)) { range in
      for i in range {
        let (o, j) = i.quotientAndRemainder(dividingBy: inner)
        let first = o * count * inner + j
        body(x + first * size, y + first * size, first)
      }
    }
  }
}
