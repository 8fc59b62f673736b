import Foundation
import LatheTextMetrics
import Testing

/// The examples of docs/metrics.md; a test compares the texts.
@Suite struct MetricGuideTests {
  @Test func everyExampleStandsInThisFile() throws {
    func lines(_ text: String) -> [String] {
      text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    let tests = URL(fileURLWithPath: #filePath)
    let path = tests.deletingLastPathComponent().appendingPathComponent("../../docs/metrics.md").standardized
    let source = lines(try String(contentsOf: tests, encoding: .utf8)).joined(separator: "\n")
    let blocks = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "```")
      .filter { $0.hasPrefix("swift\n") }
    #expect(blocks.count == 2)
    for block in blocks {
      #expect(source.contains(lines(block).dropFirst().joined(separator: "\n")), "\(block)")
    }
  }

  @Test func translations() throws {
    let texts = ["The dog bit the man.", "It was not unexpected."]
    let references = [
      ["The dog had bit the man.", "No one was surprised."], ["The dog bit a man.", "It was expected."],
    ]
    let bleu = try BLEU().corpusScore(texts, references: references)
    print(bleu.line)
    let chrf = try CHRF(wordOrder: 2).corpusScore(texts, references: references)
    let ter = try TER().corpusScore(texts, references: references)
    let rouge = try ROUGE(.l, usesStemmer: true).meanScore(texts, references: references)
    print(chrf.line, ter.line, rouge.fMeasure)
    #expect(bleu.signature == "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.5.1")
    #expect(bleu.score > 30 && chrf.score > 40 && ter.score < 60 && rouge.fMeasure > 0.6)
  }

  @Test func answers() throws {
    let questions = [
      SQuAD.Question(id: "q1", answers: ["Denver Broncos"]), SQuAD.Question(id: "q2", answers: []),
    ]
    let report = try SQuAD.scoreV2(questions, predictions: ["q1": "the Denver Broncos", "q2": ""])
    print(report.all.exact, report.all.f1)
    let ranked = try RankedList(results: ["d3", "d1", "d2"], relevant: ["d1": 2, "d4": 1])
    print(ranked.reciprocalRank, ranked.ndcg(at: 10), ranked.recall(at: 3))
    #expect(report.all.exact == 100 && ranked.reciprocalRank == 0.5 && ranked.recall(at: 3) == 0.5)
  }
}
