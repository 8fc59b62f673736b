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
}
