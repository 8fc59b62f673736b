import Foundation
import LatheCore

/// Learns a Unigram tokeniser, as SentencePiece's: many pieces at first, of which the least useful go.
public struct UnigramTrainer: Sendable {
  /// The tokens in the vocabulary, special ones included.
  public var vocabularySize: Int
  /// The pieces of the beginning are as many times more.
  public var seedFactor = 20
  /// The longest piece in characters.
  public var longestPiece = 16

  private static let special = ["<s>", "<pad>", "</s>", "<unk>"]

  /// A trainer for a vocabulary of a size.
  public init(vocabularySize: Int) { self.vocabularySize = vocabularySize }

  /// Learns from texts.
  ///
  /// - Throws: `LatheError.invalidArgument` for sizes that are not possible and texts without words.
  public func train(_ texts: some Sequence<String>) throws -> Tokenizer {
    try Training.check(size: vocabularySize, special: Self.special)
    let words = try WordCounts(
      texts, normalizer: .form(.nfkc), preTokenizer: .metaspace(replacement: 0x2581, .always, splits: true),
      leavesBytes: false)
    let alphabet = Training.alphabet(words)
    let target = vocabularySize - Self.special.count
    guard alphabet.count <= target else {
      throw LatheError(
        .invalidArgument,
        "a vocabulary of \(vocabularySize) tokens has no room for the \(alphabet.count) single characters of the texts; "
          + "choose more")
    }
    var pieces = seeds(words, alphabet)
    while true {
      for _ in 0..<2 { pieces = UnigramLattice(pieces).estimated(words, alphabet: alphabet.count) }
      guard pieces.count > target * 11 / 10 else { break }
      let next = max(target * 11 / 10, pieces.count * 3 / 4)
      let kept = UnigramLattice(pieces).pruned(words, to: next, alphabet: alphabet.count)
      // Where nothing more goes, what is left is cut below.
      guard kept.count < pieces.count else { break }
      pieces = kept
    }
    let chosen =
      pieces.prefix(alphabet.count) + pieces.dropFirst(alphabet.count).sorted { $0.score > $1.score }
    return try tokenizer(Array(chosen.prefix(target)))
  }

  private func tokenizer(_ pieces: [UnigramLattice.Piece]) throws -> Tokenizer {
    let entries =
      Self.special.map { JSONValue.array([.string($0), .number(0)]) }
      + pieces.sorted { $0.score > $1.score }.map { .array([.string($0.text), .number($0.score)]) }
    let metaspace = TokenizerJSON.component(
      "Metaspace", ("replacement", .string("\u{2581}")), ("prepend_scheme", .string("always")),
      ("split", .bool(true)))
    return try Training.tokenizer(
      TokenizerJSON.file(
        added: Training.added(Self.special), normalizer: TokenizerJSON.component("NFKC"),
        preTokenizer: metaspace,
        postProcessor: TokenizerJSON.template(start: nil, end: ("</s>", 2)), decoder: metaspace,
        model: TokenizerJSON.component(
          "Unigram", ("unk_id", .integer(3)), ("vocab", .array(entries)), ("byte_fallback", .bool(false)))))
  }

  /// The single characters, and the parts of words that cover most.
  private func seeds(_ words: WordCounts, _ alphabet: [(scalar: String, count: Int)]) -> [UnigramLattice
    .Piece]
  {
    var table = ByteTable(capacity: 1 << 16)
    var found: [(text: ArraySlice<UInt8>, scalars: Int, count: Int)] = []
    for (word, count) in zip(words.words, words.counts) {
      let starts = word.indices.filter { !UTF8Bytes.isContinuation(word[$0]) } + [word.count]
      for first in 0..<starts.count - 1 {
        for last in first + 2..<max(first + 2, min(first + longestPiece + 1, starts.count)) {
          let part = word[starts[first]..<starts[last]]
          part.withUnsafeBufferPointer { bytes in
            let known = bytes.baseAddress.map { table.value($0, bytes.count) } ?? -1
            if known >= 0 {
              found[Int(known)].count += count
            } else {
              table.insert(bytes, Int32(found.count))
              found.append((part, last - first, count))
            }
          }
        }
      }
    }
    found.removeAll { $0.count < 2 }
    found.sort { ($0.count * $0.scalars, $1.text.startIndex) > ($1.count * $1.scalars, $0.text.startIndex) }
    let most = vocabularySize * seedFactor
    let parts = found.prefix(most).map {
      UnigramLattice.Piece(
        text: String(decoding: $0.text, as: UTF8.self), score: Double($0.count * $0.scalars))
    }
    let all = alphabet.map { UnigramLattice.Piece(text: $0.scalar, score: Double($0.count)) } + parts
    let total = log(all.reduce(0) { $0 + $1.score })
    return all.map { UnigramLattice.Piece(text: $0.text, score: log($0.score) - total) }
  }
}
