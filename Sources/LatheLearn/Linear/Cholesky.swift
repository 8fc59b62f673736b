import CPUKernels
import LatheCPU

/// A symmetric, positive matrix as L L^T, L a lower triangle; rows lie behind each other.
struct Cholesky: Sendable {
  let size: Int
  private(set) var lower: [Double]

  /// Nil where the matrix is not positive.
  init?(_ matrix: [Double], size: Int) {
    self.size = size
    lower = matrix
    let isPositive = lower.withUnsafeMutableBufferPointer { lower -> Bool in
      guard let start = lower.baseAddress else { return true }
      nonisolated(unsafe) let l = start
      for j in 0..<size {
        let square = l[j * size + j] - lathe_linear_dot(l + j * size, l + j * size, j)
        guard square > 0, square.isFinite else { return false }
        let root = square.squareRoot()
        l[j * size + j] = root
        ThreadPool.shared.parallelFor(size - j - 1, grain: max(16, (1 << 14) / (j + 1))) { range in
          for i in range {
            let row = l + (j + 1 + i) * size
            row[j] = (row[j] - lathe_linear_dot(row, l + j * size, j)) / root
          }
        }
      }
      for i in 0..<size { for j in i + 1..<max(size, i + 1) { l[i * size + j] = 0 } }
      return true
    }
    guard isPositive else { return nil }
  }

  /// The logarithm of the determinant.
  var logDeterminant: Double { (0..<size).reduce(0) { $0 + 2 * logarithm(lower[$1 * size + $1]) } }

  /// The x of L x = b.
  func forward(_ b: [Double]) -> [Double] {
    var x = b
    for i in 0..<size {
      var sum = x[i]
      for j in 0..<i { sum -= lower[i * size + j] * x[j] }
      x[i] = sum / lower[i * size + i]
    }
    return x
  }

  /// The x of L^T x = b.
  func backward(_ b: [Double]) -> [Double] {
    var x = b
    for i in (0..<size).reversed() {
      x[i] /= lower[i * size + i]
      for j in 0..<i { x[j] -= lower[i * size + j] * x[i] }
    }
    return x
  }

  /// The x of A x = b.
  func solve(_ b: [Double]) -> [Double] { backward(forward(b)) }

  /// The inverse of A, row after row.
  var inverse: [Double] {
    var result = [Double](repeating: 0, count: size * size)
    result.withUnsafeMutableBufferPointer { result in
      nonisolated(unsafe) let result = result
      ThreadPool.shared.parallelFor(size, grain: 4) { range in
        for k in range {
          var unit = [Double](repeating: 0, count: size)
          unit[k] = 1
          for (i, value) in solve(unit).enumerated() { result[k * size + i] = value }
        }
      }
    }
    return result
  }
}
