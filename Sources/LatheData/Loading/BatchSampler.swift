import Lathe

/// The examples of an epoch, cut into batches.
public struct BatchPlan: Sendable {
  /// All examples in order.
  public let order: [Int]
  /// Where each batch ends in the order.
  public let ends: [Int]

  /// A plan from an order and the places where its batches end, which rise.
  public init(order: [Int], ends: [Int]) {
    self.order = order
    self.ends = ends
  }

  /// The number of batches.
  public var count: Int { ends.count }

  /// A batch's places in the order.
  public func range(_ batch: Int) -> Range<Int> { (batch == 0 ? 0 : ends[batch - 1])..<ends[batch] }
}

/// Cuts the examples of an epoch into batches; the plan follows from the epoch's number alone.
public protocol BatchSampler: Sendable {
  /// The number of batches of an epoch.
  var batchCount: Int { get }
  /// The examples of an epoch.
  var exampleCount: Int { get }
  /// The batches of an epoch.
  func plan(epoch: Int) -> BatchPlan
}

extension BatchSampler {
  /// Those of the first epoch.
  public var exampleCount: Int { plan(epoch: 0).ends.last ?? 0 }
}

/// Batches of one size, the last one smaller where the size does not divide the examples.
public struct FixedBatches: BatchSampler {
  private let sampler: any Sampler
  private let size: Int
  private let dropsLast: Bool

  /// - Parameters:
  ///   - sampler: Draws the examples.
  ///   - size: Examples a batch.
  ///   - dropsLast: Leaves out a last batch that is smaller.
  public init(_ sampler: any Sampler, size: Int, dropsLast: Bool = false) {
    require(size > 0, "FixedBatches: \(size) examples a batch")
    self.sampler = sampler
    self.size = size
    self.dropsLast = dropsLast
  }

  /// The number of batches of an epoch.
  public var batchCount: Int { (sampler.count + (dropsLast ? 0 : size - 1)) / size }

  /// Stretches of the sampler's order.
  public func plan(epoch: Int) -> BatchPlan {
    let order = sampler.order(epoch: epoch)
    return BatchPlan(order: order, ends: (0..<batchCount).map { min(($0 + 1) * size, order.count) })
  }
}

/// Batches of examples of similar length, so that little is filled up.
///
/// The order is cut into pools; each pool is sorted by length and cut into batches, and the batches are shuffled.
public struct BucketedBatches: BatchSampler {
  private let sampler: any Sampler
  private let lengths: [Int]
  private let size: Int
  private let pool: Int
  private let dropsLast: Bool
  private let seed: UInt64?

  /// - Parameters:
  ///   - sampler: Draws the examples.
  ///   - lengths: The length of each example of the data set.
  ///   - size: Examples a batch.
  ///   - batchesInPool: How many batches are sorted together: more means less filling, fewer more chance.
  ///   - dropsLast: Leaves out the batch of the last pool that is smaller.
  ///   - seed: Of the order of the batches; nil leaves them as they are in the pools.
  public init(
    _ sampler: any Sampler, lengths: [Int], size: Int, batchesInPool: Int = 100, dropsLast: Bool = false,
    seed: UInt64?
  ) {
    require(size > 0 && batchesInPool > 0, "BucketedBatches: batches of \(size), \(batchesInPool) in a pool")
    self.sampler = sampler
    self.lengths = lengths
    self.size = size
    pool = size * batchesInPool
    self.dropsLast = dropsLast
    self.seed = seed
  }

  /// The number of batches of an epoch.
  public var batchCount: Int { (sampler.count + (dropsLast ? 0 : size - 1)) / size }

  /// Batches of similar length.
  public func plan(epoch: Int) -> BatchPlan {
    let order = sampler.order(epoch: epoch)
    require(
      order.allSatisfy { lengths.indices.contains($0) },
      "BucketedBatches: \(lengths.count) lengths, but the sampler has examples without one")
    var batches: [ArraySlice<Int>] = []
    for start in stride(from: 0, to: order.count, by: pool) {
      // A pool is a whole number of batches, so that only the last of all is smaller.
      let sorted = (start..<min(start + pool, order.count))
        .sorted { (lengths[order[$0]], $0) < (lengths[order[$1]], $1) }.map { order[$0] }
      for first in stride(from: 0, to: sorted.count, by: size) {
        let batch = sorted[first..<min(first + size, sorted.count)]
        if batch.count == size || !dropsLast { batches.append(batch) }
      }
    }
    if let seed {
      var places = Array(batches.indices)
      var random = SampleRandom.order(seed: seed ^ 0x6275_636B_6574, epoch: epoch)
      random.shuffle(&places)
      batches = places.map { batches[$0] }
    }
    var end = 0
    let ends = batches.map { batch -> Int in
      end += batch.count
      return end
    }
    return BatchPlan(order: batches.flatMap { $0 }, ends: ends)
  }
}
