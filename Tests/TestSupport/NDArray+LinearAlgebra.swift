import Glibc

extension NDArray {
  /// The i-th matrix of [..., m, n].
  private func matrix(_ i: Int) -> NDArray {
    let size = shape[rank - 2] * shape[rank - 1]
    return NDArray(Array(shape.suffix(2)), Array(values[i * size..<(i + 1) * size]))
  }

  /// A function of every matrix of [..., m, n].
  package func mapMatrices(_ body: (NDArray) -> NDArray) -> NDArray {
    let front = Array(shape.dropLast(2))
    let results = (0..<front.reduce(1, *)).map { body(matrix($0)) }
    return NDArray(front + results[0].shape, results.flatMap(\.values))
  }

  /// a with a a^T equal to a positive definite matrix, by the definition of its elements.
  package func cholesky() -> NDArray {
    var l = NDArray(shape, filledWith: 0)
    for i in 0..<shape[0] {
      for j in 0...i {
        let sum = (0..<j).map { l[i, $0] * l[j, $0] }.reduce(0, +)
        l[i, j] = i == j ? (self[i, i] - sum).squareRoot() : (self[i, j] - sum) / l[j, j]
      }
    }
    return l
  }

  /// Gram and Schmidt's: columns of length 1, each without its share in those in front.
  package func qr() -> (q: NDArray, r: NDArray) {
    let (m, n) = (shape[0], shape[1])
    let k = Swift.min(m, n)
    var q = NDArray([m, k], filledWith: 0)
    for j in 0..<k {
      var column = (0..<m).map { self[$0, j] }
      for _ in 0..<2 {
        for p in 0..<j {
          let share = (0..<m).map { q[$0, p] * column[$0] }.reduce(0, +)
          for i in 0..<m { column[i] -= share * q[i, p] }
        }
      }
      let length = column.map { $0 * $0 }.reduce(0, +).squareRoot()
      for i in 0..<m { q[i, j] = column[i] / length }
    }
    return (q, NDArray.matmul(q.transposed(), self))
  }

  /// By elimination with the largest pivot.
  package func solve(_ b: NDArray) -> NDArray {
    let n = shape[0]
    var (a, x) = (self, b)
    for k in 0..<n {
      let pivot = (k..<n).max { Swift.abs(a[$0, k]) < Swift.abs(a[$1, k]) } ?? k
      for j in 0..<n { (a[k, j], a[pivot, j]) = (a[pivot, j], a[k, j]) }
      for j in 0..<x.shape[1] { (x[k, j], x[pivot, j]) = (x[pivot, j], x[k, j]) }
      for i in 0..<n where i != k {
        let factor = a[i, k] / a[k, k]
        for j in 0..<n { a[i, j] -= factor * a[k, j] }
        for j in 0..<x.shape[1] { x[i, j] -= factor * x[k, j] }
      }
    }
    return NDArray(x.shape) { x[$0[0], $0[1]] / a[$0[0], $0[0]] }
  }

  /// By Laplace's expansion along the first row.
  package func determinant() -> Double {
    if shape[0] == 0 { return 1 }
    return (0..<shape[0]).map { j in
      let minor = NDArray([shape[0] - 1, shape[0] - 1]) { self[$0[0] + 1, $0[1] < j ? $0[1] : $0[1] + 1] }
      return (j % 2 == 0 ? 1 : -1) * self[0, j] * minor.determinant()
    }.reduce(0, +)
  }

  /// Eigenvalues, rising, and vectors of a symmetric matrix: rotated until nothing is left beside the diagonal.
  package func eigh() -> (values: [Double], vectors: NDArray) {
    let n = shape[0]
    var (a, v) = (self, NDArray([n, n]) { Scalar.truth($0[0] == $0[1]) })
    for _ in 0..<100 {
      for p in 0..<n {
        for q in (p + 1)..<Swift.max(n, p + 1) {
          let angle = 0.5 * atan2(2 * a[p, q], a[q, q] - a[p, p])
          let turn = NDArray([n, n]) { i in
            switch (i[0], i[1]) {
            case (p, p), (q, q): cos(angle)
            case (p, q): sin(angle)
            case (q, p): -sin(angle)
            default: Scalar.truth(i[0] == i[1])
            }
          }
          a = NDArray.matmul(NDArray.matmul(turn.transposed(), a), turn)
          v = NDArray.matmul(v, turn)
        }
      }
    }
    let order = (0..<n).sorted { a[$0, $0] < a[$1, $1] }
    return (order.map { a[$0, $0] }, v.picking(1, order))
  }
}
