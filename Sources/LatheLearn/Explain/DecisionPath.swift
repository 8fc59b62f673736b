import LatheCore

/// The conditions that lead a row to its leaf, in words.
public struct DecisionPath: Sendable, Hashable {
  /// What the way says of one column: all its conditions together.
  public struct Condition: Sendable, Hashable, CustomStringConvertible {
    /// The column.
    public let column: String
    /// The row's value.
    public let value: Double
    /// It is above this, where there is such a bound.
    public let above: Double?
    /// It is at most this, where there is such a bound.
    public let atMost: Double?
    /// The categories that go this way, where the column has such.
    public let categories: [Int]?

    /// `age <= 30.5`, `2 < rooms <= 4`, `port is 1 or 3`, or `age is missing`.
    public var description: String {
      if value.isNaN { return "\(column) is missing" }
      if let categories {
        guard !categories.isEmpty else { return "\(column) is another category" }
        return "\(column) is \(categories.map(String.init).joined(separator: " or "))"
      }
      switch (above, atMost) {
      case (let low?, let high?): return "\(ShortNumber.text(low)) < \(column) <= \(ShortNumber.text(high))"
      case (let low?, nil): return "\(column) > \(ShortNumber.text(low))"
      case (nil, let high?): return "\(column) <= \(ShortNumber.text(high))"
      case (nil, nil): return "\(column) is \(ShortNumber.text(value))"
      }
    }
  }

  /// What the way says of each column, in the order in which it is asked.
  public let conditions: [Condition]
  /// The leaf.
  public let leaf: Int
  /// What the leaf says, one number for each output.
  public let values: [Double]

  /// The way of a row down a tree.
  ///
  /// - Parameter names: The columns' names; nil numbers them.
  public init(_ tree: Tree, row: [Double], names: [String]? = nil) {
    var order: [Int] = []
    var above: [Int: Double] = [:]
    var atMost: [Int: Double] = [:]
    var categories: [Int: Set<Int>] = [:]
    var node = tree.splits.isEmpty ? ~0 : 0
    while node >= 0 {
      let split = tree.splits[node]
      let feature = split.feature
      require(feature < row.count, "decision path: the row has \(row.count) columns, the tree looks at more")
      let goesLeft = split.goesLeft(row[feature])
      if !order.contains(feature) { order.append(feature) }
      if let words = split.categories {
        let left = Set((0..<words.count * 32).filter { words[$0 >> 5] >> UInt32($0 & 31) & 1 == 1 })
        // Of categories that go right only the row's own is known to be one.
        let own = goesLeft ? left : row[feature].isNaN ? [] : [Int(row[feature])]
        categories[feature] = categories[feature].map { $0.intersection(own) } ?? own
      } else if goesLeft {
        atMost[feature] = min(atMost[feature] ?? .infinity, split.threshold)
      } else {
        above[feature] = max(above[feature] ?? -.infinity, split.threshold)
      }
      node = goesLeft ? split.left : split.right
    }
    conditions = order.map { feature in
      Condition(
        column: names?[feature] ?? "Column_\(feature)", value: row[feature], above: above[feature],
        atMost: atMost[feature], categories: categories[feature]?.sorted())
    }
    leaf = ~node
    values = tree.leaves[~node].values
  }

  /// All conditions, joined by `and`.
  public var words: String {
    conditions.isEmpty ? "always" : conditions.map(\.description).joined(separator: " and ")
  }
}

/// Numbers for readers: five digits.
enum ShortNumber {
  static func text(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    var size = abs(value)
    var digits = 4
    while size >= 10, digits > 0 {
      size /= 10
      digits -= 1
    }
    while size < 1, digits < 12 {
      size *= 10
      digits += 1
    }
    let scale = power(10, Double(digits))
    let rounded = (value * scale).rounded() / scale
    if rounded == rounded.rounded(), abs(rounded) < 1e15 { return String(Int64(rounded)) }
    return rounded.description
  }
}
