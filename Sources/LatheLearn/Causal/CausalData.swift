import LatheCore
import LatheTables

/// Rows of which some were treated, what came of them, and what decides both (the back-door columns).
public struct CausalData: Sendable {
  /// Whether each row was treated.
  public var treated: [Bool]
  /// What came of each row.
  public var outcome: [Double]
  /// The columns that treatment and outcome depend on; all of them must be there for an effect to be one.
  public var confounders: FeatureMatrix

  /// Rows.
  ///
  /// - Throws: `LatheError.invalidArgument` where counts differ, a value is missing, or no row was treated or left alone.
  public init(treated: [Bool], outcome: [Double], confounders: FeatureMatrix) throws {
    guard treated.count == outcome.count, treated.count == confounders.rows, outcome.allSatisfy(\.isFinite)
    else {
      throw LatheError(
        .invalidArgument,
        "causal effect: \(treated.count) treatments, \(outcome.count) outcomes and \(counted(confounders.rows, "rows")) of "
          + "confounders; there must be one of each for each row, all finite")
    }
    let count = treated.count { $0 }
    guard count >= 2, treated.count - count >= 2 else {
      throw LatheError(
        .invalidArgument,
        "causal effect: \(count) of \(counted(treated.count, "rows")) were treated; two treated and two others are the least"
      )
    }
    _ = try DenseRows(confounders, what: "causal effect")
    self.treated = treated
    self.outcome = outcome
    self.confounders = confounders
  }

  /// Rows of a table.
  ///
  /// - Parameters:
  ///   - treatment: A column of truth values, or of 0 and 1.
  ///   - outcome: A column of numbers or truth values.
  ///   - confounders: What becomes of the columns that both depend on.
  public init(
    _ table: Table, treatment: String, outcome: String, confounders: ColumnTransformer
  ) throws {
    let column = try table[treatment]
    let numbers = try column.cast(to: .float64).numbers()
    guard numbers.allSatisfy({ $0 == 0 || $0 == 1 }) else {
      throw LatheError(
        .invalidArgument,
        "causal effect: treatment '\(treatment)' must be true or false, or 0 or 1, in each row")
    }
    guard
      !confounders.parts.contains(where: { $0.columns.contains(treatment) || $0.columns.contains(outcome) })
    else {
      throw LatheError(
        .invalidArgument,
        "causal effect: '\(treatment)' or '\(outcome)' is among the confounders; leave it out")
    }
    try self.init(
      treated: numbers.map { $0 == 1 }, outcome: table[outcome].cast(to: .float64).numbers(),
      confounders: confounders.fit(table).transform(table))
  }

  /// Some of the rows.
  func selecting(_ rows: [Int]) throws -> CausalData {
    try CausalData(
      treated: rows.map { treated[$0] }, outcome: rows.map { outcome[$0] },
      confounders: confounders.selecting(rows: rows))
  }

  /// The confounders with a column more.
  func confounders(and column: [Double]) -> FeatureMatrix {
    let width = confounders.columns
    let values = (0..<confounders.rows).flatMap { row in
      (0..<width).map { confounders[row, $0] } + [column[row]]
    }
    return FeatureMatrix(values, rows: confounders.rows, columns: width + 1)
  }
}

/// How much a treatment changes the outcome on average.
public struct CausalEffect: Sendable, Hashable, Codable {
  /// The average effect of a treatment.
  public let effect: Double
  /// Its standard error.
  public let standardError: Double

  /// The interval in which the effect lies with 95 of 100.
  public var interval: ClosedRange<Double> {
    effect - 1.959963984540054 * standardError...effect + 1.959963984540054 * standardError
  }

  init(effect: Double, standardError: Double) {
    self.effect = effect
    self.standardError = standardError
  }

  /// The mean of what each row says of the effect, and the error of the mean.
  init(influences: [Double]) {
    effect = Sums.mean(influences)
    standardError = (Sums.variance(influences) / Double(influences.count)).squareRoot()
  }
}
