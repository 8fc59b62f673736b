import Lathe

/// Some examples of a data set, in an order.
public struct Subset<Base: Dataset>: Dataset {
  /// What the examples are taken from.
  public let base: Base
  /// The examples' numbers in `base`.
  public let indices: [Int]

  /// The examples of some numbers.
  public init(_ base: Base, indices: [Int]) {
    require(
      indices.allSatisfy { $0 >= 0 && $0 < base.count }, "Subset: an index outside 0..<\(base.count)")
    self.base = base
    self.indices = indices
  }

  /// The number of indices.
  public var count: Int { indices.count }

  /// The base's example.
  public func example(at index: Int, random: inout SampleRandom) throws -> Base.Example {
    try base.example(at: indices[index], random: &random)
  }
}

extension Subset: InMemoryDataset where Base: InMemoryDataset {
  /// The base's example.
  public func example(at index: Int, random: inout SampleRandom) -> Base.Example {
    base.example(at: indices[index], random: &random)
  }
}

/// A data set whose examples are made of another's, on the workers.
public struct MappedDataset<Base: Dataset, Example: Collatable>: Dataset {
  /// What the examples are made of.
  public let base: Base
  private let transform: @Sendable (Base.Example, inout SampleRandom) throws -> Example

  init(_ base: Base, transform: @escaping @Sendable (Base.Example, inout SampleRandom) throws -> Example) {
    self.base = base
    self.transform = transform
  }

  /// As many as the base has.
  public var count: Int { base.count }

  /// The base's example, transformed.
  public func example(at index: Int, random: inout SampleRandom) throws -> Example {
    try transform(base.example(at: index, random: &random), &random)
  }
}

extension Dataset {
  /// The same examples, each changed by a function that runs on the workers and draws from `random` alone.
  public func mapped<Result: Collatable>(
    _ transform: @escaping @Sendable (_ example: Example, _ random: inout SampleRandom) throws -> Result
  ) -> MappedDataset<Self, Result> {
    MappedDataset(self, transform: transform)
  }

  /// Divides the examples at random into parts that share none.
  ///
  /// - Parameters:
  ///   - shares: Of each part, positive; what their sum leaves of 1 is left out.
  ///   - seed: The same seed gives the same parts.
  ///   - labels: The class of each example: each part then has the classes in the shares that the whole has.
  /// - Throws: `LatheError.invalidArgument` where a part would be empty.
  public func split(_ shares: [Double], seed: UInt64, stratifiedBy labels: [Int]? = nil) throws -> [Subset<
    Self
  >] {
    try splitPlaces(count, shares, seed: seed, stratifiedBy: labels).map { Subset(self, indices: $0) }
  }
}

/// The places 0..<count divided at random, as `Dataset.split` does.
///
/// - Throws: `LatheError.invalidArgument` where a part would be empty.
package func splitPlaces(_ count: Int, _ shares: [Double], seed: UInt64, stratifiedBy labels: [Int]?) throws
  -> [[Int]]
{
  require(
    !shares.isEmpty && shares.allSatisfy { $0 > 0 } && shares.reduce(0, +) <= 1 + 1e-9,
    "split: shares \(shares): positive numbers of sum at most 1")
  require(
    labels.map { $0.count == count } ?? true, "split: \(labels?.count ?? 0) labels for \(count) examples")
  let groups =
    labels.map { labels in
      Dictionary(grouping: 0..<count) { labels[$0] }.sorted { $0.key < $1.key }.map(\.value)
    } ?? [Array(0..<count)]
  var parts = [[Int]](repeating: [], count: shares.count)
  var random = SampleRandom.order(seed: seed, epoch: 0)
  for group in groups {
    var order = group
    random.shuffle(&order)
    // Rounded at the borders, so that the parts' sizes add up.
    var (start, sum) = (0, 0.0)
    for (part, share) in shares.enumerated() {
      sum += share
      let end = min(Int((sum * Double(order.count)).rounded()), order.count)
      parts[part] += order[start..<end]
      start = end
    }
  }
  if let empty = parts.firstIndex(where: \.isEmpty) {
    throw LatheError(
      .invalidArgument,
      "a share of \(shares[empty]) of \(count) examples leaves part \(empty) empty; use more data or another share"
    )
  }
  // Shuffled over the classes; each part keeps an order of its own.
  return parts.map { part in
    var order = part
    random.shuffle(&order)
    return order
  }
}
