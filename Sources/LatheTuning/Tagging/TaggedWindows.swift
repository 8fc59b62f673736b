import Lathe
import LatheData
import LatheFiles
import LatheNN
import LatheText

/// A sentence, or as much of one as fits a network, in a tokeniser's pieces.
package struct TaggedWindow: Sendable {
  /// The pieces, those at the beginning and the end included.
  package var tokens: [Int32] = []
  /// The place of each word's first piece among them.
  package var firsts: [Int32] = []
  /// The number of each word's tag; empty where they are not known.
  var labels: [Int32] = []
  /// The sentence.
  var sentence = 0
}

/// Sentences in a tokeniser's pieces, those too long for a network in several windows, none of whose words is lost.
package struct TaggedWindows: Sendable {
  package private(set) var windows: [TaggedWindow] = []
  /// How many sentences are in more than one window.
  package private(set) var dividedCount = 0
  /// How many words have more pieces than a window, and are cut.
  package private(set) var cutCount = 0

  /// Encodes sentences, in words between spaces.
  ///
  /// - Parameters:
  ///   - words: The words of each.
  ///   - labels: The numbers of their tags; nil where they are not known.
  ///   - goesOn: Whether a tag goes on with an entity, so that a window does not begin with it where another place is.
  ///   - tokenizer: Makes pieces, however many.
  ///   - length: The most pieces of a window.
  ///   - source: Where the sentences come from.
  /// - Throws: `LatheError` naming the word of which the tokeniser leaves nothing.
  package init(
    _ words: [[String]], labels: [[Int32]]? = nil, goesOn: (Int32) -> Bool = { _ in false },
    tokenizer: Tokenizer, length: Int, source: String
  ) throws {
    let plain = try tokenizer.with(truncation: nil, padding: nil)
    let encodings = try plain.encode(batch: words.map { $0.joined(separator: " ") })
    for (sentence, (words, encoding)) in zip(words, encodings).enumerated() {
      let (front, pieces, back) = try Self.pieces(encoding, words, "\(source): sentence \(sentence + 1)")
      let room = length - front.count - back.count
      guard room > 0 else {
        throw LatheError(
          .invalidArgument,
          "windows of \(length) tokens have no room for words beside \(front.count + back.count) that the tokeniser adds; give more"
        )
      }
      cutCount += pieces.count { $0.count > room }
      var start = 0, isFirst = true
      while start < words.count {
        var (end, used) = (start, 0)
        while end < words.count, used + min(pieces[end].count, room) <= room {
          used += min(pieces[end].count, room)
          end += 1
        }
        if end < words.count, let labels = labels?[sentence] {
          let half = start + (end - start) / 2
          end = (half..<end).last { $0 + 1 <= end && !goesOn(labels[$0 + 1]) }.map { $0 + 1 } ?? end
        }
        var window = TaggedWindow(tokens: front, sentence: sentence)
        for word in start..<end {
          window.firsts.append(Int32(window.tokens.count))
          window.tokens += pieces[word].prefix(room)
        }
        window.tokens += back
        window.labels = labels.map { Array($0[sentence][start..<end]) } ?? []
        windows.append(window)
        if isFirst && end < words.count { dividedCount += 1 }
        (start, isFirst) = (end, false)
      }
    }
  }

  /// The pieces of each word, and those added before and behind.
  private static func pieces(_ encoding: Encoding, _ words: [String], _ place: String) throws -> (
    front: [Int32], pieces: [[Int32]], back: [Int32]
  ) {
    var front: [Int32] = [], back: [Int32] = []
    var pieces = [[Int32]](repeating: [], count: words.count)
    // The end of each word in the text, in bytes.
    var ends: [Int] = [], total = -1
    for word in words {
      total += word.utf8.count + 1
      ends.append(total)
    }
    var word = 0, hasBegun = false
    for token in encoding.tokens {
      if token.isAdded {
        if hasBegun { back.append(token.id) } else { front.append(token.id) }
        continue
      }
      hasBegun = true
      // A piece may begin with the space before its word; one of no bytes belongs to the word before.
      while word + 1 < words.count, Int(token.end) > ends[word], Int(token.start) >= ends[word] { word += 1 }
      pieces[word].append(token.id)
    }
    if let lost = pieces.firstIndex(where: \.isEmpty) {
      throw LatheError(
        .format,
        "\(place): the tokeniser leaves nothing of word \(lost + 1), '\(printable(words[lost]))', or joins it with another; remove or rewrite it"
      )
    }
    return (front, pieces, back)
  }
}

/// Windows of tagged sentences in batches of similar length.
struct TaggedBatches: TrainingData {
  let classNames: [String]
  let windows: [TaggedWindow]
  private let padding: Int32

  /// Windows with the numbers of their tags.
  init(_ windows: [TaggedWindow], tags: [String], padding: Int32) {
    (self.windows, classNames, self.padding) = (windows, tags, padding)
  }

  var classes: [String]? { classNames }
  var count: Int { windows.count }
  var noun: String { "sentences" }
  var longest: Int { windows.map(\.tokens.count).max() ?? 0 }
  var testBatchSize: Int { 32 }
  var checksum: UInt32 {
    windows.reduce(0) { sum, window in
      [window.tokens, window.firsts, window.labels].reduce(sum) { sum, row in
        row.withUnsafeBytes { CRC32.checksum($0, continuing: sum) }
      }
    }
  }

  func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    let order: any Sampler =
      seed.map { RandomSampler(count: count, seed: $0) } ?? SequentialSampler(count: count)
    let sampler: any BatchSampler =
      seed == nil
      ? FixedBatches(order, size: size)
      : BucketedBatches(order, lengths: windows.map(\.tokens.count), size: size, seed: seed)
    return DataLoader(self, sampler: sampler, seed: seed ?? 0, epoch: epoch, firstBatch: first, on: device)
      .stream()
  }

  func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }
}

extension TaggedBatches: InMemoryDataset {
  func example(at index: Int, random: inout SampleRandom) -> PaddedWindow {
    PaddedWindow(window: windows[index], padding: padding)
  }
}

/// A window with what it is filled up with.
struct PaddedWindow: Collatable {
  let window: TaggedWindow
  let padding: Int32

  /// Of words that fill a batch up; it does not count.
  static let ignored: Int32 = -100

  /// Pieces [n, t], and for each word the number of its tag [n, words] and the place of its first piece.
  static func collate(_ examples: [PaddedWindow], on device: Device) -> Batch {
    func filled(_ rows: [[Int32]], _ filler: (Int) -> Int32) -> Tensor {
      let longest = max(rows.map(\.count).max() ?? 0, 1)
      let values = rows.enumerated().flatMap { $1 + Array(repeating: filler($0), count: longest - $1.count) }
      return Tensor(values, shape: [rows.count, longest], device: device)
    }
    let windows = examples.map(\.window)
    let firsts = filled(windows.map(\.firsts)) { _ in 0 }
    let labels =
      windows.contains { !$0.labels.isEmpty }
      ? filled(windows.map(\.labels)) { _ in ignored }
      : Tensor.full(firsts.shape, ignored, device: device)
    let counts = windows.map(\.firsts.count)
    return Batch(
      inputs: filled(windows.map(\.tokens)) { examples[$0].padding }, labels: labels,
      count: counts.reduce(0, +), lengths: windows.map(\.tokens.count),
      named: [
        TaggingNetwork.Name.words: firsts,
        TaggingNetwork.Name.wordCounts: Tensor(counts.map { Int32($0) }, device: device),
      ])
  }
}
