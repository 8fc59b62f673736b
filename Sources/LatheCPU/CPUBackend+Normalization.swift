import CPUKernels
import LatheCore

extension CPUBackend {
  package func layerNorm(
    rows: Int, columns: Int, epsilon: Float, affine: Bool, inputs: [Operand], outputs: [Operand]
  ) throws {
    counters.launched()
    let x = inputs[0].pointer(as: Float.self)
    let weight = affine ? inputs[1].pointer(as: Float.self) : nil
    let bias = affine ? inputs[2].pointer(as: Float.self) : nil
    let y = outputs[0].pointer(as: Float.self)
    let (mean, rstd) = (outputs[1].pointer(as: Float.self), outputs[2].pointer(as: Float.self))
    let streams = Self.streams(rows * columns * 4)
    ThreadPool.shared.parallelFor(rows, grain: rowGrain(columns)) { range in
      lathe_layer_norm(
        x, weight, bias, y, mean, rstd, columns, epsilon, streams, range.lowerBound, range.upperBound)
    }
  }

  package func rmsNorm(
    rows: Int, columns: Int, epsilon: Float, weighted: Bool, inputs: [Operand], outputs: [Operand]
  ) throws {
    guard outputs[0].elementCount > 0 else { return }
    counters.launched()
    let x = inputs[0].pointer(as: Float.self)
    let weight = weighted ? inputs[1].pointer(as: Float.self) : nil
    let y = outputs[0].pointer(as: Float.self)
    let streams = Self.streams(rows * columns * 4)
    ThreadPool.shared.parallelFor(rows, grain: rowGrain(columns)) { range in
      lathe_rms_norm(x, weight, y, columns, epsilon, streams, range.lowerBound, range.upperBound)
    }
  }

  package func layerNormBackward(rows: Int, columns: Int, affine: Bool, inputs: [Operand], outputs: [Operand])
    throws
  {
    counters.launched()
    let (dy, x) = (inputs[0].pointer(as: Float.self), inputs[1].pointer(as: Float.self))
    let (mean, rstd) = (inputs[2].pointer(as: Float.self), inputs[3].pointer(as: Float.self))
    let weight = affine ? inputs[4].pointer(as: Float.self) : nil
    let dx = outputs[0].pointer(as: Float.self)
    let streams = Self.streams(rows * columns * 4)
    guard affine else {
      ThreadPool.shared.parallelFor(rows, grain: rowGrain(columns)) { range in
        lathe_layer_norm_backward(
          dy, x, mean, rstd, nil, dx, nil, nil, columns, streams, range.lowerBound, range.upperBound)
      }
      return
    }
    // The number of slices depends on the sizes alone, so that the sums do not depend on the threads.
    let (dweight, dbias) = (outputs[1].pointer(as: Float.self), outputs[2].pointer(as: Float.self))
    let slices = max(1, min(32, rows / 16))
    // Of each slice two sums for each column in float64, then those of a run of rows in float32.
    let size = 2 * columns
    guard let workspace = lathe_workspace(LATHE_WORKSPACE_PARTIAL, 3 * slices * size) else { return }
    ThreadPool.shared.parallelFor(slices, grain: max(1, slices * 16384 / max(rows * columns, 1))) { range in
      let sums = UnsafeMutableRawPointer(workspace).assumingMemoryBound(to: Double.self)
      let runs = workspace + 2 * slices * size
      for slice in range {
        lathe_layer_norm_backward(
          dy, x, mean, rstd, weight, dx, sums + slice * size, runs + slice * size, columns, streams,
          rows * slice / slices, rows * (slice + 1) / slices)
      }
    }
    let sums = UnsafeMutableRawPointer(workspace).assumingMemoryBound(to: Double.self)
    lathe_sum_rows(sums, slices, size, columns, dweight)
    lathe_sum_rows(sums + columns, slices, size, columns, dbias)
  }
}
