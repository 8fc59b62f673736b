import LatheCore
import LatheFiles

/// The words of a corpus with how often each occurs, the most frequent first.
public struct CorpusVocabulary: Sendable {
  /// The words, equally frequent ones in the order in which they came.
  public let words: [String]
  /// How often each word occurs.
  public let counts: [Int]
  private let numbers: [WordKey: Int32]

  /// Counts words.
  ///
  /// - Parameters:
  ///   - sentences: Lists of words.
  ///   - minCount: Words that occur less often are left out.
  /// - Throws: `LatheError.invalidArgument` where no word is left.
  public init(_ sentences: some Sequence<[String]>, minCount: Int = 5) throws {
    var counter = Counter()
    for sentence in sentences { for word in sentence { counter.add(WordKey(word)) } }
    try self.init(counter, minCount)
  }

  /// Counts the words of a UTF-8 text, gzipped or not, whose lines are sentences and whose words are apart by white space.
  ///
  /// - Throws: `LatheError` for what cannot be read, or where no word is left.
  public init(path: String, minCount: Int = 5) throws {
    var counter = Counter()
    let lines = try TextLineReader(path: path)
    while let line = try lines.next() { Self.eachWord(line) { counter.add(WordKey($0)) } }
    try self.init(counter, minCount)
  }

  private struct Counter {
    var places: [WordKey: Int] = [:]
    var counts: [(key: WordKey, count: Int)] = []

    mutating func add(_ key: WordKey) {
      if let place = places[key] {
        counts[place].count += 1
      } else {
        places[key] = counts.count
        counts.append((key, 1))
      }
    }
  }

  private init(_ counter: Counter, _ minCount: Int) throws {
    let kept = counter.counts.enumerated().filter { $0.element.count >= minCount }
      .sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element)
    guard !kept.isEmpty else {
      throw LatheError(
        .invalidArgument,
        "word vectors: of \(counter.counts.count) words none occurs \(minCount) times; lower the minimum count"
      )
    }
    words = kept.map { String(decoding: $0.key.bytes, as: UTF8.self) }
    counts = kept.map(\.count)
    numbers = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($0.element.key, Int32($0.offset)) })
  }

  /// The number of a word, nil where it is not in the vocabulary.
  public func number(of word: String) -> Int? { numbers[WordKey(word)].map(Int.init) }

  /// The words of sentences as numbers, -1 behind each sentence; words that are not in the vocabulary are left out.
  package func tokens(_ sentences: some Sequence<[String]>) -> [Int32] {
    var result: [Int32] = []
    for sentence in sentences {
      for word in sentence { if let number = numbers[WordKey(word)] { result.append(number) } }
      result.append(-1)
    }
    return result
  }

  /// The same of a text's lines.
  package func tokens(path: String) throws -> [Int32] {
    var result: [Int32] = []
    let lines = try TextLineReader(path: path)
    while let line = try lines.next() {
      Self.eachWord(line) { if let number = numbers[WordKey($0)] { result.append(number) } }
      result.append(-1)
    }
    return result
  }

  private static func eachWord(_ line: String, _ body: (Substring) -> Void) {
    for word in line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" }) { body(word) }
  }
}
