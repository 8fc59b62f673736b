import Foundation
import Lathe
import LatheData
import LatheNN
import LatheText
import Testing

import LatheTuning

/// What networks are pre-trained on: corpora, hidden words, rows of documents, counts.
@Suite("Pre-training data")
struct PretrainingDataTests {
  private static func tokenizer(_ words: [String]) throws -> Tokenizer {
    let folder = try TaggingFolder()
    let path = "\(folder.path)/vocab.txt"
    try (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words).joined(separator: "\n")
      .write(toFile: path, atomically: true, encoding: .utf8)
    return try Tokenizer(vocabularyText: path)
  }

  // MARK: Corpora

  @Test("A folder's files, a table's rows and paragraphs are documents, each once")
  func corpora() throws {
    let folder = try TaggingFolder()
    func write(_ text: String, _ name: String) throws -> String {
      let path = "\(folder.path)/\(name)"
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return path
    }
    _ = try write("b\n\nc", "all/b.txt")
    _ = try write("a", "all/deep/a.txt")
    _ = try write("a", "all/z.md")
    _ = try write(" \n", "all/empty.txt")
    _ = try write("hidden", "all/.git/hidden.txt")
    let all = try TextCorpus(path: "\(folder.path)/all")
    #expect(all.documents == ["b\n\nc", "a"] && all.duplicates == 1)
    let file = try TextCorpus(path: write("one\r\ntwo\n\n \nthree\n\none\ntwo", "file.txt"))
    #expect(file.documents == ["one\ntwo", "three"] && file.duplicates == 1)
    let rows = try TextCorpus(path: write("{\"text\": \"x\"}\n{\"text\": \"y\"}\n", "rows.jsonl"))
    #expect(rows.documents == ["x", "y"])
    let named = try TextCorpus(path: write("body\tn\nx y\t1\nz\t2\n", "rows.tsv"), column: "body")
    #expect(named.documents == ["x y", "z"])
  }

  @Test("What is no corpus is named")
  func badCorpora() throws {
    let folder = try TaggingFolder()
    let path = "\(folder.path)/latin.txt"
    try Data([0x61, 0xE9, 0x0A]).write(to: URL(fileURLWithPath: path))
    #expect(message { _ = try TextCorpus(path: path) }.contains("latin.txt: not UTF-8"))
    #expect(message { _ = try TextCorpus(path: path, column: "text") }.contains("no .csv, .tsv"))
    #expect(message { _ = try TextCorpus([" ", ""]) }.contains("no text in it"))
    try FileManager.default.createDirectory(atPath: "\(folder.path)/none", withIntermediateDirectories: true)
    #expect(message { _ = try TextCorpus(path: "\(folder.path)/none") }.contains("no files in it"))
    #expect(message { _ = try TextCorpus(path: "\(folder.path)/missing") }.contains("missing"))
    let two = try TextCorpus(["a", "b", "b"])
    #expect(message { _ = try CorpusSplit(two) }.contains("2 documents; three are needed"))
    let ten = try TextCorpus((0..<10).map { "\($0)" })
    #expect(message { _ = try CorpusSplit(ten, validationShare: 0.6, testShare: 0.5) }.contains("below 1"))
  }

  @Test("No document is in two parts, and the seed decides")
  func split() throws {
    let corpus = try TextCorpus((0..<100).map { "document \($0)" })
    let split = try CorpusSplit(corpus, validationShare: 0.1, testShare: 0.2, seed: 1)
    #expect((split.training.count, split.validation.count, split.test.count) == (70, 10, 20))
    #expect(Set(split.training + split.validation + split.test).count == 100)
    let again = try CorpusSplit(corpus, validationShare: 0.1, testShare: 0.2, seed: 1)
    #expect(again.manifest(licence: "CC0") == split.manifest(licence: "CC0"))
    let other = try CorpusSplit(corpus, validationShare: 0.1, testShare: 0.2, seed: 2)
    #expect(other.manifest(licence: nil).test.sha256 != split.manifest(licence: nil).test.sha256)
    #expect(split.manifest(licence: nil).test.bytes == split.test.reduce(0) { $0 + $1.utf8.count })
  }

