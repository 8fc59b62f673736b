import LatheML
import Testing

@Suite("Streams of examples")
struct StreamTests {
  private func examples(_ count: Int, failing: Int? = nil) -> ExampleStream<Int, FeatureRow> {
    ExampleStream(open: { NumberReader(count: count, failing: failing) }) { number, random in
      FeatureRow(features: [Float(number), Float(random.uniform())], target: .category(number % 3))
    }
  }

  private func loader(
    _ count: Int, window: Int = 1, rank: Int = 0, size: Int = 1, epoch: Int = 0, first: Int = 0,
    workers: Int = 2, failing: Int? = nil
  ) -> BatchStream {
    StreamLoader(
      examples(count, failing: failing), batchSize: 4, window: window, rank: rank, size: size, seed: 3,
      epoch: epoch, firstBatch: first, workers: workers, on: .cpu
    ).stream()
  }

  @Test("In order, each record once, the last batch smaller")
  func inOrder() throws {
    #expect(try loader(10).map(numbers) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
    #expect(try loader(0).next() == nil)
  }

  @Test("Shuffled within a window, by epoch, whatever the workers, from any batch")
  func shuffled() throws {
    let expected = try loader(50, window: 12, workers: 0).map(contents)
    let order = try loader(50, window: 12, workers: 0).map(numbers).flatMap { $0 }
    #expect(order.sorted() == Array(0..<50) && order != Array(0..<50))
    // A record cannot come before it is in the window.
    for (place, number) in order.enumerated() { #expect(number < place + 12) }
    #expect(try loader(50, window: 12, workers: 3).map(contents) == expected)
    #expect(try loader(50, window: 12, epoch: 1).map(contents) != expected)
    for first in [1, 5, 12, 13] {
      #expect(try loader(50, window: 12, first: first, workers: 3).map(contents) == Array(expected[first...]))
    }
  }

  @Test("Processes that train together share no record and leave none out")
  func distributed() throws {
    let parts = try (0..<3).map { try loader(20, window: 5, rank: $0, size: 3).map(numbers).flatMap { $0 } }
    #expect(parts.map(\.count) == [7, 7, 6])
    #expect(parts.flatMap { $0 }.sorted() == Array(0..<20))
  }

  @Test("A reader that fails ends the loop with its error", arguments: [0, 2])
  func failure(_ workers: Int) throws {
    let stream = loader(20, workers: workers, failing: 9)
    #expect(try stream.next() != nil && stream.next() != nil)
    #expect { try stream.next() } throws: { says($0, "stream: offset 9: broken") }
    #expect { try loader(20, first: 4, workers: workers, failing: 9).next() } throws: {
      says($0, "stream: offset 9: broken")
    }
  }

  @Test("Several readers one after the other")
  func chained() throws {
    let reader = ChainedReader<Int>([
      { NumberReader(count: 2) }, { NumberReader(count: 0) }, { NumberReader(count: 1) },
    ])
    #expect(try [reader.next(), reader.next(), reader.next(), reader.next()] == [0, 1, 0, nil])
  }

  @Test("A stream to train on has the number of examples that was said")
  func trainingSet() throws {
    func batches(_ count: Int, of held: Int, first: Int = 0) -> BatchStream {
      StreamedTrainingSet(examples(held), count: count, noun: "rows", checksum: 1, window: 8)
        .batches(size: 4, seed: 1, epoch: 2, first: first, on: .cpu)
    }
    let all = try batches(10, of: 30).map(numbers)
    #expect(all.map(\.count) == [4, 4, 2] && all.flatMap { $0 }.sorted() == Array(0..<10))
    #expect(try batches(10, of: 30, first: 2).map(numbers) == Array(all[2...]))
    for held in [7, 8, 9] {
      #expect { try batches(10, of: held).map(numbers) } throws: { says($0, "ends before its 10 rows") }
    }
  }

