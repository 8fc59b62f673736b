import Lathe
import LatheNN

/// Any data set as what a `Trainer` learns from or is tested on.
public struct TrainingSet<Data: Dataset>: TrainingData {
  /// The examples.
  public let dataset: Data
  /// The number of examples of a training epoch.
  public let count: Int
  /// What the examples are called: `images`, `rows`.
  public let noun: String
  /// A checksum that shows when the data was changed between a run and its continuation.
  public let checksum: UInt32
  /// The classes' names; nil where there are no classes, or none are known.
  public let classes: [String]?
  private let workers: Int
  private let lengths: [Int]?
  private let sampler: (any Sampler)?
  private let batchSampler: (any BatchSampler)?
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
  ///   - sampler: Which examples a training epoch has, in which order; all in an order drawn from the run's seed unless
  ///     given. One process's part of several is `DistributedSampler(RandomSampler(...), rank: rank, size: size)`.
  ///   - batchSampler: Which examples make which batch in training, instead of a sampler and the run's batch size.
  ///   - collation: How a batch is made of examples; as `Example` says unless given. Used in training alone.
  ///   - problems: Leaves out examples that cannot be read, as many as it allows.
  ///   - description: An example of a batch, by its place in it, as people read it; as `Example` says unless given.
  public init(
    _ dataset: Data, noun: String, checksum: UInt32, workers: Int = 1, classes: [String]? = nil,
    lengths: [Int]? = nil, sampler: (any Sampler)? = nil, batchSampler: (any BatchSampler)? = nil,
    collation: Collation<Data.Example>? = nil, problems: ReadingProblems? = nil,
    description: (@Sendable (_ batch: Batch, _ place: Int) throws -> ExampleDescription?)? = nil
  ) {
    require(
      batchSampler == nil || (sampler == nil && lengths == nil),
      "TrainingSet: a batch sampler says all of it; give it the sampler and the lengths")
    self.dataset = dataset
    count = batchSampler?.exampleCount ?? sampler?.count ?? dataset.count
    self.noun = noun
    self.checksum = checksum
    self.workers = workers
    self.classes = classes
    self.lengths = lengths
    self.sampler = sampler
    self.batchSampler = batchSampler
    self.collation = collation
    self.problems = problems
    describe = description ?? { try Data.Example.description(of: $0, at: $1) }
  }

  /// Many but of sequences, which may be long.
  public var testBatchSize: Int { lengths == nil ? 128 : 16 }

  /// The batches of a training epoch.
  public func batchCount(size: Int, dropsLast: Bool) -> Int {
    batchSampler?.batchCount ?? (count + (dropsLast ? 0 : size - 1)) / size
  }

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
    DataLoader(
      dataset, sampler: plan(size: size, seed: seed, dropsLast: dropsLast), seed: seed ?? 0, epoch: epoch,
      firstBatch: first, workers: workers,
      collation: seed == nil ? nil : collation, problems: problems, on: device
    ).stream()
  }

  /// Which examples make which batch; in a test, all in the order of the data.
  private func plan(size: Int, seed: UInt64?, dropsLast: Bool) -> any BatchSampler {
    if seed != nil, let batchSampler { return batchSampler }
    let order: any Sampler =
      if let seed { sampler ?? RandomSampler(count: dataset.count, seed: seed) } else {
        SequentialSampler(count: dataset.count)
      }
    return lengths.map { BucketedBatches(order, lengths: $0, size: size, dropsLast: dropsLast, seed: seed) }
      ?? FixedBatches(order, size: size, dropsLast: dropsLast)
  }
}
