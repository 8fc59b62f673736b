import LatheCPU
import LatheCore

/// Principal components of rows that come piece by piece (Ross et al., 2008): scikit-learn's `IncrementalPCA`.
///
/// Only as many directions as are asked for are kept between pieces, so that the last ones are near to, not equal to `PCA`'s.
public struct IncrementalPCA: Sendable, Hashable, Codable {
  /// How many directions are kept.
  public let components: Int
  /// How many rows there were.
  public private(set) var rowCount = 0
  private var means: [Double] = []
  /// Sums of squared distances from the means.
  private var squares: [Double] = []
  private var directions: [[Double]] = []
  private var singularValues: [Double] = []

  /// Nothing learned yet.
  public init(components: Int) {
    require(components >= 1, "IncrementalPCA: \(components) components; one is the least")
    self.components = components
  }

  /// Learns from more rows.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, other columns than before, and fewer rows in the first
  ///   piece, or columns, than components.
  public mutating func partialFit(_ x: FeatureMatrix) throws {
    let what = "incremental PCA"
    let (rows, own) = try DenseRows.withMeans(x, what: what)
    try LinearChecks.expect(
      means.isEmpty || means.count == x.columns,
      "\(what): \(x.columns) columns, \(means.count) were there")
    try LinearChecks.expect(
      components <= x.columns && (rowCount > 0 || components <= x.rows),
      "\(what): \(components) components of \(x.columns) columns and, in the first piece, \(x.rows) rows; there cannot be more"
    )
    if rowCount == 0 {
      means = own.map { _ in 0 }
      squares = means
    }
    let (before, count) = (Double(rowCount), Double(x.rows))
    let total = before + count
    let centered = rows.centered(around: own)
    var stacked: [Double] = []
    for (direction, value) in zip(directions, singularValues) { stacked += direction.map { $0 * value } }
    stacked += centered.values
    if rowCount > 0 {
      let factor = (before / total * count).squareRoot()
      stacked += zip(means, own).map { factor * ($0 - $1) }
    }
    for i in centered.values.indices { squares[i % x.columns] += centered.values[i] * centered.values[i] }
    for j in means.indices {
      let distance = own[j] - means[j]
      squares[j] += distance * distance * before * count / total
      means[j] += distance * count / total
    }
    rowCount += x.rows
    let (_, s, vt) = LeastSquares.triangle(
      DenseRows(stacked, rows: stacked.count / x.columns, columns: x.columns)
    ).singularValueDecomposition()
    singularValues = Array(s.prefix(components))
    directions = singularValues.indices.map { k in
      let vector = (0..<x.columns).map { vt[k, $0] }
      let largest = vector.max { abs($0) < abs($1) } ?? 1
      return largest < 0 ? vector.map { -$0 } : vector
    }
  }

  /// The components of the rows so far.
  ///
  /// - Throws: `LatheError.invalidArgument` where there were not two rows.
  public func model() throws -> PCA {
    try LinearChecks.expect(rowCount >= 2, "incremental PCA: \(rowCount) rows so far; two are the least")
    let total = squares.reduce(0, +)
    return PCA(
      means: means, components: directions,
      explainedVariance: singularValues.map { $0 * $0 / Double(rowCount - 1) },
      explainedVarianceRatio: singularValues.map { total > 0 ? $0 * $0 / total : 0 })
  }
}

extension PCA {
  fileprivate init(
    means: [Double], components: [[Double]], explainedVariance: [Double], explainedVarianceRatio: [Double]
  ) {
    (self.means, self.components) = (means, components)
    (self.explainedVariance, self.explainedVarianceRatio) = (explainedVariance, explainedVarianceRatio)
  }
}
