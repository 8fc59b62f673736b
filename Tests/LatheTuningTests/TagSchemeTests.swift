import Foundation
import LatheTuning
import Testing

@Suite("Tag schemes and entities")
struct TagSchemeTests {
  private static let cases = try? TaggingFixture.load("entities", as: [TaggingFixture.Entities].self)

  @Test("Entities are seqeval's, leniently and strictly")
  func entities() throws {
    func spans(_ found: [EntitySpan]) -> [TaggingFixture.Span] {
      found.map { .init(type: $0.type, first: $0.words.lowerBound, last: $0.words.upperBound - 1) }
    }
    for values in try #require(Self.cases) {
      let scheme = try #require(TagScheme(rawValue: values.scheme))
      for (tags, (lenient, strict)) in zip(values.right, zip(values.lenient, values.strict)) {
        #expect(spans(EntitySpan.lenient(tags)) == lenient, "\(tags)")
        #expect(spans(EntitySpan.strict(tags, scheme)) == strict, "\(scheme) \(tags)")
      }
    }
  }

  @Test("Reports are seqeval's to the letter")
  func reports() throws {
    for values in try #require(Self.cases) {
      let scheme = try #require(TagScheme(rawValue: values.scheme))
      let lenient = EntityReport(given: values.given, right: values.right)
      #expect(lenient.text(digits: 4) == values.lenientReport)
      #expect(lenient.text() == values.twoDigits)
      let strict = EntityReport(given: values.given, right: values.right, mode: .strict(scheme))
      #expect(strict.text(digits: 4) == values.strictReport)
    }
    #expect(EntityReport().score(.macro).f1 == 0 && EntityReport().text().contains("micro avg"))
  }

  @Test("Schemes are told apart and turned into each other")
  func conversion() {
    let spans = [EntitySpan("A", 0..<2), EntitySpan("A", 2..<3), EntitySpan("B", 3..<6)]
    let written: [TagScheme: [String]] = [
      .iob1: ["I-A", "I-A", "B-A", "I-B", "I-B", "I-B", "O"],
      .bio: ["B-A", "I-A", "B-A", "B-B", "I-B", "I-B", "O"],
      .bioes: ["B-A", "E-A", "S-A", "B-B", "I-B", "E-B", "O"],
    ]
    for (scheme, tags) in written {
      #expect(scheme.tags(of: spans, count: 7) == tags)
      #expect(EntitySpan.lenient(tags) == spans && EntitySpan.strict(tags, scheme) == spans)
      #expect(TagScheme.detect([tags]) == scheme)
      #expect(scheme.firstProblem(tags) == nil)
    }
    #expect(TagScheme.bio.firstProblem(["O", "I-A"]) == 1)
    #expect(TagScheme.bio.firstProblem(["B-A", "I-B"]) == 1)
    #expect(TagScheme.bioes.firstProblem(["B-A"]) == 1)
    #expect(TagScheme.bioes.firstProblem(["B-A", "O"]) == 1)
    #expect(TagScheme.iob1.firstProblem(["O", "B-A"]) == 1)
    // Neither of the two: entities that begin by I- beside a B- that iob1 has not.
    #expect(TagScheme.detect([["I-A", "O", "B-A"]]) == .bio)
    #expect(TagScheme.detect([["O"]]) == .bio)
    #expect(TagScheme.bioes.tags(of: ["A"]) == ["O", "B-A", "I-A", "E-A", "S-A"])
  }

  @Test("Files in the form of CoNLL")
  func files() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "lathe-tags-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("t.conll").path
    func read(_ text: String) throws -> TaggedSentences {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      return try TaggedSentences(path: path)
    }
    // Documents, four columns, a break of one tab, no break at the end.
    let whole = try read(
      "-DOCSTART- -X- O O\n\nAnn NNP I-NP B-PER\nran VBD I-VP O\n\t\nO'Hara NNP I-NP B-PER\n\n-DOCSTART- -X- O O\n\nit PRP I-NP O"
    )
    #expect(whole.words == [["Ann", "ran"], ["O'Hara"], ["it"]] && whole.documents == [1, 1, 2])
    #expect(whole.types == ["PER"] && whole.scheme == .bio && whole.wordCount == 4)
    let tabs = try read("\u{FEFF}New York\tB-LOC\r\n\r\nis\tO\r\n")
    #expect(tabs.words == [["New York"], ["is"]] && tabs.documents == [0, 1])
    // Tags that start with I-.
    let old = try read("a I-X\nb I-X\nc B-X\n\nd O\n")
    #expect(old.scheme == .iob1 && old.converted(to: .bio).tags == [["B-X", "I-X", "B-X"], ["O"]])
    let mixed = try read("a I-X\n\nb O\nc B-X\n")
    #expect(mixed.scheme == .bio && mixed.irregularCount == 1)
    #expect(mixed.converted(to: .bioes).tags == [["S-X"], ["O", "S-X"]])
    #expect(message { _ = try read("") }.contains("t.conll: no sentences"))
    #expect(message { _ = try read("\n\n") }.contains("no sentences"))
    #expect(message { _ = try read("a O\nb\n") }.contains("line 2: 1 field, expected 2"))
    #expect(message { _ = try read("a O\nb x O\n") }.contains("line 2: 3 fields, expected 2"))
    #expect(message { _ = try read("alone\n") }.contains("line 1: 1 field, expected a word"))
    #expect(message { _ = try read("a O\n\n\tB-X\n") }.contains("line 3"))
    #expect(message { _ = try read("a O\nb PER\n") }.contains("line 2: 'PER' is no tag"))
    #expect(message { _ = try read("a B-\n") }.contains("line 1: 'B-' is no tag"))
    let doubled = try read("a O\n\na B-X\n\nb O\n\na O\n").withoutDuplicates()
    #expect(doubled.sentences.count == 2 && doubled.removed == 2 && doubled.contradicting == 1)
  }

  @Test("Splits keep documents whole and types in every part")
  func splits() throws {
    let words = (0..<60).map { ["w\($0)", "x"] }
    let tags = (0..<60).map { [$0 % 3 == 0 ? "B-RARE" : "B-OFTEN", "O"] }
    let documents = (0..<60).map { $0 / 2 }
    let sentences = try TaggedSentences(words: words, tags: tags, documents: documents)
    let split = try TaggedSplit(sentences, seed: 3)
    let parts = [split.training, split.validation, split.test].map { Set($0.documents) }
    #expect(parts[0].isDisjoint(with: parts[1]) && parts[0].isDisjoint(with: parts[2]))
    #expect(parts[1].isDisjoint(with: parts[2]) && parts.map(\.count).reduce(0, +) == 30)
    #expect(split.types == ["OFTEN", "RARE"])
    let plain = try TaggedSentences(words: [["a"]], tags: [["O"]])
    #expect(message { _ = try TaggedSplit(plain) }.contains("all tags are O"))
    let other = try TaggedSentences(words: [["a"]], tags: [["B-NEW"]], source: "other.conll")
    #expect(message { _ = try TaggedSplit(sentences, test: other) }.contains("other.conll: type 'NEW'"))
    let two = try TaggedSentences(words: [["a"], ["b"]], tags: [["B-A"], ["B-A"]])
    #expect(message { _ = try TaggedSplit(two) }.contains("2 documents for 3 parts"))
  }
}