  /// Numbers in batches of four, of which some cannot be read and of others no example can be made.
  private func damaged(
    _ count: Int = 12, unreadable: Set<Int> = [], unusable: Set<Int> = [], skipping limit: Int, rank: Int = 0,
    size: Int = 1, first: Int = 0, window: Int = 1, workers: Int
  ) throws -> (batches: [[Int]], problems: ReadingProblems) {
    let problems = ReadingProblems(skipping: limit)
    let examples = ExampleStream<Int, FeatureRow>(
      open: { NumberReader(count: count, unreadable: unreadable) }
    ) { number, random in
      if unusable.contains(number) { throw LatheError(.format, "stream: number \(number): unusable") }
      return FeatureRow(features: [Float(number), Float(random.uniform())], target: .category(0))
    }
    let stream = StreamLoader(
      examples, batchSize: 4, window: window, rank: rank, size: size, seed: 3, firstBatch: first,
      workers: workers, problems: problems, on: .cpu
    ).stream()
    return (try stream.map(numbers), problems)
  }

  @Test(
    "Up to a number of broken records are left out of their batches, whose places stay", arguments: [0, 2])
  func skips(_ workers: Int) throws {
    let (batches, problems) = try damaged(unreadable: [1], unusable: [6], skipping: 2, workers: workers)
    #expect(batches == [[0, 2, 3], [4, 5, 7], [8, 9, 10, 11]])
    #expect(problems.skipped == ["stream: number 6: unusable", "stream: offset 1: broken"])
    let later = try damaged(unreadable: [1], unusable: [6], skipping: 2, first: 1, workers: workers)
    #expect(later.batches == Array(batches[1...]))
    #expect(
      message { try damaged(unreadable: [1], unusable: [6], skipping: 1, workers: workers) }.contains(
        "1 other examples were skipped before"))
    #expect(
      message { try damaged(unreadable: [1], skipping: 0, workers: workers) } == "stream: offset 1: broken")
    // A batch of which nothing is left takes the first of the stream that is whole, of the process's own part.
    #expect(
      try damaged(unreadable: [4, 5], unusable: [0, 6, 7], skipping: 5, workers: workers).batches
        == [[1, 2, 3], [1], [8, 9, 10, 11]])
    #expect(
      try damaged(unreadable: [9], unusable: [11], skipping: 2, rank: 1, size: 2, workers: workers).batches
        == [[1, 3, 5, 7], [1]])
    #expect(
      message { try damaged(unusable: Set(0..<12), skipping: 12, workers: workers) }.contains(
        "no example of the stream can be read"))
    let mixed = try damaged(40, unreadable: [3, 17], unusable: [21], skipping: 3, window: 9, workers: 0)
    let again = try damaged(
      40, unreadable: [3, 17], unusable: [21], skipping: 3, window: 9, workers: workers)
    #expect(mixed.batches == again.batches)
    #expect(mixed.batches.flatMap { $0 }.sorted() == (0..<40).filter { ![3, 17, 21].contains($0) })
  }

  @Test("A reader that stays where it failed ends the loop, though more may be left out")
  func stays() throws {
    let stream = StreamLoader(
      examples(20, failing: 9), batchSize: 4, problems: ReadingProblems(skipping: 100), on: .cpu
    ).stream()
    #expect(try stream.next().map(numbers) == [0, 1, 2, 3] && stream.next().map(numbers) == [4, 5, 6, 7])
    #expect { try stream.next() } throws: { says($0, "stream: offset 9: broken") }
  }

  @Test("Records that are left out count as examples of the epoch")
  func trainingSetSkips() throws {
    func batches(_ count: Int) throws -> [Int] {
      let examples = ExampleStream<Int, FeatureRow>(
        open: { NumberReader(count: 10, unreadable: [2, 9]) }
      ) { number, _ in FeatureRow(features: [Float(number)], target: .category(0)) }
      let data = StreamedTrainingSet(
        examples, count: count, noun: "rows", checksum: 1, window: 3, problems: ReadingProblems(skipping: 2))
      return try data.batches(size: 4, seed: nil, epoch: 0, first: 0, on: .cpu).map(\.exampleCount)
    }
    #expect(try batches(10) == [3, 4, 1])
    #expect(message { try batches(11) }.contains("ends before its 11 rows"))
  }
}
