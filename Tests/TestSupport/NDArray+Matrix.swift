extension NDArray {
  /// NumPy's matmul: vectors, matrices, batches with broadcasting.
  package static func matmul(_ a: NDArray, _ b: NDArray) -> NDArray {
    if a.rank == 1 {
      let result = matmul(a.unsqueezed(0), b.rank == 1 ? b.unsqueezed(1) : b)
      return b.rank == 1 ? result.reshaped([]) : result.selected(-2, 0)
    }
    if b.rank == 1 { return matmul(a, b.unsqueezed(1)).selected(-1, 0) }
    let m = a.shape[a.rank - 2]
    let k = a.shape[a.rank - 1]
    let n = b.shape[b.rank - 1]
    precondition(b.shape[b.rank - 2] == k, "matmul: \(a.shape) x \(b.shape)")
    let batch = broadcast(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
    let a = a.expanded(to: batch + [m, k])
    let b = b.expanded(to: batch + [k, n])
    var values: [Double] = []
    for matrix in 0..<batch.reduce(1, *) {
      for i in 0..<m {
        for j in 0..<n {
          var sum = 0.0
          for l in 0..<k { sum += a.values[(matrix * m + i) * k + l] * b.values[(matrix * k + l) * n + j] }
          values.append(sum)
        }
      }
    }
    return NDArray(batch + [m, n], values)
  }
}
