/// A small square matrix.
struct SquareMatrix: Sendable {
  let size: Int
  private var elements: [Double]

  init(_ size: Int) {
    self.size = size
    elements = [Double](repeating: 0, count: size * size)
  }

  static func identity(_ size: Int) -> SquareMatrix {
    var result = SquareMatrix(size)
    for i in 0..<size { result[i, i] = 1 }
    return result
  }

  subscript(row: Int, column: Int) -> Double {
    get { elements[row * size + column] }
    set { elements[row * size + column] = newValue }
  }

  /// The lower triangle L with L L^T equal to this matrix; nil where it is not positive definite.
  func cholesky() -> SquareMatrix? {
    var lower = SquareMatrix(size)
    for i in 0..<size {
      for j in 0...i {
        var sum = self[i, j]
        for k in 0..<j { sum -= lower[i, k] * lower[j, k] }
        if i == j {
          guard sum > 0 else { return nil }
          lower[i, i] = sum.squareRoot()
        } else {
          lower[i, j] = sum / lower[j, j]
        }
      }
    }
    return lower
  }

  /// The solution x of L x = b, for a lower triangle.
  func solvedLower(_ b: [Double]) -> [Double] {
    var x = b
    for i in 0..<size {
      for k in 0..<i { x[i] -= self[i, k] * x[k] }
      x[i] /= self[i, i]
    }
    return x
  }

  /// The solution x of L^T x = b, for a lower triangle.
  func solvedUpper(_ b: [Double]) -> [Double] {
    var x = b
    for i in stride(from: size - 1, through: 0, by: -1) {
      for k in i + 1..<size { x[i] -= self[k, i] * x[k] }
      x[i] /= self[i, i]
    }
    return x
  }
}

/// The eigenvectors of a symmetric matrix, by Jacobi's rotations, and the square roots of its eigenvalues.
struct SymmetricEigen: Sendable {
  private let vectors: SquareMatrix
  private let roots: [Double]

  init(_ matrix: SquareMatrix) {
    let n = matrix.size
    var a = matrix
    var v = SquareMatrix.identity(n)
    for _ in 0..<64 {
      var off = 0.0
      var all = 0.0
      for i in 0..<n {
        for j in 0..<n {
          all += a[i, j] * a[i, j]
          if i != j { off += a[i, j] * a[i, j] }
        }
      }
      if off <= 1e-30 * all { break }
      for p in 0..<n {
        for q in p + 1..<n where a[p, q] != 0 {
          let theta = (a[q, q] - a[p, p]) / (2 * a[p, q])
          let t = (theta < 0 ? -1.0 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<n {
            let (x, y) = (a[k, p], a[k, q])
            a[k, p] = c * x - s * y
            a[k, q] = s * x + c * y
          }
          for k in 0..<n {
            let (x, y) = (a[p, k], a[q, k])
            a[p, k] = c * x - s * y
            a[q, k] = s * x + c * y
          }
          for k in 0..<n {
            let (x, y) = (v[k, p], v[k, q])
            v[k, p] = c * x - s * y
            v[k, q] = s * x + c * y
          }
        }
      }
    }
    vectors = v
    roots = (0..<n).map { max(a[$0, $0], 1e-20).squareRoot() }
  }

  /// B D z: what is drawn from the matrix as a covariance, of independent numbers.
  func scaled(_ z: [Double]) -> [Double] {
    (0..<z.count).map { i in
      (0..<z.count).reduce(0) { $0 + vectors[i, $1] * roots[$1] * z[$1] }
    }
  }

  /// B D^-1 B^T y: the matrix to the power of -1/2 times y.
  func whitened(_ y: [Double]) -> [Double] {
    let turned = (0..<y.count).map { k in
      (0..<y.count).reduce(0) { $0 + vectors[$1, k] * y[$1] } / roots[k]
    }
    return (0..<y.count).map { i in (0..<y.count).reduce(0) { $0 + vectors[i, $1] * turned[$1] } }
  }
}
