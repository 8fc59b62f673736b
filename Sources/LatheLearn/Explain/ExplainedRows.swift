import LatheCore
import LatheTables

/// Rows whose columns explanations can exchange: matrices of features, and tables.
public protocol ExplainedRows: Sendable {
  /// How many rows there are.
  var rowCount: Int { get }
  /// The columns' names in their order.
  var columnNames: [String] { get }
  /// Rows of which each column takes its values from places of its own.
  func gathering(_ places: [[Int]]) throws -> Self
  /// The rows with one value in all of a column.
  func setting(_ column: Int, to value: ColumnPoint) throws -> Self
  /// The rows and those of another one below.
  func appending(_ other: Self) throws -> Self
  /// Whether a column holds numbers that have an order.
  func isNumeric(_ column: Int) -> Bool
  /// A column's values as numbers; of those that are none, the places of their texts.
  func numbers(_ column: Int) throws -> [Double]
  /// Different values of a column, all or, of many, some; numbers rise.
  func points(_ column: Int, most: Int, percentiles: ClosedRange<Double>) throws -> [ColumnPoint]
  /// A row's value in a column.
  func point(_ row: Int, _ column: Int) throws -> ColumnPoint
}

/// One value of a column.
public struct ColumnPoint: Sendable, Hashable, Codable {
  /// The value as a number, where it is one.
  public let number: Double?
  /// The value as it is written; nil where it is missing.
  public let text: String?

  /// A number.
  public init(_ number: Double) {
    self.number = number
    text = number.isNaN ? nil : number.description
  }

  /// A text, or a missing value.
  public init(text: String?) {
    number = nil
    self.text = text
  }
}

extension ExplainedRows {
  /// The place of a column.
  ///
  /// - Throws: `LatheError.invalidArgument` that lists the columns there are.
  public func place(of name: String) throws -> Int {
    guard let place = columnNames.firstIndex(of: name) else {
      throw LatheError(
        .invalidArgument, "no column '\(name)'; there are \(columnNames.prefix(20).joined(separator: ", "))")
    }
    return place
  }

  /// The rows at places.
  func rows(_ places: [Int]) throws -> Self {
    try gathering(.init(repeating: places, count: columnNames.count))
  }
}

extension FeatureMatrix: ExplainedRows {
  /// How many rows there are.
  public var rowCount: Int { rows }
  /// The columns' names in their order.
  public var columnNames: [String] { names }

  /// Rows of which each column takes its values from places of its own.
  public func gathering(_ places: [[Int]]) -> FeatureMatrix {
    let rows = places.first?.count ?? 0
    var values = [Double](repeating: 0, count: rows * columns)
    for (column, own) in places.enumerated() {
      for (row, place) in own.enumerated() { values[row * columns + column] = self[place, column] }
    }
    return FeatureMatrix(values, rows: rows, columns: columns, categorical: categorical, names: names)
  }

  /// The rows with one value in all of a column.
  public func setting(_ column: Int, to value: ColumnPoint) -> FeatureMatrix {
    var values = DenseRows.rowMajor(self)
    for row in 0..<rows { values[row * columns + column] = value.number ?? .nan }
    return FeatureMatrix(values, rows: rows, columns: columns, categorical: categorical, names: names)
  }

  /// The rows and those of another one below.
  public func appending(_ other: FeatureMatrix) -> FeatureMatrix {
    FeatureMatrix(
      DenseRows.rowMajor(self) + DenseRows.rowMajor(other), rows: rows + other.rows, columns: columns,
      categorical: categorical, names: names)
  }

  /// Whether a column holds numbers that have an order.
  public func isNumeric(_ column: Int) -> Bool { !categorical.contains(column) }

  /// A column's values.
  public func numbers(_ column: Int) -> [Double] { self.column(column) }

  /// Different values of a column, all or, of many, evenly spaced ones.
  public func points(_ column: Int, most: Int, percentiles: ClosedRange<Double>) -> [ColumnPoint] {
    NumberGrid.points(
      self.column(column), most: most, percentiles: percentiles, areCategories: categorical.contains(column)
    ).map { ColumnPoint($0) }
  }

  /// A row's value in a column.
  public func point(_ row: Int, _ column: Int) -> ColumnPoint { ColumnPoint(self[row, column]) }
}

extension Table: ExplainedRows {
  /// Rows of which each column takes its values from places of its own.
  public func gathering(_ places: [[Int]]) -> Table {
    Table(known: zip(columns, places).map { $0.taking($1) }, rowCount: places.first?.count ?? 0)
  }

  /// The rows with one value in all of a column.
  ///
  /// - Throws: `LatheError` where a time cannot be read.
  public func setting(_ column: Int, to value: ColumnPoint) throws -> Table {
    let old = columns[column]
    let all: Column
    if let number = value.number {
      all =
        old.type == .int64 && number == number.rounded() && abs(number) < 1e15
        ? Column(old.name, [Int?](repeating: Int(number), count: rowCount))
        : Column(old.name, [Double?](repeating: number, count: rowCount))
    } else {
      let texts = Column(old.name, [String?](repeating: value.text, count: rowCount))
      all = old.type == .text || old.type == .categorical ? texts : try texts.cast(to: old.type)
    }
    var columns = columns
    columns[column] = all
    return Table(known: columns, rowCount: rowCount)
  }

