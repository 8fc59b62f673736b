import LatheCore

/// How often words stand near each other, each pair weighted by one over its distance (Pennington et al., 2014).
public struct CooccurrenceCounts: Sendable {
  /// The words.
  public let vocabulary: CorpusVocabulary
  /// Words, the words near them and weighted counts, in order of both numbers.
  package let cells: [(word: Int32, context: Int32, count: Float)]

  /// Counts pairs in sentences.
  ///
  /// - Parameters:
  ///   - window: How many words on each side are near.
  ///   - isSymmetric: Whether words behind a word count, too, and not only those before it.
  /// - Throws: `LatheError.invalidArgument` for a window below 1 or where no two words are near each other.
  public init(
    _ sentences: some Sequence<[String]>, vocabulary: CorpusVocabulary, window: Int = 15,
    isSymmetric: Bool = true
  ) throws {
    try self.init(vocabulary.tokens(sentences), vocabulary, window, isSymmetric)
  }

  /// Counts pairs in a text whose lines are sentences.
  ///
  /// - Throws: `LatheError` for what cannot be read or a window below 1, or where no two words are near each other.
  public init(path: String, vocabulary: CorpusVocabulary, window: Int = 15, isSymmetric: Bool = true) throws {
    try self.init(vocabulary.tokens(path: path), vocabulary, window, isSymmetric)
  }

  private init(_ tokens: [Int32], _ vocabulary: CorpusVocabulary, _ window: Int, _ isSymmetric: Bool) throws {
    guard 1...10_000 ~= window else {
      throw LatheError(.invalidArgument, "GloVe: a window has 1 to 10000 words, not \(window)")
    }
    self.vocabulary = vocabulary
    var counts: [UInt64: Double] = [:]
    for (place, word) in tokens.enumerated() where word >= 0 {
      for distance in 1...window {
        guard place >= distance, tokens[place - distance] >= 0 else { break }
        let before = tokens[place - distance]
        counts[Self.key(word, before), default: 0] += 1 / Double(distance)
        if isSymmetric { counts[Self.key(before, word), default: 0] += 1 / Double(distance) }
      }
    }
    cells = counts.sorted { $0.key < $1.key }.map {
      (Int32($0.key >> 32), Int32($0.key & 0xFFFF_FFFF), Float($0.value))
    }
    guard !cells.isEmpty else {
      throw LatheError(.invalidArgument, "GloVe: no two words of the vocabulary are near each other")
    }
  }

  private static func key(_ word: Int32, _ context: Int32) -> UInt64 { UInt64(word) << 32 | UInt64(context) }

  /// The weighted count of a pair, 0 for words that are not known.
  public func count(_ word: String, near context: String) -> Double {
    guard let first = vocabulary.number(of: word), let second = vocabulary.number(of: context) else {
      return 0
    }
    return Double(
      cells.first { $0.word == Int32(first) && $0.context == Int32(second) }?.count ?? 0)
  }
}
