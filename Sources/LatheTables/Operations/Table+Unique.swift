import LatheCore

/// Which of several equal rows stays.
public enum KeptRow: Sendable, Hashable {
  /// The first.
  case first
  /// The last.
  case last
  /// None: only rows that have no equal stay.
  case none
}

extension Table {
  /// The rows that differ in some columns, in their order; missing values are equal to each other.
  ///
  /// - Parameters:
  ///   - subset: The columns that are looked at; all unless given.
  ///   - keep: Which of several equal rows stays.
  public func unique(_ subset: [String]? = nil, keep: KeptRow = .first) throws -> Table {
    taking(try uniqueRows(subset, keep: keep))
  }

  /// How many rows are equal to one before them.
  public func duplicateCount(_ subset: [String]? = nil) throws -> Int {
    rowCount - (try uniqueRows(subset, keep: .first)).count
  }

  /// For each row the first one that is equal to it, which may be itself.
  package func firstEqualRows(_ subset: [String]? = nil) throws -> [Int] {
    let columns = try (subset ?? columnNames).map { try self[$0] }
    guard !columns.isEmpty else { return Array(0..<rowCount) }
    let codes = KeyCodes(columns)
    return codes.codes.map { codes.firstRows[$0] }
  }

  private func uniqueRows(_ subset: [String]?, keep: KeptRow) throws -> [Int] {
    let columns = try (subset ?? columnNames).map { try self[$0] }
    guard !columns.isEmpty else { return Array(0..<rowCount) }
    let codes = KeyCodes(columns)
    if keep == .first { return codes.firstRows }
    let (starts, places) = codes.rows()
    let groups = (0..<codes.count).map { places[starts[$0]..<starts[$0 + 1]] }
    let kept = groups.compactMap { keep == .last ? $0.last : $0.count == 1 ? $0.first : nil }
    return kept.sorted()
  }

  /// The rows without a missing value in some columns.
  public func dropMissing(_ subset: [String]? = nil) throws -> Table {
    let columns = try (subset ?? columnNames).map { try self[$0] }.filter { $0.validity != nil }
    return columns.isEmpty
      ? self : taking((0..<rowCount).filter { row in columns.allSatisfy { $0.isValid(row) } })
  }

  /// A row for each column: its type, how many values are there, missing and different, and of numbers the mean, the standard
  /// deviation of a sample, the least, the quartiles and the greatest.
  public func describe() throws -> Table {
    var statistics: [[Double?]] = Array(repeating: [], count: 7)
    for column in columns {
      var values: [Double?] = Array(repeating: nil, count: 7)
      if column.type.isNumeric {
        let all = try column.numbers()
        let sorted = (0..<rowCount).filter { column.isValid($0) && !all[$0].isNaN }.map { all[$0] }.sorted()
        if let least = sorted.first, let greatest = sorted.last {
          let deviation = Sums.variance(sorted).squareRoot()
          values = [
            Sums.mean(sorted), deviation.isNaN ? nil : deviation, least, Sums.quantile(sorted: sorted, 0.25),
            Sums.quantile(sorted: sorted, 0.5), Sums.quantile(sorted: sorted, 0.75), greatest,
          ]
        }
      }
      for place in 0..<7 { statistics[place].append(values[place]) }
    }
    let names = ["mean", "std", "min", "25%", "50%", "75%", "max"]
    return try Table(
      [
        Column("column", columnNames), Column("type", columns.map(\.type.description)),
        Column("count", columns.map { $0.count - $0.missingCount }),
        Column("missing", columns.map(\.missingCount)),
        Column("unique", columns.map { $0.uniqueCount }),
      ] + zip(names, statistics).map { Column($0, $1) })
  }
}

extension Column {
  /// How many different values there are, missing ones left out.
  public var uniqueCount: Int { KeyCodes([self]).count - (missingCount > 0 ? 1 : 0) }
}
