import LatheCore

/// A matrix in float64, column after column as LAPACK has it.
package struct DenseMatrix: Sendable {
  package let rows: Int
  package let columns: Int
  package var elements: [Double]

  package init(_ rows: Int, _ columns: Int) {
    self.rows = rows
    self.columns = columns
    elements = [Double](repeating: 0, count: rows * columns)
  }

  /// Elements of a tensor of float32 or float64 from one on, in row-major order.
  init(_ rows: Int, _ columns: Int, from x: Operand, at first: Int) {
    self.init(rows, columns)
    if x.dtype == .float64 {
      read(x.pointer(as: Double.self) + first)
    } else {
      read(x.pointer(as: Float.self) + first)
    }
  }

  private mutating func read<T: BinaryFloatingPoint>(_ x: UnsafeMutablePointer<T>) {
    for i in 0..<rows {
      for j in 0..<columns { self[i, j] = Double(x[i * columns + j]) }
    }
  }

  /// Ones on the diagonal.
  static func identity(_ n: Int) -> DenseMatrix {
    var result = DenseMatrix(n, n)
    for i in 0..<n { result[i, i] = 1 }
    return result
  }

  package subscript(i: Int, j: Int) -> Double {
    get { elements[j * rows + i] }
    set { elements[j * rows + i] = newValue }
  }

  var transposed: DenseMatrix {
    var result = DenseMatrix(columns, rows)
    for j in 0..<columns {
      for i in 0..<rows { result[j, i] = self[i, j] }
    }
    return result
  }

  /// In row-major order.
  private var rowMajor: [Double] { (0..<rows).flatMap { i in (0..<columns).map { self[i, $0] } } }

  /// Writes the elements in row-major order into a tensor of float32 or float64 from one on.
  func store(_ y: Operand, at first: Int) { Self.store(rowMajor, y, at: first) }

  /// Writes numbers into a tensor of float32 or float64 from one on.
  static func store(_ values: [Double], _ y: Operand, at first: Int) {
    if y.dtype == .float64 {
      let to = y.pointer(as: Double.self) + first
      for (i, value) in values.enumerated() { to[i] = value }
    } else {
      let to = y.pointer(as: Float.self) + first
      for (i, value) in values.enumerated() { to[i] = Float(value) }
    }
  }

  /// The sum of products of two columns, from a row on.
  func dot(_ a: Int, _ b: Int, from first: Int = 0) -> Double {
    elements.withUnsafeBufferPointer { e in
      var sum = 0.0
      for i in first..<rows { sum += e[a * rows + i] * e[b * rows + i] }
      return sum
    }
  }

  /// Two columns turned by an angle: a becomes c a - s b, b becomes s a + c b.
  mutating func turn(_ a: Int, _ b: Int, _ c: Double, _ s: Double) {
    let rows = rows
    elements.withUnsafeMutableBufferPointer { e in
      for i in 0..<rows {
        let (x, y) = (e[a * rows + i], e[b * rows + i])
        e[a * rows + i] = c * x - s * y
        e[b * rows + i] = s * x + c * y
      }
    }
  }

  /// Columns in another order.
  func picking(_ order: [Int]) -> DenseMatrix {
    var result = DenseMatrix(rows, order.count)
    for (j, from) in order.enumerated() {
      for i in 0..<rows { result[i, j] = self[i, from] }
    }
    return result
  }

  var isFinite: Bool { elements.allSatisfy(\.isFinite) }
}
