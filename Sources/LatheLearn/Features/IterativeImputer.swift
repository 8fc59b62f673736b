import LatheCore

/// Missing values by regressions of each column on all others, round after round: scikit-learn's `IterativeImputer`.
public struct IterativeImputer: Sendable, Hashable, Codable {
  /// What columns are regressed by.
  public enum Regression: Sendable, Hashable, Codable {
    /// A penalty that the rows decide.
    case bayesianRidge
    /// A given factor of the squared weights.
    case ridge(alpha: Double)
  }

  /// How values are found, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// What columns are regressed by.
    public var regression = Regression.bayesianRidge
    /// The most rounds.
    public var maxIterations = 10
    /// The part of the largest value that the sum of a row's changes must fall below.
    public var tolerance = 1e-3

    /// The defaults.
    public init(_ regression: Regression = .bayesianRidge) { self.regression = regression }
  }

  /// One regression of a round.
  struct Stage: Sendable, Hashable, Codable {
    /// The column that it fills.
    var column: Int
    /// The weights of all others.
    var coefficients: [Double]
    var intercept: Double
  }

  /// What stands where values are missing before the first round: the columns' means.
  public let means: [Double]
  /// How many rounds there were.
  public let iterations: Int
  /// Whether they ended because little changed.
  public let hasConverged: Bool
  let stages: [Stage]

  /// Learns from rows.
  ///
  /// - Throws: `LatheError` for infinite values, or a column that has none.
  public init(fit x: FeatureMatrix, _ configuration: Configuration = Configuration()) throws {
    let columns = x.columns
    means = try SimpleImputer(fit: x, .mean).fills
    var values = DenseRows.rowMajor(x)
    let isMissing = values.map(\.isNaN)
    let largest = values.reduce(0) { $1.isNaN ? $0 : max($0, abs($1)) }
    for i in values.indices where isMissing[i] { values[i] = means[i % columns] }
    guard columns > 1, isMissing.contains(true), configuration.maxIterations > 0 else {
      (iterations, hasConverged, stages) = (0, true, [])
      return
    }
    let counts = (0..<columns).map { j in (0..<x.rows).count { isMissing[$0 * columns + j] } }
    let order = counts.indices.sorted { (counts[$0], $0) < (counts[$1], $1) }
    var stages: [Stage] = []
    var rounds = 0
    var isSettled = false
    while rounds < configuration.maxIterations, !isSettled {
      rounds += 1
      let before = values
      for column in order {
        let stage = try Self.fit(values, isMissing, columns, column, configuration.regression)
        Self.apply(stage, &values, isMissing, columns)
        stages.append(stage)
      }
      let change = (0..<x.rows).reduce(0.0) { most, row in
        max(most, (row * columns..<(row + 1) * columns).reduce(0.0) { $0 + abs(values[$1] - before[$1]) })
      }
      isSettled = change < configuration.tolerance * largest
    }
    (iterations, hasConverged, self.stages) = (rounds, isSettled, stages)
  }

  private static func fit(
    _ values: [Double], _ isMissing: [Bool], _ columns: Int, _ column: Int, _ regression: Regression
  ) throws -> Stage {
    let rows = (0..<values.count / columns).filter { !isMissing[$0 * columns + column] }
    var others: [Double] = []
    others.reserveCapacity(rows.count * (columns - 1))
    for row in rows { for j in 0..<columns where j != column { others.append(values[row * columns + j]) } }
    let data = LabelledRows(
      FeatureMatrix(others, rows: rows.count, columns: columns - 1),
      rows.map { values[$0 * columns + column] })
    switch regression {
    case .bayesianRidge:
      let model = try BayesianRidge.train(data)
      return Stage(column: column, coefficients: model.coefficients, intercept: model.intercept)
    case .ridge(let alpha):
      let model = try LinearRegression.train(data, .ridge(alpha: alpha))
      return Stage(column: column, coefficients: model.coefficients, intercept: model.intercept)
    }
  }

  private static func apply(_ stage: Stage, _ values: inout [Double], _ isMissing: [Bool], _ columns: Int) {
    for row in 0..<values.count / columns where isMissing[row * columns + stage.column] {
      var sum = stage.intercept
      var place = 0
      for j in 0..<columns where j != stage.column {
        sum += stage.coefficients[place] * values[row * columns + j]
        place += 1
      }
      values[row * columns + stage.column] = sum
    }
  }

  var isSound: Bool {
    stages.allSatisfy { means.indices.contains($0.column) && $0.coefficients.count == means.count - 1 }
  }

  /// Rows without missing values.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    let columns = means.count
    require(x.columns == columns, "the imputer knows \(columns) columns, not \(x.columns)")
    var values = DenseRows.rowMajor(x)
    let isMissing = values.map(\.isNaN)
    for i in values.indices where isMissing[i] { values[i] = means[i % columns] }
    for stage in stages { Self.apply(stage, &values, isMissing, columns) }
    return FeatureMatrix(values, rows: x.rows, columns: columns, categorical: x.categorical, names: x.names)
  }
}