  // MARK: Hidden words

  @Test("15 % of the tokens are told, of which 80 % are hidden, 10 % others and 10 % as they are")
  func masking() throws {
    let words = (0..<200).map { "w\($0)" }
    let tokenizer = try Self.tokenizer(words)
    let masking = try TokenMasking(tokenizer)
    var random = SampleRandom(state: 7)
    let tokens = (0..<100).map { Int32(5 + $0) }
    var (told, hidden, kept, other, places) = (0, 0, 0, 0, [Int](repeating: 0, count: 100))
    for _ in 0..<2000 {
      let found = masking.apply(to: tokens[...], words: tokens[...], random: &random)
      #expect(found.places.count == 15 && found.places == found.places.sorted())
      told += found.places.count
      for place in found.places {
        places[place] += 1
        let seen = found.seen[place]
        if seen == 4 { hidden += 1 } else if seen == tokens[place] { kept += 1 } else { other += 1 }
        #expect(seen >= 4)
      }
      let untouched = Set(0..<100).subtracting(found.places)
      #expect(untouched.allSatisfy { found.seen[$0] == tokens[$0] })
    }
    // Three deviations of binomial counts and more.
    #expect(abs(Double(hidden) / Double(told) - 0.8) < 0.01)
    #expect(abs(Double(other) / Double(told) - 0.1) < 0.008 && abs(Double(kept) / Double(told) - 0.1) < 0.008)
    #expect(places.allSatisfy { abs(Double($0) / 2000 - 0.15) < 0.035 })
    var again = SampleRandom(state: 7)
    let first = masking.apply(to: tokens[...], words: tokens[...], random: &again)
    #expect(first.places.count == 15)
    // One at least, of whatever is short.
    #expect(masking.apply(to: [9], words: [0], random: &again).places == [0])
  }

  @Test("Whole words are told with all their pieces, and not more than the share")
  func wholeWords() throws {
    let masking = try TokenMasking(Self.tokenizer(["a", "##b"]), share: 0.3, wholeWords: true)
    let words: [Int32] = [0, 0, 0, 1, 2, 2, 3, 4, 4, 4, 4, 4, 4, 5, 6, 7, 7, 8, 9, 10]
    var random = SampleRandom(state: 3)
    var sizes = Set<Int>()
    for _ in 0..<500 {
      let found = masking.apply(to: words[...], words: words[...], random: &random)
      let chosen = Set(found.places.map { words[$0] })
      #expect(found.places.count == words.count { chosen.contains($0) }, "\(found.places)")
      #expect(found.places.count <= 6)
      sizes.insert(found.places.count)
    }
    #expect(sizes.contains(6))
  }

