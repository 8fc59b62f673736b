import Foundation
import Lathe

/// Says which examples an epoch has, and in which order; both follow from the epoch's number alone.
public protocol Sampler: Sendable {
  /// The number of examples of an epoch.
  var count: Int { get }
  /// Their numbers, in order.
  func order(epoch: Int) -> [Int]
}

/// All examples in the order of the data.
public struct SequentialSampler: Sampler {
  /// The number of examples.
  public let count: Int

  /// The order 0..<count.
  public init(count: Int) { self.count = count }

  /// 0..<count.
  public func order(epoch: Int) -> [Int] { Array(0..<count) }
}

/// All examples, shuffled anew for every epoch.
public struct RandomSampler: Sampler {
  /// The number of examples.
  public let count: Int
  private let seed: UInt64

  /// An order drawn from a seed.
  public init(count: Int, seed: UInt64) {
    self.count = count
    self.seed = seed
  }

  /// A permutation of 0..<count.
  public func order(epoch: Int) -> [Int] {
    var order = Array(0..<count)
    var random = SampleRandom.order(seed: seed, epoch: epoch)
    random.shuffle(&order)
    return order
  }
}

/// Examples drawn with probabilities of their own, to see rare classes more often.
public struct WeightedSampler: Sampler {
  /// The number of examples of an epoch.
  public let count: Int
  private let weights: [Double]
  private let withReplacement: Bool
  private let seed: UInt64

  /// - Parameters:
  ///   - weights: One for each example, not negative; they need not sum to one.
  ///   - count: Draws of an epoch; as many as there are examples unless given.
  ///   - withReplacement: Whether an example may come more than once.
  ///   - seed: Of the numbers drawn.
  public init(weights: [Double], count: Int? = nil, withReplacement: Bool = true, seed: UInt64) {
    let possible = weights.count { $0 > 0 }
    require(
      weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.reduce(0, +).isFinite && possible > 0,
      "WeightedSampler: weights are finite, not negative and not all zero")
    self.count = count ?? weights.count
    require(
      self.count >= 0 && (withReplacement || self.count <= possible),
      "WeightedSampler: \(self.count) draws without replacement of \(possible) examples that have a weight")
    self.weights = weights
    self.withReplacement = withReplacement
    self.seed = seed
  }

  /// Weights that make every class equally likely.
  ///
  /// - Parameters:
  ///   - labels: The class of each example.
  ///   - count: Draws of an epoch; as many as there are examples unless given.
  ///   - seed: Of the numbers drawn.
  public static func balanced(labels: [Int], count: Int? = nil, seed: UInt64) -> WeightedSampler {
    let sizes = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
    return WeightedSampler(
      weights: labels.map { 1 / Double(sizes[$0] ?? 1) }, count: count, seed: seed)
  }

  /// Draws from the weights; without replacement the one of the largest u^(1/w) comes first (Efraimidis and
  /// Spirakis, 2006).
  public func order(epoch: Int) -> [Int] {
    var random = SampleRandom.order(seed: seed, epoch: epoch)
    guard withReplacement else {
      let keys = weights.map { $0 > 0 ? -log(1 - random.uniform()) / $0 : .infinity }
      return Array(weights.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.prefix(count))
    }
    var sum = 0.0
    let sums = weights.map { weight -> Double in
      sum += weight
      return sum
    }
    let last = weights.lastIndex { $0 > 0 } ?? 0
    return (0..<count).map { _ in
      let wanted = random.uniform() * sum
      // The first sum above the number; rounding must not lead behind the last that has a weight.
      var (low, high) = (0, last)
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] > wanted { high = middle } else { low = middle + 1 }
      }
      return low
    }
  }
}

/// All examples in an order in which any stretch has the classes in the shares that the whole data set has.
public struct StratifiedSampler: Sampler {
  /// The number of examples.
  public let count: Int
  private let members: [[Int]]
  private let seed: UInt64

  /// - Parameters:
  ///   - labels: The class of each example.
  ///   - seed: Of the numbers drawn.
  public init(labels: [Int], seed: UInt64) {
    count = labels.count
    self.seed = seed
    let groups = Dictionary(grouping: labels.indices) { labels[$0] }
    members = groups.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Shuffles each class and deals them out evenly.
  public func order(epoch: Int) -> [Int] {
    var random = SampleRandom.order(seed: seed, epoch: epoch)
    var dealt: [(key: Double, index: Int)] = []
    dealt.reserveCapacity(count)
    for group in members {
      var shuffled = group
      random.shuffle(&shuffled)
      let start = random.uniform()
      for (position, index) in shuffled.enumerated() {
        dealt.append(((Double(position) + start) / Double(shuffled.count), index))
      }
    }
    return dealt.sorted { ($0.key, $0.index) < ($1.key, $1.index) }.map(\.index)
  }
}

/// One process's part of another sampler's order, where several train together.
///
/// Every part has the same size: the order is filled up with its first examples, or cut.
public struct DistributedSampler: Sampler {
  /// Examples of this process.
  public let count: Int
  private let base: any Sampler
  private let rank: Int
  private let size: Int

  /// - Parameters:
  ///   - base: The order that is divided; all processes have the same one, from the same seed.
  ///   - rank: This process, in 0..<size.
  ///   - size: The number of processes.
  ///   - dropsLast: Leaves out the examples that do not divide evenly; else some come twice.
  public init(_ base: any Sampler, rank: Int, size: Int, dropsLast: Bool = false) {
    require(size > 0 && rank >= 0 && rank < size, "DistributedSampler: rank \(rank) of \(size) processes")
    self.base = base
    self.rank = rank
    self.size = size
    count = dropsLast ? base.count / size : (base.count + size - 1) / size
  }

  /// Each `size`-th example from `rank` on.
  public func order(epoch: Int) -> [Int] {
    let order = base.order(epoch: epoch)
    return (0..<count).map { order[($0 * size + rank) % order.count] }
  }
}
