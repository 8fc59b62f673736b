import CPUKernels
import LatheCore

extension CPUBackend {
  package func reduce(_ reduction: Reduction, inputs: [Operand], outputs: [Operand]) throws {
    guard let output = outputs.first, output.elementCount > 0 else { return }
    precondition(!inputs.isEmpty, "a reduction needs an input")
    counters.launched()
    let job = ReductionJob(reduction, inputs: inputs, output: output)
    if job.length == 0 {
      job.store([Int64](repeating: job.identity, count: output.elementCount), at: 0)
    } else if job.inner == 1 {
      job.reduceRows()
    } else {
      job.reduceColumns()
    }
  }

  package func argReduce(
    outer: Int, count: Int, inner: Int, largest: Bool, inputs: [Operand], outputs: [Operand]
  )
    throws
  {
    counters.launched()
    let dtype = inputs[0].dtype
    let kernel =
      switch dtype {
      case .float32: lathe_arg_f32
      case .float64: lathe_arg_f64
      case .float16: lathe_arg_f16
      case .bfloat16: lathe_arg_bf16
      case .int32: lathe_arg_i32
      case .int64: lathe_arg_i64
      case .uint8, .bool: lathe_arg_u8
      case .int8: lathe_arg_i8
      case .int16: lathe_arg_i16
      case .uint16: lathe_arg_u16
      case .uint32: lathe_arg_u32
      }
    nonisolated(unsafe) let x = UnsafeRawPointer(inputs[0].pointer)
    nonisolated(unsafe) let y = outputs[0].pointer(as: Int32.self)
    let size = dtype.byteCount
    ThreadPool.shared.parallelFor(outer * inner, grain: max(1, 8192 / max(count, 1))) { range in
      for i in range {
        let (o, j) = i.quotientAndRemainder(dividingBy: inner)
        y[i] = kernel(x + (o * count * inner + j) * size, count, inner, largest)
      }
    }
  }
}
