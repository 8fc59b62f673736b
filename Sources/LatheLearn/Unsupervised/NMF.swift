import CPUKernels
import LatheCPU
import LatheCore

/// Rows that are not negative as sums of parts that are not, either: scikit-learn's `NMF` by coordinate descent.
public struct NMF: Sendable, Hashable, Codable {
  /// The parts.
  public let components: [[Double]]
  /// The root of the sum of squares that the sums lack.
  public let reconstructionError: Double
  /// Rounds of training.
  public let iterations: Int
  /// Whether they ended because little changed.
  public let hasConverged: Bool

  /// Finds parts, and how much of each is in the rows, from singular vectors (NNDSVDa).
  ///
  /// - Throws: `LatheError.invalidArgument` for missing, infinite or negative values, and more parts than rows or columns.
  public static func fitTransform(
    _ x: FeatureMatrix, components: Int, maxIterations: Int = 200, tolerance: Double = 1e-4
  ) throws -> (model: NMF, parts: FeatureMatrix) {
    let rows = try DenseRows(x, what: "NMF")
    try LinearChecks.expect(
      components >= 1 && components <= min(rows.rows, rows.columns) && rows.values.allSatisfy { $0 >= 0 },
      "NMF: \(components) parts of \(rows.rows) rows and \(rows.columns) columns; values must not be negative, and parts no "
        + "more than rows or columns")
    var (w, h) = start(rows, components)
    var columns = [Double](repeating: 0, count: rows.values.count)
    for i in 0..<rows.rows {
      for j in 0..<rows.columns { columns[j * rows.rows + i] = rows.values[i * rows.columns + j] }
    }
    let turned = DenseRows(columns, rows: rows.columns, columns: rows.rows)
    var (first, rounds, isSettled) = (0.0, 0, false)
    while rounds < maxIterations, !isSettled {
      rounds += 1
      // w has a list for each row, h one for each column.
      let change = update(&w, h, rows, components) + update(&h, w, turned, components)
      if rounds == 1 { first = change }
      isSettled = change <= tolerance * first
    }
    let squares = (0..<rows.rows).reduce(0.0) { sum, i in
      (0..<rows.columns).reduce(sum) { sum, j in
        var value = rows.values[i * rows.columns + j]
        for k in 0..<components { value -= w[i * components + k] * h[j * components + k] }
        return sum + value * value
      }
    }
    let model = NMF(
      components: (0..<components).map { k in (0..<rows.columns).map { h[$0 * components + k] } },
      reconstructionError: squares.squareRoot(), iterations: rounds, hasConverged: isSettled)
    return (model, model.matrix(w, rows.rows))
  }

  private func matrix(_ w: [Double], _ rows: Int) -> FeatureMatrix {
    FeatureMatrix(w, rows: rows, columns: components.count, names: components.indices.map { "nmf\($0)" })
  }

  /// How much of each part is in other rows.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing, infinite or negative values.
  public func transform(_ x: FeatureMatrix, maxIterations: Int = 200, tolerance: Double = 1e-4) throws
    -> FeatureMatrix
  {
    let rows = try DenseRows(x, what: "NMF")
    let count = components.count
    try LinearChecks.expect(
      rows.columns == components[0].count && rows.values.allSatisfy { $0 >= 0 },
      "NMF: \(rows.columns) columns, the model knows \(components[0].count); values must not be negative")
    let h = (0..<rows.columns).flatMap { j in components.map { $0[j] } }
    let mean = rows.values.reduce(0, +) / Double(rows.values.count)
    var w = [Double](repeating: (mean / Double(count)).squareRoot(), count: rows.rows * count)
    var first = 0.0
    for round in 0..<maxIterations {
      let change = Self.update(&w, h, rows, count)
      if round == 0 { first = change }
      if change <= tolerance * first { break }
    }
    return matrix(w, rows.rows)
  }

  /// One round through all numbers of w; returns how far they were from their conditions.
  private static func update(_ w: inout [Double], _ h: [Double], _ x: DenseRows, _ count: Int) -> Double {
    let lists = DenseRows(h, rows: h.count / count, columns: count)
    let gram = lists.gram(.init(repeating: 1, count: lists.rows))
    // Vectors of x's columns, one for each part.
    let vectors = (0..<count).flatMap { k in (0..<lists.rows).map { h[$0 * count + k] } }
    let products = x.scores(vectors, outputs: count)
    var violations = [Double](repeating: 0, count: x.rows)
    w.withUnsafeMutableBufferPointer { w in
      violations.withUnsafeMutableBufferPointer { violations in
        nonisolated(unsafe) let (w, violations) = (w, violations)
        ThreadPool.shared.parallelFor(x.rows, grain: 64) { range in
          for row in range {
            for k in 0..<count {
              var slope = -products[row * count + k]
              for r in 0..<count { slope += gram[k * count + r] * w[row * count + r] }
              let old = w[row * count + k]
              violations[row] += abs(old == 0 ? min(0, slope) : slope)
              if gram[k * count + k] != 0 { w[row * count + k] = max(0, old - slope / gram[k * count + k]) }
            }
          }
        }
      }
    }
    return violations.reduce(0, +)
  }

  /// The parts of singular vectors that are not negative, with the mean where they are 0 (Boutsidis and Gallopoulos, 2008).
  private static func start(_ x: DenseRows, _ count: Int) -> (w: [Double], h: [Double]) {
    let (_, s, vt) = LeastSquares.triangle(x).singularValueDecomposition()
    var w = [Double](repeating: 0, count: x.rows * count)
    var h = [Double](repeating: 0, count: x.columns * count)
    func length(_ v: [Double]) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    for k in 0..<count where s[k] > 0 {
      let v = (0..<x.columns).map { vt[k, $0] }
      let u = x.scores(v, outputs: 1).map { $0 / s[k] }
      var (left, right, scale) = (u.map { abs($0) }, v.map { abs($0) }, 1.0)
      if k > 0 {
        let (above, below) = (
          (u.map { max($0, 0) }, v.map { max($0, 0) }), (u.map { max(-$0, 0) }, v.map { max(-$0, 0) })
        )
        let (first, second) = (length(above.0) * length(above.1), length(below.0) * length(below.1))
        let chosen = first > second ? above : below
        let (a, b) = (length(chosen.0), length(chosen.1))
        (left, right) = (chosen.0.map { a > 0 ? $0 / a : 0 }, chosen.1.map { b > 0 ? $0 / b : 0 })
        scale = max(first, second)
      }
      let root = (s[k] * scale).squareRoot()
      for i in 0..<x.rows { w[i * count + k] = root * left[i] }
      for j in 0..<x.columns { h[j * count + k] = root * right[j] }
    }
    let mean = x.values.reduce(0, +) / Double(x.values.count)
    for i in w.indices where w[i] < 1e-6 { w[i] = mean }
    for i in h.indices where h[i] < 1e-6 { h[i] = mean }
    return (w, h)
  }
}
