import Lathe
import LatheNN

/// Examples that are found by their number: what a `DataLoader` cuts into batches.
///
/// Several workers ask at the same time. What an example is must follow from `index` and `random` alone: then the
/// batches do not depend on how many workers there are, and a resumed run sees what the first one would have seen.
public protocol Dataset<Example>: Sendable {
  /// What one number stands for.
  associatedtype Example: Collatable

  /// The number of examples.
  var count: Int { get }

  /// An example.
  ///
  /// - Parameters:
  ///   - index: In 0..<count.
  ///   - random: What augmentation draws from; seeded by the run's seed, the epoch, the index and the place in it.
  /// - Throws: `LatheError` where the example cannot be read; the loop over the batches ends with that error.
  func example(at index: Int, random: inout SampleRandom) throws -> Example
}

/// A data set whose examples are in memory and cannot fail, so that a `for` loop can go over its batches.
public protocol InMemoryDataset: Dataset {
  /// An example.
  func example(at index: Int, random: inout SampleRandom) -> Example
}

/// Examples that know how a batch is made of them.
public protocol Collatable: Sendable {
  /// One batch of some examples, at least one, on a device.
  ///
  /// - Throws: `LatheError` where they do not fit together.
  static func collate(_ examples: [Self], on device: Device) throws -> Batch

  /// One example of a batch as people read it; nil where there is no such form.
  static func description(of batch: Batch, at place: Int) throws -> ExampleDescription?
}

/// How a batch is made of examples, where it is not as `Collatable` says: mixed with each other, for instance.
public typealias Collation<Example> =
  @Sendable (_ examples: [Example], _ random: inout SampleRandom, _ device: Device) throws -> Batch
