import Lathe
import LatheNN

/// Cuts a data set into batches, prepared ahead by background workers and sent to the device.
///
/// What a batch is follows from the seed, the epoch and the batch's number alone, not from the number of workers nor
/// from timing, so that any position in an epoch can be found again. An example that cannot be read ends the loop with
/// its error, behind the batches before it.
///
/// Over examples in memory a `for` loop runs; `stream()` gives the batches of any data set.
public struct DataLoader<Data: Dataset>: Sendable {
  /// What the batches are cut from.
  public let dataset: Data
  /// Which examples make which batch.
  public let sampler: any BatchSampler
  /// Where the batches are made.
  public let device: Device
  /// The epoch whose order is used, counted from 0.
  public var epoch: Int
  /// The first batch given.
  public var firstBatch: Int
  private let seed: UInt64
  private let workers: Int
  private let depth: Int
  private let collation: Collation<Data.Example>?
  private let problems: ReadingProblems?

  /// Batches of one size, the last one smaller where the size does not divide the data set.
  ///
  /// - Parameters:
  ///   - dataset: What the examples are taken from.
  ///   - batchSize: Examples a batch.
  ///   - shuffled: Whether every epoch has an order of its own, drawn from `seed`.
  ///   - dropsLast: Leaves out a last batch that is smaller.
  ///   - seed: Of the order and of augmentation.
  ///   - epoch: The epoch whose order is used.
  ///   - firstBatch: The batch to start from, to go on where an earlier loop stopped.
  ///   - workers: Threads that make batches; 0 makes each when it is asked for.
  ///   - prefetch: How many batches are at most prepared ahead.
  ///   - collation: How a batch is made of examples; as `Example` says unless given.
  ///   - problems: Leaves examples that cannot be read out of their batches, as many as it allows; where none is left
  ///     of a batch, the next of the epoch that can be read stands in.
  ///   - device: Where the batches' tensors live.
  public init(
    _ dataset: Data, batchSize: Int, shuffled: Bool = false, dropsLast: Bool = false, seed: UInt64 = 0,
    epoch: Int = 0, firstBatch: Int = 0, workers: Int = 1, prefetch: Int = DataLoaderDefaults.prefetch,
    collation: Collation<Data.Example>? = nil, problems: ReadingProblems? = nil,
    on device: Device = .default
  ) {
    let order: any Sampler =
      shuffled ? RandomSampler(count: dataset.count, seed: seed) : SequentialSampler(count: dataset.count)
    self.init(
      dataset, sampler: FixedBatches(order, size: batchSize, dropsLast: dropsLast), seed: seed, epoch: epoch,
      firstBatch: firstBatch, workers: workers, prefetch: prefetch, collation: collation, problems: problems,
      on: device)
  }

  /// Batches as a sampler says.
  public init(
    _ dataset: Data, sampler: any BatchSampler, seed: UInt64 = 0, epoch: Int = 0, firstBatch: Int = 0,
    workers: Int = 1, prefetch: Int = DataLoaderDefaults.prefetch, collation: Collation<Data.Example>? = nil,
    problems: ReadingProblems? = nil, on device: Device = .default
  ) {
    require(
      workers >= 0 && prefetch > 0 && epoch >= 0 && firstBatch >= 0,
      "DataLoader: \(workers) workers, \(prefetch) batches ahead, epoch \(epoch), first batch \(firstBatch)")
    self.dataset = dataset
    self.sampler = sampler
    self.device = device
    self.seed = seed
    self.epoch = epoch
    self.firstBatch = firstBatch
    self.workers = workers
    self.collation = collation
    self.problems = problems
    depth = prefetch
  }

  /// The number of batches of an epoch.
  public var batchCount: Int { sampler.batchCount }

  /// Starts preparing batches.
  public func stream() -> BatchStream {
    let queue = start()
    return BatchStream { try queue.next() }
  }

  func start() -> LoaderQueue<Range<Int>> {
    let plan = sampler.plan(epoch: epoch)
    let (first, epoch, seed, device) = (firstBatch, epoch, seed, device)
    let dataset = dataset
    let collation = collation
    let problems = problems
    return LoaderQueue(
      workers: workers, depth: depth,
      claim: { first + $0 < plan.count ? plan.range(first + $0) : nil },
      make: { number, range in
        func example(_ place: Int) throws -> Data.Example? {
          let index = plan.order[place]
          var random = SampleRandom(seed: seed, epoch: epoch, index: index, place: place)
          do {
            return try dataset.example(at: index, random: &random)
          } catch let error as LatheError {
            guard let problems else { throw error }
            try problems.skip(error)
            return nil
          }
        }
        var examples = try range.compactMap(example)
        var next = range.upperBound
        while examples.isEmpty, next < range.upperBound + plan.order.count {
          if let found = try example(next % plan.order.count) { examples = [found] }
          next += 1
        }
        guard !examples.isEmpty else { throw LatheError(.format, "no example of the data can be read") }
        return try Data.Example.batch(
          examples, by: collation, number: first + number, seed: seed, epoch: epoch, on: device)
      })
  }
}

extension Collatable {
  /// A batch by its type's rule or another, with random numbers of its own.
  static func batch(
    _ examples: [Self], by collation: Collation<Self>?, number: Int, seed: UInt64, epoch: Int,
    on device: Device
  ) throws -> Batch {
    guard let collation else { return try collate(examples, on: device) }
    // Set apart from the examples' numbers.
    var random = SampleRandom(seed: ~seed, epoch: epoch, index: number, place: 0)
    return try collation(examples, &random, device)
  }
}

extension DataLoader: Sequence where Data: InMemoryDataset {
  /// Starts preparing batches.
  public func makeIterator() -> DataLoaderIterator { DataLoaderIterator(start()) }
}

/// Takes a loader's batches in order, waiting where they are not ready yet.
public struct DataLoaderIterator: IteratorProtocol {
  private let queue: LoaderQueue<Range<Int>>

  init(_ queue: LoaderQueue<Range<Int>>) { self.queue = queue }

  /// The next batch; nil behind the last.
  ///
  /// Examples in memory do not fail; a collation of one's own that does stops the program.
  public func next() -> Batch? {
    do {
      return try queue.next()
    } catch {
      stop("DataLoader: \(error); use stream() where making a batch can fail")
    }
  }
}

/// The workers of one loop; they end when the loop is left.
final class LoaderQueue<Work: Sendable>: Sendable {
  private let queue: WorkerQueue<Work, Batch>

  init(
    workers: Int, depth: Int, claim: @escaping (Int) throws -> Work?,
    make: @escaping @Sendable (Int, Work) throws -> Batch
  ) {
    queue = WorkerQueue(workers: workers, depth: depth, claim: claim, make: make)
  }

  deinit { queue.stop() }

  func next() throws -> Batch? { try queue.next() }
}
