import LatheCore

// Lathe's own factorizations, for hosts without LAPACK.

extension DenseMatrix {
  /// The lower triangle l with l l^T = this; nil where the matrix is not positive definite.
  func cholesky() -> DenseMatrix? {
    var l = DenseMatrix(rows, rows)
    for j in 0..<rows {
      var pivot = self[j, j]
      for k in 0..<j { pivot -= l[j, k] * l[j, k] }
      guard pivot > 0 else { return nil }
      let root = pivot.squareRoot()
      l[j, j] = root
      for i in j + 1..<max(rows, j + 1) {
        var sum = self[i, j]
        for k in 0..<j { sum -= l[i, k] * l[j, k] }
        l[i, j] = sum / root
      }
    }
    return l
  }

  /// Both triangles in one matrix, and the row that each step exchanged with (partial pivoting).
  func lu() -> (packed: DenseMatrix, pivots: [Int]) {
    var a = self
    var pivots: [Int] = []
    for k in 0..<rows {
      let pivot = (k..<rows).max { abs(a[$0, k]) < abs(a[$1, k]) } ?? k
      pivots.append(pivot)
      if pivot != k {
        for j in 0..<rows {
          let t = a[k, j]
          a[k, j] = a[pivot, j]
          a[pivot, j] = t
        }
      }
      guard a[k, k] != 0 else { continue }
      for i in k + 1..<max(rows, k + 1) { a[i, k] /= a[k, k] }
      for j in k + 1..<max(rows, k + 1) {
        let factor = a[k, j]
        if factor == 0 { continue }
        for i in k + 1..<rows { a[i, j] -= a[i, k] * factor }
      }
    }
    return (a, pivots)
  }

  /// Householder's reflections (1958), with LAPACK's signs.
  func qr() -> (q: DenseMatrix, r: DenseMatrix) {
    var a = self
    let k = min(rows, columns)
    var reflections: [[Double]] = []
    for j in 0..<k {
      let length = a.dot(j, j, from: j).squareRoot()
      var v = [Double](repeating: 0, count: rows)
      for i in j..<rows { v[i] = a[i, j] }
      // A column that is zero below the diagonal stays.
      let below = (j + 1..<max(rows, j + 1)).contains { v[$0] != 0 }
      if below { v[j] += v[j] < 0 ? -length : length } else { v = [] }
      reflections.append(v)
      a.reflect(v, from: j)
    }
    var r = DenseMatrix(k, columns)
    for j in 0..<columns {
      for i in 0...max(0, min(j, k - 1)) where k > 0 { r[i, j] = a[i, j] }
    }
    var q = DenseMatrix(rows, k)
    for j in 0..<k { q[j, j] = 1 }
    for j in (0..<k).reversed() { q.reflect(reflections[j], from: j) }
    return (q, r)
  }

  /// Every column mirrored at the plane that a vector is perpendicular to.
  private mutating func reflect(_ v: [Double], from first: Int) {
    if v.isEmpty { return }
    let square = v.reduce(0) { $0 + $1 * $1 }
    if square == 0 { return }
    for j in 0..<columns {
      var sum = 0.0
      for i in first..<rows { sum += v[i] * self[i, j] }
      let factor = 2 * sum / square
      for i in first..<rows { self[i, j] -= factor * v[i] }
    }
  }

  /// Rising eigenvalues and vectors of a symmetric matrix by Jacobi's rotations (1846).
  func eigh() -> (values: [Double], vectors: DenseMatrix) {
    var a = self
    for j in 0..<rows {
      for i in 0..<j { a[i, j] = a[j, i] }
    }
    var v = DenseMatrix.identity(rows)
    let scale = a.elements.reduce(0) { max($0, abs($1)) }
    for _ in 0..<Self.mostSweeps {
      var largest = 0.0
      for p in 0..<rows {
        for q in p + 1..<max(rows, p + 1) {
          let x = a[p, q]
          largest = max(largest, abs(x))
          if abs(x) <= scale * 1e-300 { continue }
          let theta = (a[q, q] - a[p, p]) / (2 * x)
          let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          a.turn(p, q, c, t * c)
          a.turnRows(p, q, c, t * c)
          v.turn(p, q, c, t * c)
        }
      }
      if largest <= scale * 1e-15 { break }
    }
    let order = (0..<rows).sorted { a[$0, $0] < a[$1, $1] }
    return (order.map { a[$0, $0] }, v.picking(order))
  }

  private static let mostSweeps = 60

  private mutating func turnRows(_ a: Int, _ b: Int, _ c: Double, _ s: Double) {
    for j in 0..<columns {
      let (x, y) = (self[a, j], self[b, j])
      self[a, j] = c * x - s * y
      self[b, j] = s * x + c * y
    }
  }

  /// Falling singular values with their vectors, by rotations that make the columns perpendicular (Hestenes, 1958).
  func svd() -> (u: DenseMatrix, s: [Double], vt: DenseMatrix) {
    if rows < columns {
      let (u, s, vt) = transposed.svd()
      return (vt.transposed, s, u.transposed)
    }
    var a = self
    var v = DenseMatrix.identity(columns)
    for _ in 0..<Self.mostSweeps {
      var turned = false
      for p in 0..<columns {
        for q in p + 1..<max(columns, p + 1) {
          let (x, y, z) = (a.dot(p, p), a.dot(q, q), a.dot(p, q))
          if z == 0 || abs(z) <= 1e-15 * (x * y).squareRoot() { continue }
          turned = true
          let theta = (y - x) / (2 * z)
          let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          a.turn(p, q, c, t * c)
          v.turn(p, q, c, t * c)
        }
      }
      if !turned { break }
    }
    let lengths = (0..<columns).map { a.dot($0, $0).squareRoot() }
    let order = (0..<columns).sorted { lengths[$0] > lengths[$1] }
    let s = order.map { lengths[$0] }
    var u = a.picking(order)
    let small = (s.first ?? 0) * 1e-15
    for j in 0..<columns {
      if s[j] > small { for i in 0..<rows { u[i, j] /= s[j] } } else { u.complete(j) }
    }
    return (u, s, v.picking(order).transposed)
  }

  /// Makes a column of length 1 that is perpendicular to those in front of it.
  private mutating func complete(_ column: Int) {
    for start in 0..<rows {
      for i in 0..<rows { self[i, column] = i == start ? 1 : 0 }
      for _ in 0..<2 {
        for j in 0..<column {
          let share = dot(j, column)
          for i in 0..<rows { self[i, column] -= share * self[i, j] }
        }
      }
      let length = dot(column, column).squareRoot()
      guard length > 0.5 / Double(max(rows, 1)).squareRoot() else { continue }
      for i in 0..<rows { self[i, column] /= length }
      return
    }
  }
}
