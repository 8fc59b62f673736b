import LatheCore

/// What is made of a column's values in each group; missing ones are left out.
public struct Aggregation: Sendable {
  enum Kind: Sendable {
    case size, count, sum, mean, minimum, maximum, deviation, variance, median, quantile(Double), first, last,
      unique
  }

  let kind: Kind
  let column: String
  let name: String

  private init(_ kind: Kind, _ column: String, _ name: String) {
    self.kind = kind
    self.column = column
    self.name = name
  }

  /// The number of rows.
  public static func size(as name: String = "size") -> Aggregation { Aggregation(.size, "", name) }
  /// The number of values that are not missing.
  public static func count(_ column: String) -> Aggregation { Aggregation(.count, column, "\(column)_count") }
  /// The sum; of whole numbers exactly.
  public static func sum(_ column: String) -> Aggregation { Aggregation(.sum, column, "\(column)_sum") }
  /// The mean.
  public static func mean(_ column: String) -> Aggregation { Aggregation(.mean, column, "\(column)_mean") }
  /// The least value.
  public static func min(_ column: String) -> Aggregation { Aggregation(.minimum, column, "\(column)_min") }
  /// The greatest value.
  public static func max(_ column: String) -> Aggregation { Aggregation(.maximum, column, "\(column)_max") }
  /// The standard deviation of a sample.
  public static func std(_ column: String) -> Aggregation { Aggregation(.deviation, column, "\(column)_std") }
  /// The variance of a sample.
  public static func variance(_ column: String) -> Aggregation {
    Aggregation(.variance, column, "\(column)_var")
  }
  /// The value in the middle.
  public static func median(_ column: String) -> Aggregation {
    Aggregation(.median, column, "\(column)_median")
  }
  /// The value below which a fraction lies.
  public static func quantile(_ column: String, _ fraction: Double) -> Aggregation {
    Aggregation(.quantile(fraction), column, "\(column)_q\(fraction)")
  }
  /// The first value.
  public static func first(_ column: String) -> Aggregation { Aggregation(.first, column, "\(column)_first") }
  /// The last value.
  public static func last(_ column: String) -> Aggregation { Aggregation(.last, column, "\(column)_last") }
  /// The number of different values.
  public static func uniqueCount(_ column: String) -> Aggregation {
    Aggregation(.unique, column, "\(column)_unique")
  }

  /// The same under another name.
  public func named(_ name: String) -> Aggregation { Aggregation(kind, column, name) }
}

/// A table's rows in groups that agree in some columns.
public struct GroupedTable: Sendable {
  let table: Table
  let keys: [String]
  /// The first row of each group, in the groups' order.
  let firstRows: [Int]
  /// The rows of each group.
  let groups: [ArraySlice<Int>]

  /// The number of groups.
  public var count: Int { groups.count }

  /// A row for each group: the columns that its rows agree in, and what is made of others.
  ///
  /// - Throws: `LatheError.invalidArgument` where a column is not there, has no such aggregation, or a sum is beyond 64 bits.
  public func aggregate(_ aggregations: Aggregation...) throws -> Table { try aggregate(aggregations) }

  /// A row for each group.
  public func aggregate(_ aggregations: [Aggregation]) throws -> Table {
    let keyColumns = try keys.map { try table[$0].taking(firstRows) }
    return try Table(keyColumns + aggregations.map(column))
  }

  /// The rows of a group, one group after the other.
  public func tables() -> [Table] { groups.map { table.taking(Array($0)) } }

  private func column(_ aggregation: Aggregation) throws -> Column {
    let name = aggregation.name
    if case .size = aggregation.kind { return Column(name, groups.map { $0.count }) }
    let column = try table[aggregation.column]
    func valid(_ group: ArraySlice<Int>) -> [Int] {
      column.validity == nil ? Array(group) : group.filter(column.isValid)
    }
    switch aggregation.kind {
    case .size, .count: return Column(name, groups.map { valid($0).count })
    case .first: return column.taking(groups.map { $0.first(where: column.isValid) ?? -1 }).renamed(name)
    case .last: return column.taking(groups.map { $0.last(where: column.isValid) ?? -1 }).renamed(name)
    case .unique:
      let codes = KeyCodes([column]).codes
      return Column(name, groups.map { Set(valid($0).map { codes[$0] }).count })
    case .minimum, .maximum:
      let order = SortOrder(column)
      let rows = groups.map { group in
        let rows = valid(group).filter { !column.isNaN($0) }
        let best =
          if case .minimum = aggregation.kind { rows.min { order.compare($0, $1) < 0 } } else {
            rows.max { order.compare($0, $1) < 0 }
          }
        return best ?? -1
      }
      return column.taking(rows).renamed(name)
    case .sum: return try sums(column, name, valid)
    case .mean, .deviation, .variance, .median, .quantile:
      let isTime = !column.type.isNumeric
      let numbers = try column.numbers()
      let values: [Double?] = groups.map { group in
        let values = valid(group).map { numbers[$0] }.filter { !$0.isNaN }
        let result = Self.statistic(aggregation.kind, values)
        return result.isNaN ? nil : result
      }
      // Means and quantiles of times are times, too.
      guard isTime else { return Column(name, values) }
      if case .variance = aggregation.kind {
        throw LatheError(
          .invalidArgument, "column '\(column.name)' is of \(column.type), which has no variance; ask its std"
        )
      }
      let microseconds = values.map { $0.map { Int64(($0 * 1e6).rounded()) } }
      if case .dateTime(_, let zone) = column.storage, !aggregation.isDistance {
        return Column(name, microseconds: microseconds, zone: zone)
      }
      return Column(name, durationMicroseconds: microseconds)
    }
  }

