import Lathe
import LatheFiles
import LatheNN

/// Examples that are read one after the other, such as those of files larger than memory.
///
/// Reading is done in order by one worker at a time; making examples of the records by all of them at once.
public struct ExampleStream<Record: Sendable, Example: Collatable>: Sendable {
  let open: @Sendable () throws -> any RecordReader<Record>
  let example: @Sendable (Record, inout SampleRandom) throws -> Example

  /// - Parameters:
  ///   - open: Begins reading from the start, the same records every time.
  ///   - example: Makes an example of a record, on a worker; it draws from `random` alone.
  public init(
    open: @escaping @Sendable () throws -> any RecordReader<Record>,
    example: @escaping @Sendable (_ record: Record, _ random: inout SampleRandom) throws -> Example
  ) {
    self.open = open
    self.example = example
  }

  /// The stream's first records alone.
  public func prefix(_ count: Int) -> ExampleStream {
    let open = open
    return ExampleStream(open: { PrefixReader(try open(), count: count) }, example: example)
  }
}

/// Another reader's first records.
private final class PrefixReader<Record: Sendable>: RecordReader {
  private let base: any RecordReader<Record>
  private var left: Int

  init(_ base: any RecordReader<Record>, count: Int) {
    self.base = base
    left = count
  }

  func next() throws -> Record? {
    guard left > 0 else { return nil }
    left -= 1
    return try base.next()
  }
}

/// Cuts a stream of examples into batches, shuffled within a window and prepared ahead by background workers.
///
/// What a batch is follows from the seed, the epoch and the batch's number alone. To start from a later batch, the
/// records before it are read again, but no examples made of them.
public struct StreamLoader<Record: Sendable, Example: Collatable>: Sendable {
  /// The epoch whose order is used, counted from 0.
  public var epoch: Int
  /// The first batch given.
  public var firstBatch: Int
  private let examples: ExampleStream<Record, Example>
  private let batchSize: Int
  private let window: Int
  private let part: (rank: Int, size: Int)
  private let seed: UInt64
  private let workers: Int
  private let depth: Int
  private let collation: Collation<Example>?
  private let device: Device

  /// - Parameters:
  ///   - examples: What the batches are made of.
  ///   - batchSize: Examples a batch.
  ///   - window: How many records are kept in memory to draw the next one from; 1 keeps the order.
  ///   - rank: Of this process among those that train together; it takes each `size`-th record from `rank` on.
  ///   - size: The number of processes that train together.
  ///   - seed: Of the order and of augmentation.
  ///   - epoch: The epoch whose order is used.
  ///   - firstBatch: The batch to start from, to go on where an earlier loop stopped.
  ///   - workers: Threads that make batches; 0 makes each when it is asked for.
  ///   - prefetch: How many batches are at most prepared ahead.
  ///   - collation: How a batch is made of examples; as `Example` says unless given.
  ///   - device: Where the batches' tensors live.
  public init(
    _ examples: ExampleStream<Record, Example>, batchSize: Int, window: Int = 1, rank: Int = 0, size: Int = 1,
    seed: UInt64 = 0, epoch: Int = 0, firstBatch: Int = 0, workers: Int = 1, prefetch: Int = 4,
    collation: Collation<Example>? = nil, on device: Device = .default
  ) {
    require(
      batchSize > 0 && window > 0 && workers >= 0 && prefetch > 0 && epoch >= 0 && firstBatch >= 0,
      "StreamLoader: batch size \(batchSize), window \(window), \(workers) workers, \(prefetch) batches ahead, "
        + "epoch \(epoch), first batch \(firstBatch)")
    require(size > 0 && rank >= 0 && rank < size, "StreamLoader: rank \(rank) of \(size) processes")
    self.examples = examples
    self.batchSize = batchSize
    self.window = window
    part = (rank, size)
    self.seed = seed
    self.epoch = epoch
    self.firstBatch = firstBatch
    self.workers = workers
    self.collation = collation
    self.device = device
    depth = prefetch
  }

  /// Starts preparing batches.
  public func stream() -> BatchStream {
    let cursor = StreamCursor(
      open: examples.open, window: window, part: part,
      random: SampleRandom.order(seed: seed, epoch: epoch))
    let (first, size, epoch, seed, device, part) = (firstBatch, batchSize, epoch, seed, device, part)
    let make = examples.example
    let collation = collation
    let queue = LoaderQueue<[Record]>(
      workers: workers, depth: depth,
      claim: { number in
        if number == 0 { try cursor.skip(first * size) }
        let records = try cursor.take(size)
        return records.isEmpty ? nil : records
      },
      make: { number, records in
        let start = (first + number) * size
        let examples = try records.enumerated().map { row, record in
          // The record's place in the whole stream, so that processes do not draw the same numbers.
          let place = (start + row) * part.size + part.rank
          var random = SampleRandom(seed: seed, epoch: epoch, index: place, place: place)
          return try make(record, &random)
        }
        return try Example.batch(
          examples, by: collation, number: first + number, seed: seed, epoch: epoch, on: device)
      })
    return BatchStream { try queue.next() }
  }
}

/// Where reading a stream stands: a window of records from which the next is drawn.
private final class StreamCursor<Record: Sendable> {
  private let open: () throws -> any RecordReader<Record>
  private let window: Int
  private let part: (rank: Int, size: Int)
  private var random: SampleRandom
  private var reader: (any RecordReader<Record>)?
  private var number = 0
  private var waiting: [Record] = []

  init(
    open: @escaping () throws -> any RecordReader<Record>, window: Int, part: (rank: Int, size: Int),
    random: SampleRandom
  ) {
    self.open = open
    self.window = window
    self.part = part
    self.random = random
  }

  /// Up to `count` records; fewer at the end.
  func take(_ count: Int) throws -> [Record] {
    var records: [Record] = []
    while records.count < count, let record = try draw() { records.append(record) }
    return records
  }

  func skip(_ count: Int) throws {
    for _ in 0..<count { guard try draw() != nil else { return } }
  }

  private func draw() throws -> Record? {
    while waiting.count < window, let record = try read() { waiting.append(record) }
    guard !waiting.isEmpty else { return nil }
    waiting.swapAt(random.next(below: waiting.count), waiting.count - 1)
    return waiting.removeLast()
  }

  /// The next record of this process's part.
  private func read() throws -> Record? {
    let reader = try self.reader ?? open()
    self.reader = reader
    while let record = try reader.next() {
      number += 1
      if (number - 1) % part.size == part.rank { return record }
    }
    return nil
  }
}

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
  public init(
    _ examples: ExampleStream<Record, Example>, count: Int, noun: String, checksum: UInt32, window: Int,
    rank: Int = 0, size: Int = 1, workers: Int = 1, collation: Collation<Example>? = nil
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
  }

  /// Batches prepared ahead by a `StreamLoader`, `count` examples in all.
  public func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    let stream = StreamLoader(
      examples.prefix(count * part.size), batchSize: size, window: seed == nil ? 1 : window, rank: part.rank,
      size: part.size, seed: seed ?? 0, epoch: epoch,
      firstBatch: first, workers: workers, collation: seed == nil ? nil : collation, on: device
    ).stream()
    var start = first * size
    let (count, noun) = (count, noun)
    return BatchStream {
      guard start < count else { return nil }
      let wanted = min(size, count - start)
      start += wanted
      guard let batch = try stream.next(), batch.exampleCount == wanted else {
        throw LatheError(
          .format, "the stream ends before its \(count) \(noun); give the number that it holds")
      }
      return batch
    }
  }
}
