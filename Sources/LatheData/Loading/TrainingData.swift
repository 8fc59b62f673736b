import Lathe
import LatheNN

/// Examples that a run learns from or is tested on.
public protocol TrainingData: Sendable {
  /// Examples of an epoch.
  var count: Int { get }
  /// What the examples are called: `images`, `sequences`.
  var noun: String { get }
  /// A checksum that shows when the data was changed between a run and its continuation.
  var checksum: UInt32 { get }

  /// The classes' names, in the order of their indices; nil where there are no classes.
  var classes: [String]? { get }
  /// What `Batch.count` counts, for rates: `samples`, `characters`.
  var unit: String { get }
  /// How many examples a batch of a test has, fewer where the device has no room for so many.
  var testBatchSize: Int { get }

  /// The batches of an epoch; to be implemented where that is not what examples and size say.
  ///
  /// - Parameters:
  ///   - size: Examples a batch.
  ///   - dropsLast: Whether a batch that is smaller is left out.
  func batchCount(size: Int, dropsLast: Bool) -> Int

  /// One example of a batch of a test as people read it; nil where there is no such form, as of images.
  func description(of batch: Batch, at place: Int) throws -> ExampleDescription?

  /// The batches of an epoch.
  ///
  /// - Parameters:
  ///   - size: Examples a batch.
  ///   - seed: Every epoch has an order of its own drawn from it; nil keeps the order of the data.
  ///   - epoch: The epoch whose order is used.
  ///   - first: The batch to start from, to go on where an earlier loop stopped.
  ///   - device: Where the batches' tensors live.
  func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream

  /// The same, without the batch that is smaller where `dropsLast`; to be implemented where that is not the last one.
  func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, dropsLast: Bool, on device: Device)
    -> BatchStream
}

extension TrainingData where Self: InMemoryDataset {
  /// Batches prepared ahead by a `DataLoader`.
  public func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    DataLoader(
      self, batchSize: size, shuffled: seed != nil, seed: seed ?? 0, epoch: epoch, firstBatch: first,
      on: device
    ).stream()
  }
}

extension TrainingData {
  /// None.
  public var classes: [String]? { nil }
  /// Examples.
  public var unit: String { "samples" }
  /// Few, since each example may be long.
  public var testBatchSize: Int { 16 }
  /// All examples in batches of one size.
  public func batchCount(size: Int, dropsLast: Bool) -> Int { (count + (dropsLast ? 0 : size - 1)) / size }
  /// None.
  public func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }

  /// Ends before a last batch that is smaller.
  public func batches(
    size: Int, seed: UInt64?, epoch: Int, first: Int, dropsLast: Bool, on device: Device
  ) -> BatchStream {
    let all = batches(size: size, seed: seed, epoch: epoch, first: first, on: device)
    guard dropsLast else { return all }
    var left = count / size - first
    return BatchStream {
      left -= 1
      return left < 0 ? nil : try all.next()
    }
  }
}
