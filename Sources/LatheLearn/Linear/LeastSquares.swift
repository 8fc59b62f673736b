import CPUKernels
import LatheCPU

/// Least squares by orthogonal transformations, so that no digits are lost to a product X^T X.
enum LeastSquares {
  /// The triangle R of X = QR, and Q^T y, of rows of which the last column is y: column after column.
  ///
  /// Pieces of the rows are made triangles of side by side, and then those all together.
  static func triangle(_ x: DenseRows) -> DenseMatrix {
    let width = x.columns
    let size = max(4 * width, 512, (x.rows + 63) / 64)
    let pieces = max(1, (x.rows + size - 1) / size)
    var triangles = [DenseMatrix](repeating: DenseMatrix(0, width), count: pieces)
    triangles.withUnsafeMutableBufferPointer { triangles in
      ThreadPool.shared.parallelFor(pieces, grain: 1) { range in
        for piece in range {
          let rows = piece * size..<min((piece + 1) * size, x.rows)
          var a = DenseMatrix(rows.count, width)
          for (i, row) in rows.enumerated() {
            for j in 0..<width { a[i, j] = x.values[row * width + j] }
          }
          triangles[piece] = reduced(a)
        }
      }
    }
    if pieces == 1 { return triangles[0] }
    var stacked = DenseMatrix(triangles.reduce(0) { $0 + $1.rows }, width)
    var first = 0
    for triangle in triangles {
      for j in 0..<width { for i in 0..<triangle.rows { stacked[first + i, j] = triangle[i, j] } }
      first += triangle.rows
    }
    return reduced(stacked)
  }

  /// Householder's reflections, of which only the triangle is kept.
  private static func reduced(_ matrix: DenseMatrix) -> DenseMatrix {
    var a = matrix
    let (rows, columns) = (a.rows, a.columns)
    let kept = min(rows, columns)
    a.elements.withUnsafeMutableBufferPointer { elements in
      guard let start = elements.baseAddress else { return }
      for j in 0..<min(kept, rows - 1) {
        let v = start + j * rows + j
        let count = rows - j
        let length = lathe_linear_dot(v, v, count).squareRoot()
        if length == 0 { continue }
        let head = v[0] + (v[0] < 0 ? -length : length)
        // v^T v / 2 of the reflection's vector.
        let half = length * (length + abs(v[0]))
        let diagonal = v[0] < 0 ? length : -length
        v[0] = head
        for other in j + 1..<max(columns, j + 1) {
          let column = start + other * rows + j
          lathe_linear_add(-lathe_linear_dot(v, column, count) / half, v, column, count)
        }
        v[0] = diagonal
        for i in 1..<count { v[i] = 0 }
      }
    }
    var result = DenseMatrix(kept, columns)
    for j in 0..<columns { for i in 0..<min(kept, j + 1) { result[i, j] = a[i, j] } }
    if rows < columns { for j in kept..<columns { for i in 0..<kept { result[i, j] = a[i, j] } } }
    return result
  }

  /// The w that makes |y - X w|^2 + l2 |w|^2 least, the shortest of them where there are several.
  ///
  /// - Parameters:
  ///   - x: Rows of which the last column is y.
  ///   - l2: The factor of the penalty.
  ///   - tolerance: The part of the largest singular value below which one counts as zero.
  static func solve(_ x: DenseRows, l2: Double, tolerance: Double) -> (weights: [Double], rank: Int) {
    let columns = x.columns - 1
    let triangle = triangle(x)
    let height = min(triangle.rows, columns)
    var r = DenseMatrix(height, columns)
    for j in 0..<columns { for i in 0..<height { r[i, j] = triangle[i, j] } }
    let (u, s, vt) = r.singularValueDecomposition()
    var weights = [Double](repeating: 0, count: columns)
    var rank = 0
    for (k, value) in s.enumerated() where value > tolerance * (s.first ?? 0) && value > 0 {
      rank += 1
      var share = 0.0
      for i in 0..<height { share += u[i, k] * triangle[i, columns] }
      share *= value / (value * value + l2)
      for j in 0..<columns { weights[j] += share * vt[k, j] }
    }
    return (weights, rank)
  }
}
