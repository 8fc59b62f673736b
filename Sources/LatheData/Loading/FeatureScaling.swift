/// Means and deviations by which the features of a table are standardised.
public struct FeatureScaling: Codable, Hashable, Sendable {
  /// One of each for every feature.
  public var mean: [Float], deviation: [Float]

  /// Of some rows; a feature that never changes stays as it is but for its mean.
  public init(_ rows: [[Float]]) {
    let columns = rows.first?.count ?? 0
    let count = Double(max(rows.count, 1))
    var sums = [Double](repeating: 0, count: columns)
    for row in rows { for (column, value) in row.enumerated() { sums[column] += Double(value) } }
    let means = sums.map { $0 / count }
    var squares = [Double](repeating: 0, count: columns)
    for row in rows {
      for (column, value) in row.enumerated() {
        squares[column] += (Double(value) - means[column]) * (Double(value) - means[column])
      }
    }
    mean = means.map { Float($0) }
    deviation = squares.map { $0 > 0 ? Float(($0 / count).squareRoot()) : 1 }
  }

  /// A row, standardised.
  public func apply(_ row: FeatureRow) -> FeatureRow {
    var result = row
    result.features = apply(row.features)
    return result
  }

  /// Values, standardised.
  public func apply(_ values: [Float]) -> [Float] {
    values.indices.map { (values[$0] - mean[$0]) / deviation[$0] }
  }

  /// What the values of a standardised row were before.
  public func undone(_ values: [Float]) -> [Float] {
    values.indices.map { values[$0] * deviation[$0] + mean[$0] }
  }
}
