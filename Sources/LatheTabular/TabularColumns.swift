import LatheCore

/// Which features of a row a network of tables takes as numbers, and which as categories.
///
/// A network's input is [n, numbers + categories], the numbers first. Category 0 of each is what was not there in training or is
/// missing.
public struct TabularColumns: Sendable, Hashable, Codable {
  /// How many numbers there are.
  public var numbers: Int
  /// How many categories each categorical feature has, the unknown one included.
  public var cardinalities: [Int]

  /// Columns of a network.
  public init(numbers: Int, cardinalities: [Int] = []) {
    self.numbers = numbers
    self.cardinalities = cardinalities
  }

  /// How many features a row has.
  public var count: Int { numbers + cardinalities.count }

  /// Whether a network can have them: for what comes from files.
  var isSound: Bool {
    numbers >= 0 && numbers < 1 << 24 && count > 0 && cardinalities.count < 1 << 24
      && cardinalities.allSatisfy { $0 > 0 && $0 < 1 << 24 }
      && cardinalities.reduce(0, &+) < 1 << 28
  }
}
