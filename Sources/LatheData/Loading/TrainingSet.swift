import Lathe
import LatheNN

/// Any data set as what a `Trainer` learns from or is tested on.
public struct TrainingSet<Data: Dataset>: TrainingData {
  /// The examples.
  public let dataset: Data
  /// What the examples are called: `images`, `rows`.
  public let noun: String
  /// A checksum that shows when the data was changed between a run and its continuation.
  public let checksum: UInt32
  /// The classes' names; nil where there are no classes, or none are known.
  public let classes: [String]?
  private let workers: Int
  private let lengths: [Int]?
  private let collation: Collation<Data.Example>?
  private let problems: ReadingProblems?
  private let describe: @Sendable (Batch, Int) throws -> ExampleDescription?

  /// - Parameters:
  ///   - dataset: What the examples are taken from.
  ///   - noun: What an example is called in messages, in the plural.
  ///   - checksum: Of what the examples are made from, as the readers give it.
  ///   - workers: Threads that make batches; the run's results do not depend on it.
  ///   - classes: The classes' names, for reports.
  ///   - lengths: Of sequences, the length of each example: batches are then of similar lengths.
  ///   - collation: How a batch is made of examples; as `Example` says unless given. Used in training alone.
  ///   - problems: Leaves out examples that cannot be read, as many as it allows.
  ///   - description: An example of a batch, by its place in it, as people read it; as `Example` says unless given.
  public init(
    _ dataset: Data, noun: String, checksum: UInt32, workers: Int = 1, classes: [String]? = nil,
    lengths: [Int]? = nil, collation: Collation<Data.Example>? = nil, problems: ReadingProblems? = nil,
    description: (@Sendable (_ batch: Batch, _ place: Int) throws -> ExampleDescription?)? = nil
  ) {
    self.dataset = dataset
    self.noun = noun
    self.checksum = checksum
    self.workers = workers
    self.classes = classes
    self.lengths = lengths
    self.collation = collation
    self.problems = problems
    describe = description ?? { try Data.Example.description(of: $0, at: $1) }
  }

  /// Many but of sequences, which may be long.
  public var testBatchSize: Int { lengths == nil ? 128 : 16 }

  /// The number of examples.
  public var count: Int { dataset.count }

  /// As it was told, or as the examples say.
  public func description(of batch: Batch, at place: Int) throws -> ExampleDescription? {
    try describe(batch, place)
  }

  /// Batches prepared ahead by a `DataLoader`.
  public func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    batches(size: size, seed: seed, epoch: epoch, first: first, dropsLast: false, on: device)
  }

  /// The same, without the batch that is smaller where `dropsLast`: of sequences it may be anywhere in the epoch.
  public func batches(
    size: Int, seed: UInt64?, epoch: Int, first: Int, dropsLast: Bool, on device: Device
  ) -> BatchStream {
    let order: any Sampler =
      seed.map { RandomSampler(count: count, seed: $0) } ?? SequentialSampler(count: count)
    let sampler: any BatchSampler =
      lengths.map { BucketedBatches(order, lengths: $0, size: size, dropsLast: dropsLast, seed: seed) }
      ?? FixedBatches(order, size: size, dropsLast: dropsLast)
    return DataLoader(
      dataset, sampler: sampler, seed: seed ?? 0, epoch: epoch, firstBatch: first, workers: workers,
      collation: seed == nil ? nil : collation, problems: problems, on: device
    ).stream()
  }
}
