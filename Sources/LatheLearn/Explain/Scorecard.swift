import LatheCore
import LatheTables

/// Points for bins of columns whose sum says how likely a row is good: how credit is often decided, and easy to explain.
///
/// ```swift
/// let card = try Scorecard(train, target: "creditability", good: "1")
/// let points = try card.points(test)
/// ```
public struct Scorecard: Sendable, Hashable, Codable {
  /// How it is made.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The points of the odds `baseOdds`.
    public var basePoints = 600.0
    /// Good rows for each bad one at `basePoints`.
    public var baseOdds = 50.0
    /// Points that double the odds (PDO).
    public var pointsToDouble = 20.0
    /// The most bins of a column.
    public var mostBins = 6
    /// The least part of the rows in a bin.
    public var leastShare = 0.05
    /// The information value that a column must have.
    public var leastInformation = 0.02
    /// Whether the evidence of numbers must rise or fall all the way.
    public var isMonotone = true

    /// 600 points at odds of 50 to 1, 20 points double them.
    public init() {}
  }

  /// A column of the card.
  public struct Characteristic: Sendable, Hashable, Codable {
    /// Its bins.
    public let bins: ScorecardBins
    /// The weight of its evidence.
    public let coefficient: Double
    /// The points of each bin.
    public let points: [Double]
  }

  /// How it was made.
  public let configuration: Configuration
  /// The column that was learned from.
  public let target: String
  /// The class that is good.
  public let good: String
  /// The columns, the most telling first.
  public let characteristics: [Characteristic]
  /// The columns that were left out, with their information values.
  public let leftOut: [String: Double]
  /// The points of good odds of 1: basePoints - factor ln(baseOdds).
  public let offset: Double
  /// Points for each unit of log odds: pointsToDouble / ln 2.
  public let factor: Double

  /// Bins columns, learns the weights of their evidence by logistic regression and makes points of them.
  ///
  /// - Throws: `LatheError.invalidArgument` where the target is not there or has not two classes, or no column tells anything.
  public init(
    _ table: Table, target: String, good: String, _ configuration: Configuration = Configuration()
  ) throws {
    guard configuration.mostBins > 1, configuration.pointsToDouble > 0, configuration.baseOdds > 0,
      (0..<0.5).contains(configuration.leastShare)
    else {
      throw LatheError(
        .invalidArgument,
        "scorecard: \(configuration.mostBins) bins, \(configuration.pointsToDouble) points to double odds of "
          + "\(configuration.baseOdds), least share \(configuration.leastShare)")
    }
    let column = try table[target]
    let classes = try Pipeline.checkTarget(column, .logisticRegression())
    guard classes.count == 2, classes.contains(good) else {
      throw LatheError(
        .invalidArgument,
        "scorecard: target '\(target)' has the classes \(classes.prefix(20).joined(separator: ", ")); there must be two, and "
          + "'\(printable(good))' one of them")
    }
    let isGood = column.strings().map { $0 == good }
    let inputs = try table.drop(target)
    var all: [ScorecardBins] = []
    var leftOut: [String: Double] = [:]
    for place in 0..<inputs.columnCount {
      let bins = try ScorecardBins(
        inputs, place, isGood: isGood, most: configuration.mostBins, leastShare: configuration.leastShare,
        isMonotone: configuration.isMonotone)
      if bins.bins.count > 1, bins.informationValue >= configuration.leastInformation {
        all.append(bins)
      } else {
        leftOut[bins.column] = bins.bins.count > 1 ? bins.informationValue : 0
      }
    }
    guard !all.isEmpty else {
      throw LatheError(
        .invalidArgument,
        "scorecard: no column tells good rows from bad ones: all information values are below \(configuration.leastInformation)"
      )
    }
    all.sort { ($1.informationValue, $0.column) < ($0.informationValue, $1.column) }
    let evidence = try all.map { bins in
      try bins.places(inputs).map { $0.map { bins.bins[$0].evidence } ?? 0 }
    }
    let x = FeatureMatrix(
      evidence.flatMap { $0 }, rows: isGood.count, columns: all.count, order: .columnMajor)
    var logistic = LogisticRegression.Configuration(c: 1e4)
    logistic.maxIterations = 1000
    logistic.tolerance = 1e-8
    let model = try LogisticRegression.train(LabelledRows(x, isGood.map { $0 ? 1 : 0 }), logistic)
    let factor = configuration.pointsToDouble / logarithm(2)
    let offset = configuration.basePoints - factor * logarithm(configuration.baseOdds)
    let count = Double(all.count)
    let share = (offset + factor * model.intercepts[0]) / count
    characteristics = all.enumerated().map { k, bins in
      let weight = model.coefficients[0][k]
      return Characteristic(
        bins: bins, coefficient: weight, points: bins.bins.map { factor * weight * $0.evidence + share })
    }
    self.configuration = configuration
    self.target = target
    self.good = good
    self.leftOut = leftOut
    self.factor = factor
    self.offset = offset
  }

  /// The sum of each row's points.
  public func points(_ table: Table) throws -> [Double] {
    var sums = [Double](repeating: 0, count: table.rowCount)
    for own in characteristics {
      for (row, place) in try own.bins.places(table).enumerated() { sums[row] += points(own, place) }
    }
    return sums
  }

  /// The points of a bin; those of no evidence where a value has none.
  private func points(_ own: Characteristic, _ place: Int?) -> Double {
    if let place { return own.points[place] }
    guard let first = own.points.first else { return 0 }
    return first - factor * own.coefficient * own.bins.bins[0].evidence
  }

  /// The probability that each row is good.
  public func probabilities(_ table: Table) throws -> [Double] {
    try points(table).map { logistic(($0 - offset) / factor) }
  }

  /// The columns in which each row lost most points against the best bin, the most first.
  public func reasons(_ table: Table, count: Int = 4) throws -> [[(column: String, lost: Double)]] {
    let lost = try characteristics.map { own in
      let best = own.points.max() ?? 0
      return try own.bins.places(table).map { best - points(own, $0) }
    }
    return (0..<table.rowCount).map { row in
      let order = characteristics.indices.filter { lost[$0][row] > 0 }.sorted {
        (lost[$1][row], $0) < (lost[$0][row], $1)
      }
      return order.prefix(count).map { (characteristics[$0].bins.column, lost[$0][row]) }
    }
  }

  /// The card as a model like others, which predicts the target's classes and goes into a file with its points.
  ///
  /// - Parameter classes: The two classes of the target in their order.
  public func tableModel(_ classes: [String]) throws -> TableModel {
    guard classes.count == 2, let place = classes.firstIndex(of: good) else {
      throw LatheError(
        .invalidArgument,
        "scorecard: the classes are \(classes.prefix(20).joined(separator: ", ")); there must be two, and '\(good)' one of them"
      )
    }
    // Numbers first: a part of the features holds numbers or texts.
    let ordered = characteristics.filter(\.bins.isNumeric) + characteristics.filter { !$0.bins.isNumeric }
    let parts = [true, false].compactMap { isNumeric -> FittedTransformer.Part? in
      let own = ordered.map(\.bins).filter { $0.isNumeric == isNumeric }
      return own.isEmpty
        ? nil
        : FittedTransformer.Part(
          columns: own.map(\.column), isText: !isNumeric, steps: [.learned(.evidence(own))])
    }
    let sign = place == 1 ? 1.0 : -1
    let share =
      characteristics.first.map { $0.points[0] - factor * $0.coefficient * $0.bins.bins[0].evidence } ?? 0
    let constant = (share * Double(characteristics.count) - offset) / factor
    var model = TableModel(
      target: TargetEncoding(name: target, classes: classes), features: FittedTransformer(parts: parts),
      estimator: .logisticRegression(
        LogisticRegression(
          coefficients: [ordered.map { sign * $0.coefficient }], intercepts: [sign * constant], iterations: 0,
          hasConverged: true)))
    model.scorecard = self
    return model
  }

  /// Whether lists that came from a file fit each other.
  var isSound: Bool {
    !characteristics.isEmpty && factor > 0
      && characteristics.allSatisfy { !$0.bins.bins.isEmpty && $0.points.count == $0.bins.bins.count }
  }

  /// A row for each bin: column, bin, rows, share of bad ones, evidence and points.
  public var table: Table {
    get throws {
      let rows = characteristics.flatMap { own in
        zip(own.bins.bins, own.points).map { (own.bins, $0, $1) }
      }
      return try Table([
        Column("column", rows.map { $0.0.column }), Column("bin", rows.map { $0.1.words }),
        Column("rows", rows.map { Int($0.1.good + $0.1.bad) }),
        Column("bad_rate", rows.map { $0.1.bad / max($0.1.good + $0.1.bad, 1) }),
        Column("weight_of_evidence", rows.map { $0.1.evidence }),
        Column("information_value", rows.map { $0.0.informationValue }),
        Column("points", rows.map { $0.2 }),
      ])
    }
  }
}
