import CPUKernels
import LatheCore

extension CPUBackend {
  package func matmul(_ product: MatrixMultiplication, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    if outputs[0].dtype == .float64 { return float64Product(product, inputs: inputs, outputs: outputs) }
    let (a, b) = (inputs[0].layout, inputs[1].layout)
    let batchAxes = a.rank - 2
    let bias = product.hasBias ? inputs[2].pointer(as: Float.self) : nil
    var gemm = lathe_gemm(
      m: product.m, n: product.n, k: product.k, a: inputs[0].pointer(as: Float.self),
      a_row: a.strides[batchAxes], a_column: a.strides[batchAxes + 1], b: inputs[1].pointer(as: Float.self),
      b_row: b.strides[batchAxes], b_column: b.strides[batchAxes + 1],
      c: outputs[0].pointer(as: Float.self), c_row: product.n, bias: bias,
      relu: product.activation == .relu)
    var batch = BatchOffsets(a, b, axes: batchAxes)
    if gemm.m == 0 || gemm.n == 0 || batch.count == 0 { return }
    // Matrices that share b and lie one behind the other in a are one tall matrix.
    if let rows = batch.rowsOfOneMatrix(m: product.m, rowStride: gemm.a_row) {
      if product.m == 1, let last = (0..<batchAxes).last(where: { a.shape[$0] > 1 }) {
        gemm.a_row = a.strides[last]
      }
      gemm.m = rows
      batch.count = 1
    }
    if batch.count == 1 {
      MatrixProduct.run(gemm)
      return
    }
    let work = gemm.m * gemm.n * max(gemm.k, 1)
    if work > MatrixProduct.largestOnOneThread && batch.count < 4 * ThreadPool.shared.threadCount
      || MatrixProduct.suitsBLAS(gemm) && BLASLibrary.shared != nil
    {
      for i in 0..<batch.count { MatrixProduct.run(batch.matrix(i, of: gemm)) }
      return
    }
    let grain = max(1, MatrixProduct.leastForThread / work)
    ThreadPool.shared.parallelFor(batch.count, grain: grain) { range in
      for i in range {
        MatrixProduct.runOnThisThread(batch.matrix(i, of: gemm))
      }
    }
  }
}

/// Where the matrices of a batch start.
struct BatchOffsets {
  var count = 1
  let shape: Shape
  let aStrides: Shape
  let bStrides: Shape

  init(_ a: Layout, _ b: Layout, axes: Int) {
    shape = Shape(a.shape.prefix(axes))
    aStrides = Shape(a.strides.prefix(axes))
    bStrides = Shape(b.strides.prefix(axes))
    count = shape.elementCount
  }

  /// The product of one index of the batch.
  func matrix(_ index: Int, of gemm: lathe_gemm) -> lathe_gemm {
    let (a, b) = offsets(index)
    var result = gemm
    result.a += a
    result.b += b
    result.c += index * gemm.m * gemm.n
    return result
  }

  /// Where a and b begin for one index of the batch.
  func offsets(_ index: Int) -> (a: Int, b: Int) {
    var (rest, a, b) = (index, 0, 0)
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) {
      let i = rest % shape[axis]
      rest /= shape[axis]
      a += i * aStrides[axis]
      b += i * bStrides[axis]
    }
    return (a, b)
  }

  /// The rows of all matrices of a, if these are one matrix with evenly spaced rows and b is the same for all.
  func rowsOfOneMatrix(m: Int, rowStride: Int) -> Int? {
    var (rows, step) = (m, m == 1 ? nil : rowStride * m)
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) where shape[axis] != 1 {
      guard bStrides[axis] == 0 else { return nil }
      if let expected = step, aStrides[axis] != expected { return nil }
      step = aStrides[axis] * shape[axis]
      rows *= shape[axis]
    }
    return rows
  }
}
