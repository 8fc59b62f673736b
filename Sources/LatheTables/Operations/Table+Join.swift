import LatheCore

/// Which rows a join keeps.
public enum JoinKind: Sendable, Hashable {
  /// Those that have a partner.
  case inner
  /// All of the left table.
  case left
  /// All of both tables.
  case outer
}

extension Table {
  /// Rows of two tables side by side where some columns agree.
  ///
  /// The rows are in the left table's order, partners in the right one's; rows of the right table without a partner come
  /// last. A missing value agrees with nothing. Columns of the right table whose names the left one has, too, get a suffix.
  ///
  /// - Parameters:
  ///   - other: The right table.
  ///   - keys: The columns that must agree, which are in both tables and once in the result.
  ///   - kind: Which rows are kept.
  ///   - suffix: What names of the right table get where they are taken.
  /// - Throws: `LatheError.invalidArgument` where a column is not there or of another type in the other table.
  public func join(_ other: Table, on keys: String..., kind: JoinKind = .inner, suffix: String = "_right")
    throws -> Table
  {
    try join(other, on: keys, kind: kind, suffix: suffix)
  }

  /// Rows of two tables side by side where some columns agree.
  public func join(_ other: Table, on keys: [String], kind: JoinKind = .inner, suffix: String = "_right")
    throws -> Table
  {
    guard !keys.isEmpty else {
      throw LatheError(.invalidArgument, "join: name one column at least that must agree")
    }
    let leftKeys = try keys.map { try self[$0] }
    let rightKeys = try keys.map { try other[$0] }
    let codes = KeyCodes(try zip(leftKeys, rightKeys).map { try Column.concatenate([$0, $1]) })
    func isWhole(_ columns: [Column], _ row: Int) -> Bool { columns.allSatisfy { $0.isValid(row) } }
    // The right table's rows by number, each list in order: the last row first, then what follows a row.
    var firstOf = [Int](repeating: -1, count: codes.count)
    var following = [Int](repeating: -1, count: other.rowCount)
    for row in (0..<other.rowCount).reversed() where isWhole(rightKeys, row) {
      let code = codes.codes[rowCount + row]
      following[row] = firstOf[code]
      firstOf[code] = row
    }
    var left: [Int] = []
    var right: [Int] = []
    var hasPartner = [Bool](repeating: false, count: kind == .outer ? other.rowCount : 0)
    for row in 0..<rowCount {
      var partner = isWhole(leftKeys, row) ? firstOf[codes.codes[row]] : -1
      if partner < 0 && kind != .inner {
        left.append(row)
        right.append(-1)
      }
      while partner >= 0 {
        left.append(row)
        right.append(partner)
        if kind == .outer { hasPartner[partner] = true }
        partner = following[partner]
      }
    }
    if kind == .outer {
      for row in 0..<other.rowCount where !hasPartner[row] {
        left.append(-1)
        right.append(row)
      }
    }
    var made: [Column] = []
    for column in columns {
      guard let key = keys.firstIndex(of: column.name), kind == .outer else {
        made.append(column.taking(left))
        continue
      }
      // A key is the right table's where there is no left row.
      let both = try Column.concatenate([leftKeys[key], rightKeys[key]])
      made.append(both.taking(zip(left, right).map { $0 < 0 ? rowCount + $1 : $0 }).renamed(column.name))
    }
    for column in other.columns where !keys.contains(column.name) {
      made.append(column.taking(right).renamed(contains(column.name) ? column.name + suffix : column.name))
    }
    return try Table(made)
  }
}