  static func statistic(_ kind: Aggregation.Kind, _ values: [Double]) -> Double {
    switch kind {
    case .mean: Sums.mean(values)
    case .variance: Sums.variance(values)
    case .deviation: Sums.variance(values).squareRoot()
    case .median: Sums.quantile(sorted: values.sorted(), 0.5)
    case .quantile(let fraction): Sums.quantile(sorted: values.sorted(), fraction)
    default: .nan
    }
  }

  private func sums(_ column: Column, _ name: String, _ valid: (ArraySlice<Int>) -> [Int]) throws -> Column {
    func exact(_ value: (Int) -> Int64) throws -> [Int64] {
      try groups.map { group in
        guard let sum = Sums.sum(valid(group).lazy.map(value)) else {
          throw LatheError(
            .invalidArgument,
            "column '\(column.name)': a sum is beyond 64 bits; cast it to float64 where rounding does no harm"
          )
        }
        return sum
      }
    }
    switch column.storage {
    case .int64(let values): return Column(name, .int64(ColumnValues(try exact { values.pointer[$0] })))
    case .bool(let values): return Column(name, .int64(ColumnValues(try exact { Int64(values.pointer[$0]) })))
    case .duration(let values): return Column(name, .duration(ColumnValues(try exact { values.pointer[$0] })))
    case .dateTime:
      throw LatheError(.invalidArgument, "column '\(column.name)' is of \(column.type), which has no sum")
    default:
      let numbers = try column.numbers()
      return Column(
        name, groups.map { group in Sums.sum(valid(group).map { numbers[$0] }.filter { !$0.isNaN }) })
    }
  }
}

extension Aggregation {
  fileprivate var isDistance: Bool { if case .deviation = kind { true } else { false } }
}

extension Column {
  /// Whether a row's value is a number that is none.
  package func isNaN(_ row: Int) -> Bool {
    switch storage {
    case .float64(let values): values.pointer[row].isNaN
    case .float32(let values): values.pointer[row].isNaN
    default: false
    }
  }
}

extension Table {
  /// The rows in groups that agree in some columns, in the order of these, or in that of their first rows.
  ///
  /// Rows where a column is missing are a group of their own, which comes last.
  public func group(by keys: String..., sorted: Bool = true) throws -> GroupedTable {
    try group(by: keys, sorted: sorted)
  }

  /// The rows in groups that agree in some columns.
  public func group(by keys: [String], sorted: Bool = true) throws -> GroupedTable {
    guard !keys.isEmpty else { throw LatheError(.invalidArgument, "group: name one column at least") }
    let codes = KeyCodes(try keys.map { try self[$0] })
    let (starts, places) = codes.rows()
    var order = Array(0..<codes.count)
    if sorted {
      let orders = try keys.map { SortOrder(try self[$0]) }
      order.sort { a, b in
        for order in orders {
          let comparison = order.compare(codes.firstRows[a], codes.firstRows[b])
          if comparison != 0 { return comparison < 0 }
        }
        return a < b
      }
    }
    return GroupedTable(
      table: self, keys: keys, firstRows: order.map { codes.firstRows[$0] },
      groups: order.map { places[starts[$0]..<starts[$0 + 1]] })
  }

  /// Different values of some columns side by side: a row for each that `index` columns have, a column for each of `columns`.
  ///
  /// - Parameters:
  ///   - index: The columns that rows stay apart by.
  ///   - columns: The column whose values become columns.
  ///   - aggregation: What stands in a cell; missing where no row has both.
  /// - Throws: `LatheError.invalidArgument` where there would be more than 10,000 columns.
  public func pivot(index: [String], columns: String, _ aggregation: Aggregation) throws -> Table {
    let cells = try group(by: index + [columns]).aggregate(aggregation.named("value"))
    let rows = KeyCodes(try index.map { try cells[$0] })
    let heads = try cells.group(by: columns)
    guard heads.count <= 10_000 else {
      throw LatheError(
        .invalidArgument,
        "pivot: column '\(columns)' has \(heads.count) values; more than 10000 columns are no table")
    }
    let names = try cells[columns]
    let values = try cells["value"]
    let made = heads.groups.enumerated().map { place, group in
      var places = [Int](repeating: -1, count: rows.count)
      for row in group { places[rows.codes[row]] = row }
      let head = heads.firstRows[place]
      return values.taking(places).renamed(names.isValid(head) ? names.text(head) : "missing")
    }
    return try Table(index.map { try cells[$0].taking(rows.firstRows) } + made)
  }
}
