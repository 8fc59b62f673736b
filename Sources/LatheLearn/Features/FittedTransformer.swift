import LatheCore
import LatheTables

/// What a `ColumnTransformer` has learned: makes features of other tables with the same columns.
///
/// Columns are found by name, in any order; a table may have more of them.
public struct FittedTransformer: Sendable, Hashable {
  enum Step: Sendable, Hashable {
    case fill([Double])
    case fillTexts([String])
    case scale(AnyScaler)
    case oneHot(OneHotEncoder)
    case ordinal(OrdinalEncoder, areCategories: Bool)
    case learned(FeatureStep)
  }

  struct Part: Sendable, Hashable {
    var columns: [String]
    /// Whether values are looked at as texts.
    var isText: Bool
    /// Those of the columns that held points in time or durations, which count in seconds.
    var times: [String] = []
    var steps: [Step]

    /// Whether points in time are looked at as clocks show them.
    var needsClock: Bool { if case .learned(.dateParts) = steps.first { true } else { false } }

    /// - Throws: `LatheError.invalidArgument` where times are numbers now, or the other way: both would be read as something.
    func check(_ column: Column) throws {
      guard !isText, column.missingCount < column.count, column.holdsTimes != times.contains(column.name)
      else {
        return
      }
      let (learned, found) = column.holdsTimes ? ("numbers", "times") : ("times", "\(column.type)")
      throw LatheError(
        .invalidArgument, "column '\(column.name)': \(found), where the model learned from \(learned)")
    }
  }

  var parts: [Part]

  /// The columns that a table must have.
  public var columnNames: [String] {
    var seen: Set<String> = []
    return parts.flatMap(\.columns).filter { seen.insert($0).inserted }
  }

  /// How CSV files must be read so that texts stay as they are written, and numbers are numbers.
  public var columnTypes: [String: ColumnType] {
    var types: [String: ColumnType] = [:]
    for part in parts where part.isText { for name in part.columns { types[name] = .text } }
    return types
  }

  /// Features of a table's rows.
  ///
  /// - Throws: `LatheError.invalidArgument` naming columns that are not there, or a value that is no number or of no known
  ///   category.
  public func transform(_ table: Table) throws -> FeatureMatrix {
    let lacking = columnNames.filter { !table.contains($0) }
    guard lacking.isEmpty else {
      throw LatheError(
        .invalidArgument,
        "no column \(lacking.map { "'\($0)'" }.joined(separator: ", ")), which the model learned from; there are "
          + table.columnNames.prefix(20).joined(separator: ", "))
    }
    let matrices = try parts.map { part in
      let columns = try part.columns.map { try table[$0] }
      for column in columns { try part.check(column) }
      var cells = try ColumnCells(columns, asTexts: part.isText, onClock: part.needsClock)
      for step in part.steps { cells = try step.apply(cells) }
      return try cells.matrix()
    }
    return Self.joined(matrices, rows: table.rowCount)
  }

  /// How many rows have a category that was not there in training, by column.
  public func unknownCategories(_ table: Table) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for part in parts {
      for step in part.steps {
        let categories: Categories
        switch step {
        case .oneHot(let encoder): categories = encoder.categories
        case .ordinal(let encoder, _): categories = encoder.categories
        case .learned(.frequency(let encoder)): categories = encoder.categories
        case .learned(.targetMean(let encoder)): categories = encoder.categories
        default: continue
        }
        for (number, name) in part.columns.enumerated() {
          let known = Set(categories.lists[number])
          let count = try table[name].strings().count { $0 != nil && !known.contains($0) }
          if count > 0 { counts[name] = count }
        }
      }
    }
    return counts
  }

  /// Matrices side by side.
  static func joined(_ parts: [FeatureMatrix], rows: Int) -> FeatureMatrix {
    if parts.count == 1 { return parts[0] }
    let width = parts.reduce(0) { $0 + $1.columns }
    var values = [Double](repeating: 0, count: rows * width)
    var categorical: Set<Int> = []
    var first = 0
    for part in parts {
      for row in 0..<rows {
        for column in 0..<part.columns { values[row * width + first + column] = part[row, column] }
      }
      categorical.formUnion(part.categorical.map { $0 + first })
      first += part.columns
    }
    return FeatureMatrix(
      values, rows: rows, columns: width, categorical: categorical, names: parts.flatMap(\.names))
  }
}

extension Column {
  /// Whether values are points in time or durations.
  var holdsTimes: Bool {
    switch type {
    case .dateTime, .duration: true
    default: false
    }
  }
}

/// A scaler of any kind.
struct AnyScaler: FeatureScaler, Hashable {
  var centers: [Double]
  var scales: [Double]

  init(_ scaler: some FeatureScaler) { (centers, scales) = (scaler.centers, scaler.scales) }
  init(centers: [Double], scales: [Double]) { (self.centers, self.scales) = (centers, scales) }
}

/// Columns on their way to features.
enum ColumnCells {
  case texts([Column])
  case numbers(FeatureMatrix)

  /// - Throws: `LatheError.invalidArgument` naming the value that is no number.
  init(_ columns: [Column], asTexts: Bool, onClock: Bool = false) throws {
    guard !asTexts else {
      self = .texts(columns)
      return
    }
    let lists = try columns.map { column -> [Double] in
      if onClock { return try column.clockSeconds() }
      switch column.type {
      case .text, .categorical:
        do { return try column.cast(to: .float64).numbers() } catch let error as LatheError {
          throw LatheError(
            .invalidArgument,
            "\(error.message); the model takes it for a number, encode it (oneHot) otherwise")
        }
      default: return try column.numbers()
      }
    }
    self = .numbers(
      FeatureMatrix(
        lists.flatMap { $0 }, rows: columns.first?.count ?? 0, columns: columns.count, order: .columnMajor,
        names: columns.map(\.name)))
  }

  /// - Throws: `LatheError.invalidArgument` where texts are left.
  func matrix() throws -> FeatureMatrix {
    switch self {
    case .numbers(let x): return x
    case .texts(let columns):
      throw LatheError(
        .invalidArgument, "column '\(columns.first?.name ?? "")': texts are no features; encode them (oneHot)"
      )
    }
  }
}

extension FittedTransformer.Step {
  func apply(_ cells: ColumnCells) throws -> ColumnCells {
    switch (self, cells) {
    case (.fill(let fills), .numbers(let x)): return .numbers(SimpleImputer(fills: fills).transform(x))
    case (.fillTexts(let fills), .texts(let columns)):
      return .texts(
        zip(columns, fills).map { column, fill in
          column.missingCount == 0 ? column : Column(column.name, column.strings().map { $0 ?? fill })
        })
    case (.scale(let scaler), .numbers(let x)): return .numbers(scaler.transform(x))
    case (.oneHot(let encoder), .texts(let columns)): return .numbers(try encoder.transform(columns))
    case (.ordinal(let encoder, let areCategories), .texts(let columns)):
      let x = try encoder.transform(columns)
      guard areCategories else { return .numbers(x) }
      return .numbers(
        FeatureMatrix(
          DenseRows.rowMajor(x), rows: x.rows, columns: x.columns, categorical: Set(0..<x.columns),
          names: x.names))
    case (.learned(let step), _): return try step.apply(cells)
    default:
      throw LatheError(
        .format, "column transformer: a step for texts where there are numbers, or the other way")
    }
  }
}
