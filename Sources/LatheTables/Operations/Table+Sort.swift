import LatheCore

/// A column to sort by.
public struct SortKey: Sendable, ExpressibleByStringLiteral {
  let name: String
  let isDescending: Bool

  /// The least first.
  public static func ascending(_ name: String) -> SortKey { SortKey(name: name, isDescending: false) }
  /// The greatest first.
  public static func descending(_ name: String) -> SortKey { SortKey(name: name, isDescending: true) }

  private init(name: String, isDescending: Bool) {
    self.name = name
    self.isDescending = isDescending
  }

  /// The least first.
  public init(stringLiteral name: String) { self.init(name: name, isDescending: false) }
}

extension Table {
  /// The rows in order: by the first key, where it is equal by the second, and so on; else as they were.
  ///
  /// Missing values come last in either direction, behind NaN. Texts and categories are in the order of their Unicode
  /// scalars.
  public func sort(by keys: SortKey...) throws -> Table { try sort(by: keys) }

  /// The rows in order, by several keys.
  public func sort(by keys: [SortKey]) throws -> Table {
    taking(
      try keys.isEmpty ? Array(0..<rowCount) : sortedRows(keys.map { (try self[$0.name], $0.isDescending) }))
  }

  private func sortedRows(_ keys: [(column: Column, isDescending: Bool)]) -> [Int] {
    let orders = keys.map { SortOrder($0.column, isDescending: $0.isDescending) }
    if orders.count == 1, case .numbers(let values) = orders[0].kind {
      let column = keys[0].column
      var pairs = (0..<rowCount).filter(column.isValid).map { (value: values[$0], row: $0) }
      pairs.sort { $0.value != $1.value ? $0.value < $1.value : $0.row < $1.row }
      return pairs.map(\.row) + (0..<rowCount).filter { !column.isValid($0) }
    }
    return (0..<rowCount).sorted { a, b in
      for order in orders {
        let comparison = order.compare(a, b)
        if comparison != 0 { return comparison < 0 }
      }
      return a < b
    }
  }
}

/// The order of a column's rows.
struct SortOrder {
  enum Kind {
    /// Numbers whose order is that of the values, the direction included.
    case numbers([UInt64])
    case texts(TextValues, isDescending: Bool)
  }

  let kind: Kind
  private let column: Column

  init(_ column: Column, isDescending: Bool = false) {
    self.column = column
    func numbers(_ key: (Int) -> UInt64) -> Kind {
      .numbers((0..<column.count).map { isDescending ? ~key($0) : key($0) })
    }
    // NaN is behind all numbers in either direction.
    let nan: UInt64 = isDescending ? 0 : .max
    switch column.storage {
    case .float64(let values): kind = numbers { Self.key(values.pointer[$0], nan: nan) }
    case .float32(let values): kind = numbers { Self.key(Double(values.pointer[$0]), nan: nan) }
    case .int64(let values), .dateTime(let values, _), .duration(let values):
      kind = numbers { UInt64(bitPattern: values.pointer[$0]) ^ 1 << 63 }
    case .bool(let values): kind = numbers { UInt64(values.pointer[$0]) }
    case .text(let values): kind = .texts(values, isDescending: isDescending)
    case .categorical(let codes, let categories):
      let sorted = (0..<categories.count).sorted {
        compareBytes(categories.utf8($0), categories.utf8($1)) < 0
      }
      var ranks = [UInt64](repeating: 0, count: categories.count)
      var rank: UInt64 = 0
      for (place, category) in sorted.enumerated() {
        if place > 0, compareBytes(categories.utf8(sorted[place - 1]), categories.utf8(category)) != 0 {
          rank += 1
        }
        ranks[category] = rank
      }
      kind = numbers { column.isValid($0) ? ranks[Int(codes.pointer[$0])] : 0 }
    }
  }

  /// Negative where the first row comes first; missing values come last.
  func compare(_ a: Int, _ b: Int) -> Int {
    switch (column.isValid(a), column.isValid(b)) {
    case (false, false): return 0
    case (false, true): return 1
    case (true, false): return -1
    case (true, true): break
    }
    switch kind {
    case .numbers(let values): return values[a] == values[b] ? 0 : values[a] < values[b] ? -1 : 1
    case .texts(let texts, let isDescending):
      let order = compareBytes(texts.utf8(a), texts.utf8(b))
      return isDescending ? -order : order
    }
  }

  /// Bits that are in the order of the numbers.
  private static func key(_ value: Double, nan: UInt64) -> UInt64 {
    if value.isNaN { return nan }
    let bits = (value == 0 ? 0 : value).bitPattern
    return bits >> 63 == 0 ? bits ^ 1 << 63 : ~bits
  }
}
