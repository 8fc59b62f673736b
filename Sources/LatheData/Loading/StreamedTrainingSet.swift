import Lathe
import LatheFiles
import LatheNN

/// A stream of examples as what a `Trainer` learns from or is tested on.
public struct StreamedTrainingSet<Record: Sendable, Example: Collatable>: TrainingData {
  /// Examples of an epoch of this process; what the stream holds beyond is not used.
  public let count: Int
  /// What the examples are called: `rows`, `lines`.
  public let noun: String
  /// A checksum that shows when the data was changed between a run and its continuation.
  public let checksum: UInt32
  private let examples: ExampleStream<Record, Example>
  private let window: Int
  private let part: (rank: Int, size: Int)
  private let workers: Int
  private let collation: Collation<Example>?
  private let problems: ReadingProblems?

  /// - Parameters:
  ///   - examples: What the batches are made of.
  ///   - count: Examples of an epoch, of all processes together; a stream that ends before is an error.
  ///   - noun: What an example is called in messages, in the plural.
  ///   - checksum: Of what the examples are made from.
  ///   - window: How many records are kept in memory to draw the next one from, in training.
  ///   - rank: Of this process among those that train together; it takes each `size`-th record from `rank` on.
  ///   - size: The number of processes that train together. All have epochs of the same length: of records that do not
  ///     divide evenly, the last are not used.
  ///   - workers: Threads that make batches; the run's results do not depend on it.
  ///   - collation: How a batch is made of examples; as `Example` says unless given. Used in training alone.
  ///   - problems: Leaves records that cannot be read, or of which no example can be made, out of their batches, as many
  ///     as it allows; they count as examples of the epoch.
  public init(
    _ examples: ExampleStream<Record, Example>, count: Int, noun: String, checksum: UInt32, window: Int,
    rank: Int = 0, size: Int = 1, workers: Int = 1, collation: Collation<Example>? = nil,
    problems: ReadingProblems? = nil
  ) {
    require(size > 0 && rank >= 0 && rank < size, "StreamedTrainingSet: rank \(rank) of \(size) processes")
    self.examples = examples
    self.count = count / size
    part = (rank, size)
    self.noun = noun
    self.checksum = checksum
    self.window = window
    self.workers = workers
    self.collation = collation
    self.problems = problems
  }

  /// Batches prepared ahead by a `StreamLoader`, `count` examples in all.
  public func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    var loader = StreamLoader(
      examples.prefix(count * part.size), batchSize: size, window: seed == nil ? 1 : window, rank: part.rank,
      size: part.size, seed: seed ?? 0, epoch: epoch,
      firstBatch: first, workers: workers, collation: seed == nil ? nil : collation, problems: problems,
      on: device)
    loader.total = (count, noun)
    return loader.stream()
  }
}
