import LatheText
import LatheTextMetrics
import Testing

/// ROUGE against rouge-score, stems against NLTK.
@Suite struct SummaryMetricTests {
  @Test func stemsAreThoseOfNLTK() throws {
    let stems = try #require(try MetricFixture.load("summaries")["stems"]?.members)
    #expect(stems.count > 500)
    for pair in stems { #expect(PorterStemmer.stem(pair.key) == pair.value.string, "\(pair.key)") }
  }

  @Test func rougeHasTheFiguresOfRougeScore() throws {
    let kinds: [ROUGE.Kind] = [.n(1), .n(2), .n(3), .l, .lSum]
    for row in try #require(try MetricFixture.load("summaries")["rows"]?.array) {
      let text = try #require(row["text"]?.string)
      let references = row["references"]?.strings ?? []
      for kind in kinds {
        let rouge = try ROUGE(kind, usesStemmer: row["stemmer"]?.bool ?? false)
        let first = rouge.score(text, reference: references[0])
        let best = try rouge.score(text, references: references)
        for (score, name) in [(first, "first"), (best, "best")] {
          let expected = row[name]?["\(kind)"]?.doubles ?? []
          #expect(
            zip([score.precision, score.recall, score.fMeasure], expected).allSatisfy {
              MetricFixture.close($0, $1)
            }
              && expected.count == 3, "\(kind) \(name): \(text): \(score), not \(expected)")
        }
      }
    }
  }

  @Test func meansAreOverTexts() throws {
    let rouge = try ROUGE(.n(1))
    let mean = try rouge.meanScore(["a b", "c"], references: [["a b", "d"], [nil, "c"]])
    #expect(mean.fMeasure == 1)
    #expect(throws: (any Error).self) { try ROUGE(.n(0)) }
    #expect(throws: (any Error).self) { try rouge.score("a", references: []) }
  }
}