  /// The rows and those of another one below.
  public func appending(_ other: Table) throws -> Table { try Table.concatenate([self, other]) }

  /// Whether a column holds numbers that have an order.
  public func isNumeric(_ column: Int) -> Bool {
    switch columns[column].type {
    case .float64, .float32, .int64: true
    default: false
    }
  }

  /// A column's values as numbers; of those that are none, the places of their texts.
  public func numbers(_ column: Int) throws -> [Double] {
    guard !isNumeric(column) else { return try columns[column].numbers() }
    let texts = columns[column].strings()
    let places = Dictionary(
      uniqueKeysWithValues: Set(texts.compactMap { $0 }).sorted().enumerated().map { ($1, Double($0)) })
    return texts.map { $0.flatMap { places[$0] } ?? .nan }
  }

  /// Different values of a column: of numbers all or evenly spaced ones, of others the most frequent ones.
  public func points(_ column: Int, most: Int, percentiles: ClosedRange<Double>) throws -> [ColumnPoint] {
    let own = columns[column]
    guard !isNumeric(column) else {
      let found = NumberGrid.points(
        try own.numbers(), most: most, percentiles: percentiles, areCategories: false)
      guard own.type == .int64 else { return found.map { ColumnPoint($0) } }
      var whole: [Double] = []
      for value in found.map({ $0.rounded() }) where value != whole.last { whole.append(value) }
      return whole.map { ColumnPoint($0) }
    }
    var counts: [String: Int] = [:]
    for text in own.strings() { if let text { counts[text, default: 0] += 1 } }
    let kept = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(most).map(\.key)
    return kept.sorted().map { ColumnPoint(text: $0) }
  }

  /// A row's value in a column.
  public func point(_ row: Int, _ column: Int) throws -> ColumnPoint {
    let own = columns[column]
    if own.isMissing(row) { return ColumnPoint(text: nil) }
    guard isNumeric(column) else { return ColumnPoint(text: own.text(row)) }
    switch own[row] {
    case .float64(let value): return ColumnPoint(value)
    case .int64(let value): return ColumnPoint(Double(value))
    default: return ColumnPoint(text: own.text(row))
    }
  }
}

/// Places on the axis of a column of numbers.
enum NumberGrid {
  /// All different values where they are fewer than `most`; else evenly spaced ones between two percentiles, as scikit-learn.
  static func points(
    _ values: [Double], most: Int, percentiles: ClosedRange<Double>, areCategories: Bool
  ) -> [Double] {
    let sorted = values.filter { !$0.isNaN }.sorted()
    var different: [Double] = []
    for value in sorted where value != different.last { different.append(value) }
    if areCategories || different.count < most { return different }
    let (low, high) = (
      quantile(sorted, percentiles.lowerBound), quantile(sorted, percentiles.upperBound)
    )
    guard high > low, most > 1 else { return [low] }
    return (0..<most).map {
      $0 == most - 1 ? high : low + Double($0) * ((high - low) / Double(most - 1))
    }
  }

  /// The quantile of SciPy's `mquantiles`.
  private static func quantile(_ sorted: [Double], _ p: Double) -> Double {
    let count = Double(sorted.count)
    let place = count * p + 0.4 + p * 0.2
    let k = min(max(place, 1), count - 1).rounded(.down)
    let share = min(max(place - k, 0), 1)
    return (1 - share) * sorted[Int(k) - 1] + share * sorted[Int(k)]
  }
}

extension TableModel {
  /// One number for each row: what is predicted, or the probability of a class.
  ///
  /// Of models that know no probabilities it is 1 where the class is predicted, else 0.
  ///
  /// - Parameter name: The class; without a name the last one, of two classes the second.
  /// - Throws: `LatheError` where the class is not known or a column is not there.
  public func output(_ table: Table, class name: String? = nil) throws -> [Double] {
    guard isClassifier else { return try predict(table).numbers() }
    let place = try place(ofClass: name)
    do { return try probabilities(table).map { $0[place] } } catch let error as LatheError
      where error.kind == .unsupported
    {
      return try predictedClasses(table).map { $0 == place ? 1 : 0 }
    }
  }

  /// The place of a class among `classes`; without a name the last one.
  func place(ofClass name: String?) throws -> Int {
    guard let place = name.map({ classes.firstIndex(of: $0) }) ?? classes.count - 1 else {
      throw LatheError(
        .invalidArgument,
        "no class '\(printable(name ?? ""))'; there are \(classes.prefix(20).joined(separator: ", "))")
    }
    return place
  }

  /// Only the columns that the model looks at.
  ///
  /// - Throws: `LatheError.invalidArgument` naming a column that is not there.
  func inputs(_ table: Table) throws -> Table {
    var names: [String] = []
    for name in features.columnNames where !names.contains(name) { names.append(name) }
    return try table.select(names)
  }
}
