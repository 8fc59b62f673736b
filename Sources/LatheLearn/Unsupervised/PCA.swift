import LatheCPU
import LatheCore

/// The directions in which rows vary most: principal components.
public struct PCA: Sendable, Hashable, Codable {
  /// The columns' means.
  public let means: [Double]
  /// The directions, of length 1, that of the largest variance first; the largest number of each is positive.
  public let components: [[Double]]
  /// The variance in each direction.
  public let explainedVariance: [Double]
  /// Its part of the whole.
  public let explainedVarianceRatio: [Double]

  /// Learns from rows.
  ///
  /// - Parameters:
  ///   - x: The rows to learn from.
  ///   - components: How many directions; nil for all there are.
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, one row alone, and more components than rows or columns.
  public init(fit x: FeatureMatrix, components: Int? = nil) throws {
    let (rows, means) = try DenseRows.withMeans(x, what: "PCA")
    let most = min(rows.rows, rows.columns)
    let count = components ?? most
    try LinearChecks.expect(
      rows.rows >= 2 && count >= 1 && count <= most,
      "PCA: \(count) components of \(rows.rows) rows and \(rows.columns) columns; 1...\(most) are possible, of two rows at least"
    )
    self.means = means
    // The product X^T X costs least where rows are many, and takes half of the digits of the smallest variances.
    let (values, vectors) =
      rows.rows >= 10 * rows.columns
      ? Self.byCovariance(rows, means) : Self.bySingularValues(rows, means)
    let total = values.reduce(0, +)
    explainedVariance = Array(values.prefix(count))
    explainedVarianceRatio = explainedVariance.map { total > 0 ? $0 / total : 0 }
    self.components = vectors.prefix(count).map { vector in
      let largest = vector.max { abs($0) < abs($1) } ?? 1
      return largest < 0 ? vector.map { -$0 } : vector
    }
  }

  private static func byCovariance(
    _ x: DenseRows, _ means: [Double]
  ) -> (values: [Double], vectors: [[Double]]) {
    let n = x.columns
    let sums = x.gram(around: means)
    var covariance = DenseMatrix(n, n)
    for i in 0..<n {
      for j in 0..<n { covariance[i, j] = sums[i * n + j] / Double(x.rows - 1) }
    }
    let (values, vectors) = covariance.eigenDecomposition()
    return (
      values.reversed().map { max(0, $0) },
      (0..<n).reversed().map { k in (0..<n).map { vectors[$0, k] } }
    )
  }

  private static func bySingularValues(
    _ x: DenseRows, _ means: [Double]
  ) -> (values: [Double], vectors: [[Double]]) {
    let triangle = LeastSquares.triangle(x.centered(around: means))
    let (_, s, vt) = triangle.singularValueDecomposition()
    return (
      s.map { $0 * $0 / Double(x.rows - 1) }, s.indices.map { k in (0..<x.columns).map { vt[k, $0] } }
    )
  }

  /// The rows by their parts in each direction.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    let constants = components.map { -zip($0, means).reduce(0) { $0 + $1.0 * $1.1 } }
    return FeatureMatrix(
      LinearScores.of(x, coefficients: components, intercepts: constants), rows: x.rows,
      columns: components.count,
      names: components.indices.map { "pca\($0)" })
  }

  /// Rows of the columns there were, of parts in each direction.
  public func inverseTransform(_ x: FeatureMatrix) -> FeatureMatrix {
    let columns = means.indices.map { j in components.map { $0[j] } }
    return FeatureMatrix(
      LinearScores.of(x, coefficients: columns, intercepts: means), rows: x.rows, columns: means.count)
  }
}
