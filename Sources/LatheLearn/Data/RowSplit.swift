import LatheCore

/// Rows to learn from and rows to test on; no row is in both.
public struct RowSplit: Sendable, Hashable {
  /// The rows to learn from.
  public var train: [Int]
  /// The rows to test on.
  public var test: [Int]

  /// A division into rows to learn from and rows to test on.
  public init(train: [Int], test: [Int]) {
    self.train = train
    self.test = test
  }
}

extension RowSplits {
  /// Divides rows by their classes; a class of a single row is learned from in each division and never tested on.
  ///
  /// - Parameter divide: Divisions of rows by the labels of those whose class has more rows.
  package static func keepingSingleRows(
    labels: [Int], _ divide: ([Int]) throws -> [RowSplit]
  ) rethrows -> [RowSplit] {
    var counts: [Int: Int] = [:]
    for label in labels { counts[label, default: 0] += 1 }
    let single = labels.indices.filter { counts[labels[$0]] == 1 }
    let others = labels.indices.filter { counts[labels[$0]] != 1 }
    return try divide(others.map { labels[$0] }).map { split in
      RowSplit(train: (split.train.map { others[$0] } + single).sorted(), test: split.test.map { others[$0] })
    }
  }
}

/// Ways to divide the rows of a table, by scikit-learn's definitions.
///
/// What is random depends on the seed alone; without a seed rows keep their order.
public enum RowSplits {
  /// A part of the rows, rounded up, to test on; the others to learn from.
  public static func random(rows: Int, test fraction: Double, seed: UInt64) throws -> RowSplit {
    let testCount = try testCount(rows, fraction)
    var random = RandomSource(seed: seed)
    var order = Array(0..<rows)
    random.shuffle(&order)
    return RowSplit(train: Array(order[testCount...]), test: Array(order[..<testCount]))
  }

  /// The same with the shares of classes kept on both sides.
  public static func stratified(labels: [Int], test fraction: Double, seed: UInt64) throws -> RowSplit {
    let testCount = try testCount(labels.count, fraction)
    var random = RandomSource(seed: seed)
    let members = rowsByClass(labels)
    guard members.allSatisfy({ $0.count >= 2 }), testCount >= members.count,
      labels.count - testCount >= members.count
    else {
      throw LatheError(
        .invalidArgument,
        "stratified split: each of the \(members.count) classes needs a row on both sides; join rare classes")
    }
    let trainShares = largestRemainders(members.map(\.count), labels.count - testCount)
    var split = RowSplit(train: [], test: [])
    for (rows, count) in zip(members, trainShares) {
      var rows = rows
      random.shuffle(&rows)
      split.train += rows[..<count]
      split.test += rows[count...]
    }
    random.shuffle(&split.train)
    random.shuffle(&split.test)
    return split
  }

  /// Whole groups, a part of them rounded up, to test on.
  public static func grouped(groups: [Int], test fraction: Double, seed: UInt64) throws -> RowSplit {
    let names = Array(Set(groups)).sorted()
    let split = try random(rows: names.count, test: fraction, seed: seed)
    let tested = Set(split.test.map { names[$0] })
    return RowSplit(
      train: groups.indices.filter { !tested.contains(groups[$0]) },
      test: groups.indices.filter { tested.contains(groups[$0]) })
  }

  /// The last part of the rows, which are in the order of time.
  public static func byTime(rows: Int, test fraction: Double) throws -> RowSplit {
    let testCount = try testCount(rows, fraction)
    return RowSplit(train: Array(0..<rows - testCount), test: Array(rows - testCount..<rows))
  }

  private static func testCount(_ rows: Int, _ fraction: Double) throws -> Int {
    let count = Int((fraction * Double(rows)).rounded(.up))
    guard fraction > 0, fraction < 1, count < rows else {
      throw LatheError(
        .invalidArgument, "a test part of \(fraction) of \(rows) rows leaves nothing on one of the sides")
    }
    return count
  }

  /// Rows of each class, classes in rising order.
  static func rowsByClass(_ labels: [Int]) -> [[Int]] {
    var rows: [Int: [Int]] = [:]
    for (row, label) in labels.enumerated() { rows[label, default: []].append(row) }
    return rows.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Shares of `total` by counts, whole numbers; what is left over goes to the largest remainders.
  static func largestRemainders(_ counts: [Int], _ total: Int) -> [Int] {
    let sum = counts.reduce(0, +)
    let exact = counts.map { Double($0) * Double(total) / Double(sum) }
    var shares = exact.map { Int($0) }
    let order = exact.indices.sorted {
      (exact[$1] - Double(shares[$1]), $0) < (exact[$0] - Double(shares[$0]), $1)
    }
    for i in order.prefix(total - shares.reduce(0, +)) { shares[i] += 1 }
    return shares
  }
}