  @Test("Texts are cut where they are too long, begin and end as the tokeniser says, and differ by epoch")
  func maskedTexts() throws {
    let tokenizer = try Self.tokenizer(["a", "b", "c"])
    let texts = try MaskedTexts(
      ["a b c a b c a", "b", "c c"], tokenizer: tokenizer, masking: TokenMasking(tokenizer), length: 5,
      padding: 0)
    #expect(texts.count == 5 && texts.lengths == [5, 5, 3, 3, 4] && texts.tokenCount == 10)
    var random = SampleRandom(state: 1)
    let example = texts.example(at: 1, random: &random)
    #expect(example.tokens.first == 2 && example.tokens.last == 3 && example.answers.count == 1)
    let batch = MaskedText.collate([example, texts.example(at: 3, random: &random)], on: .cpu)
    #expect(batch.inputs.shape == [2, 5] && batch.labels.shape == [2] && batch.count == 2)
    let places: [Int32] = try batch.named["places"].scalars()
    #expect(places[1] == 6 && (1...3).contains(places[0]))
    #expect(message { _ = try TokenMasking(Self.tokenizer([]), share: 0) }.contains("0.0 of the tokens"))
    #expect(
      message {
        _ = try MaskedTexts(
          ["a"], tokenizer: tokenizer, masking: TokenMasking(tokenizer), length: 2, padding: 0)
      }.contains("no room"))
  }

  // MARK: Rows of documents

  @Test("Rows hold documents one behind the other, and nothing is told behind their ends")
  func packing() throws {
    let tokenizer = try Self.tokenizer(["a", "b", "c"])
    let texts = try PackedTexts(["a b c", "b", "c c c c"], tokenizer: tokenizer, end: 3, length: 4)
    // 5 6 7 3 | 6 3 7 7 | 7 7 3 .
    #expect(texts.count == 3 && texts.tokenCount == 11)
    var random = SampleRandom(state: 0)
    let rows = (0..<3).map { texts.example(at: $0, random: &random) }
    #expect(rows.map(\.tokens) == [[5, 6, 7, 3], [6, 3, 7, 7], [7, 7, 3, 3]])
    #expect(rows.map(\.lengths) == [[4], [2, 2], [3, 1]])
    let no = PackedText.nothing
    #expect(rows.map(\.answers) == [[6, 7, 3, no], [3, no, 7, 7], [7, 3, no, no]])
    let batch = PackedText.collate(rows, on: .cpu)
    #expect(batch.count == 8)
    let positions: [Int32] = try batch.named[PackedText.Name.positions].scalars()
    #expect(positions == [0, 1, 2, 3, 0, 1, 0, 1, 0, 1, 2, 0])
  }

  // MARK: Counts

  /// The formulas, word for word, with loops over the documents for every count.
  private static func naive(_ documents: [[Int32]], _ vocabulary: Int, _ token: Int32, _ first: Int32)
    -> Double
  {
    var pairs: [[Int32]: Double] = [:]
    for document in documents {
      for i in 1..<document.count { pairs[[document[i - 1], document[i]], default: 0] += 1 }
    }
    let n1 = Double(pairs.values.count { $0 == 1 }), n2 = Double(pairs.values.count { $0 == 2 })
    let d = n1 / (n1 + 2 * n2)
    let kinds = Double(pairs.count)
    func behind(_ w: Int32) -> Double { Double(pairs.keys.count { $0[1] == w }) }
    let seconds = Double(Set(pairs.keys.map { $0[1] }).count)
    let lower = max(behind(token) - d, 0) / kinds + d * seconds / kinds / Double(vocabulary)
    let count = pairs.filter { $0.key[0] == first }.values.reduce(0, +)
    if count == 0 { return lower }
    let follows = Double(pairs.keys.count { $0[0] == first })
    return max((pairs[[first, token]] ?? 0) - d, 0) / count + d * follows / count * lower
  }

  @Test("Kneser-Ney's probabilities are the formula's and sum to one")
  func ngrams() {
    var random = SampleRandom(state: 5)
    let documents = (0..<20).map { _ in
      (0..<2 + random.next(below: 12)).map { _ in Int32(random.next(below: 4) * random.next(below: 4)) }
    }
    let counts = NgramBaselines(documents.map { $0[...] }, vocabulary: 12)
    for first: Int32 in [0, 2, 9, 11] {
      let all = (0..<12).map { counts.bigram($0, behind: first) }
      #expect(abs(all.reduce(0, +) - 1) < 1e-12)
      for token in 0..<Int32(12) {
        #expect(abs(all[Int(token)] - Self.naive(documents, 12, token, first)) < 1e-12)
      }
    }
    #expect(abs((0..<12).reduce(0) { $0 + counts.unigram($1) } - 1) < 1e-12)
    let test: [Int32] = [0, 3, 11, 0]
    let found = counts.perplexities(of: [test[...]])
    let logs = zip(test, test.dropFirst()).map { Foundation.log(Self.naive(documents, 12, $1, $0)) }
    #expect(abs(found.bigram - Foundation.exp(-logs.reduce(0, +) / 3)) < 1e-9)
  }
}
