import Lathe
import LatheFiles
import LatheNN

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
  private let problems: ReadingProblems?
  private let device: Device
  /// How many examples there have to be, and what they are called; nil where the stream's end says.
  var total: (count: Int, noun: String)?

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
  ///   - problems: Leaves records that cannot be read, or of which no example can be made, out of their batches, as many
  ///     as it allows; where none is left of a batch, the stream's first that is whole stands in.
  ///   - device: Where the batches' tensors live.
  public init(
    _ examples: ExampleStream<Record, Example>, batchSize: Int, window: Int = 1, rank: Int = 0, size: Int = 1,
    seed: UInt64 = 0, epoch: Int = 0, firstBatch: Int = 0, workers: Int = 1, prefetch: Int = 4,
    collation: Collation<Example>? = nil, problems: ReadingProblems? = nil, on device: Device = .default
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
    self.problems = problems
    self.device = device
    depth = prefetch
  }

  /// Starts preparing batches.
  public func stream() -> BatchStream {
    let cursor = StreamCursor(
      open: examples.open, window: window, part: part,
      random: SampleRandom.order(seed: seed, epoch: epoch), keepsFailures: problems != nil)
    let (first, size, total) = (firstBatch, batchSize, total)
    let maker = BatchMaker(loader: self)
    let queue = LoaderQueue<[StreamedRecord<Record>]>(
      workers: workers, depth: depth,
      claim: { number in
        if number == 0 { try cursor.skip(first * size) }
        let wanted = total.map { min(size, $0.count - (first + number) * size) } ?? size
        if wanted <= 0 { return nil }
        let records = try cursor.take(wanted)
        if let total, records.count < wanted {
          throw LatheError(
            .format, "the stream ends before its \(total.count) \(total.noun); give the number that it holds")
        }
        return records.isEmpty ? nil : records
      },
      make: { number, records in try maker.batch(first + number, of: records) })
    return BatchStream { try queue.next() }
  }

  /// Makes batches of records, on any worker.
  private struct BatchMaker: Sendable {
    let loader: StreamLoader

    /// The batch of a number.
    func batch(_ number: Int, of records: [StreamedRecord<Record>]) throws -> Batch {
      let start = number * loader.batchSize
      var examples: [Example] = []
      for (row, record) in records.enumerated() {
        // The record's place in the whole stream, so that processes do not draw the same numbers.
        if let example = try example(record, at: (start + row) * loader.part.size + loader.part.rank) {
          examples.append(example)
        }
      }
      if examples.isEmpty { examples = [try firstWhole(for: start * loader.part.size + loader.part.rank)] }
      return try Example.batch(
        examples, by: loader.collation, number: number, seed: loader.seed, epoch: loader.epoch,
        on: loader.device)
    }

    /// An example of a record; nil where it is left out.
    private func example(_ record: StreamedRecord<Record>, at place: Int) throws -> Example? {
      var random = SampleRandom(seed: loader.seed, epoch: loader.epoch, index: place, place: place)
      do {
        return try loader.examples.example(record.get(), &random)
      } catch let error as LatheError {
        guard let problems = loader.problems else { throw error }
        try problems.skip(error)
        return nil
      }
    }

    /// What stands in for a batch of which nothing is left: it depends on no other batch and on no worker.
    private func firstWhole(for place: Int) throws -> Example {
      let cursor = StreamCursor(
        open: loader.examples.open, window: 1, part: loader.part,
        random: SampleRandom.order(seed: loader.seed, epoch: loader.epoch), keepsFailures: true)
      while let record = try cursor.take(1).first {
        if let example = try example(record, at: place) { return example }
      }
      throw LatheError(.format, "no example of the stream can be read")
    }
  }
}

/// A record, or why there is none in its place.
private typealias StreamedRecord<Record> = Result<Record, LatheError>

/// Where reading a stream stands: a window of records from which the next is drawn.
private final class StreamCursor<Record: Sendable> {
  private let open: () throws -> any RecordReader<Record>
  private let window: Int
  private let part: (rank: Int, size: Int)
  private var random: SampleRandom
  private let keepsFailures: Bool
  private var reader: (any RecordReader<Record>)?
  private var number = 0
  private var waiting: [StreamedRecord<Record>] = []
  private var lastFailure: String?

  /// - Parameter keepsFailures: Whether a record that cannot be read has a place among the others; else it ends the
  ///   reading.
  init(
    open: @escaping () throws -> any RecordReader<Record>, window: Int, part: (rank: Int, size: Int),
    random: SampleRandom, keepsFailures: Bool
  ) {
    self.open = open
    self.window = window
    self.part = part
    self.random = random
    self.keepsFailures = keepsFailures
  }

  /// Up to `count` records; fewer at the end.
  func take(_ count: Int) throws -> [StreamedRecord<Record>] {
    var records: [StreamedRecord<Record>] = []
    while records.count < count, let record = try draw() { records.append(record) }
    return records
  }

  func skip(_ count: Int) throws {
    for _ in 0..<count { guard try draw() != nil else { return } }
  }

  private func draw() throws -> StreamedRecord<Record>? {
    while waiting.count < window, let record = try read() { waiting.append(record) }
    guard !waiting.isEmpty else { return nil }
    waiting.swapAt(random.next(below: waiting.count), waiting.count - 1)
    return waiting.removeLast()
  }

  /// The next record of this process's part.
  private func read() throws -> StreamedRecord<Record>? {
    let reader = try self.reader ?? open()
    self.reader = reader
    while let record = try next(reader) {
      number += 1
      if (number - 1) % part.size == part.rank { return record }
    }
    return nil
  }

  /// A reader that stays at one place would give the same failure without end.
  private func next(_ reader: any RecordReader<Record>) throws -> StreamedRecord<Record>? {
    do {
      return try reader.next().map { .success($0) }
    } catch let error as LatheError {
      guard keepsFailures, error.message != lastFailure else { throw error }
      lastFailure = error.message
      return .failure(error)
    }
  }
}
