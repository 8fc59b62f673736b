import CPUKernels
import LatheCore

extension CPUBackend {
  package func sort(rows: Int, count: Int, descending: Bool, inputs: [Operand], outputs: [Operand]) throws {
    guard rows * count > 0 else { return }
    counters.launched()
    let dtype = inputs[0].dtype
    let kernel =
      switch dtype {
      case .float32: lathe_sort_f32
      case .float64: lathe_sort_f64
      case .int32: lathe_sort_i32
      case .int64: lathe_sort_i64
      case .uint8: lathe_sort_u8
      case .int8: lathe_sort_i8
      case .int16: lathe_sort_i16
      case .uint16: lathe_sort_u16
      case .uint32: lathe_sort_u32
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

  package func topK(rows: Int, count: Int, k: Int, largest: Bool, inputs: [Operand], outputs: [Operand])
    throws
  {
    guard rows * k > 0 else { return }
    counters.launched()
    let dtype = inputs[0].dtype
    let kernel =
      switch dtype {
      case .float32: lathe_top_f32
      case .float64: lathe_top_f64
      case .int32: lathe_top_i32
      case .int64: lathe_top_i64
      case .uint8: lathe_top_u8
      case .int8: lathe_top_i8
      case .int16: lathe_top_i16
      case .uint16: lathe_top_u16
      case .uint32: lathe_top_u32
      case .float16, .bfloat16, .bool: throw LatheError.unsupported("topK of \(dtype)")
      }
    let size = dtype.byteCount
    nonisolated(unsafe) let x = UnsafeRawPointer(inputs[0].pointer)
    nonisolated(unsafe) let values = outputs[0].pointer
    nonisolated(unsafe) let indices = outputs[1].pointer(as: Int32.self)
    ThreadPool.shared.parallelFor(rows, grain: max(1, 4096 / count)) { range in
      withUnsafeTemporaryAllocation(byteCount: 32 * k, alignment: 16) { scratch in
        for row in range {
          kernel(
            values + row * k * size, indices + row * k, x + row * count * size, count, k, largest,
            scratch.baseAddress)
        }
      }
    }
  }

  package func searchSorted(
    sequences: Int, rows: Int, count: Int, picked: Int, right: Bool, inputs: [Operand], outputs: [Operand]
  ) throws {
    guard rows * picked > 0 else { return }
    counters.launched()
    let dtype = inputs[0].dtype
    let kernel =
      switch dtype {
      case .float32: lathe_search_f32
      case .float64: lathe_search_f64
      case .int32: lathe_search_i32
      case .int64: lathe_search_i64
      default: throw LatheError.unsupported("searchSorted of \(dtype)")
      }
    let size = dtype.byteCount
    nonisolated(unsafe) let sequence = UnsafeRawPointer(inputs[0].pointer)
    nonisolated(unsafe) let values = UnsafeRawPointer(inputs[1].pointer)
    nonisolated(unsafe) let y = outputs[0].pointer(as: Int32.self)
    ThreadPool.shared.parallelFor(rows * picked, grain: 1024) { range in
      var at = range.lowerBound
      while at < range.upperBound {
        let row = at / picked
        let n = min((row + 1) * picked, range.upperBound) - at
        kernel(
          y + at, sequence + (sequences == 1 ? 0 : row) * count * size, values + at * size, count, n, right)
        at += n
      }
    }
  }
}
