import LatheCore
import LatheText
import LatheTextMetrics
import Testing

/// BLEU, chrF and TER against sacrebleu.
@Suite struct TranslationMetricTests {
  @Test func wordsAreThoseOfSacrebleu() throws {
    let file = try MetricFixture.load("translation")
    let texts = MetricFixture.segments(file, all: false).texts
    var count = 0
    for tokenizer in BLEUTokenizer.allCases {
      let rows = try #require(file["words"]?[tokenizer.rawValue]?.array)
      for (text, row) in zip(texts, rows) {
        // The fixture's texts had no white space at their ends.
        let end = text.unicodeScalars.reversed().drop { $0.properties.isWhitespace }
        var trimmed = String.UnicodeScalarView()
        trimmed.append(contentsOf: end.reversed())
        let words = tokenizer.words(String(trimmed))
        #expect(words.map(JSONValue.scalars) == row.strings.map(JSONValue.scalars), "\(tokenizer): \(text)")
        count += 1
      }
    }
    #expect(count == 5 * texts.count)
  }

  @Test func bleuHasTheFiguresAndLinesOfSacrebleu() throws {
    let file = try MetricFixture.load("translation")
    let rows = try #require(file["bleu"]?.array)
    #expect(rows.count > 100)
    for row in rows {
      let value = row["value"]?.double
      let smoothing: BLEU.Smoothing =
        switch row["smoothing"]?.string {
        case "exp": .exponential
        case "floor": value.map { .floor($0) } ?? .floor()
        case "add-k": value.map { .addK($0) } ?? .addK()
        default: .none
        }
      let bleu = try BLEU(
        tokenizer: try #require(BLEUTokenizer(rawValue: row["tokenizer"]?.string ?? "")),
        smoothing: smoothing,
        lowercase: row["lowercase"]?.bool ?? false, maxOrder: row["order"]?.integer ?? 0,
        effectiveOrder: row["effective"]?.bool ?? false)
      let isOne = row["references"]?.string == "one"
      let (texts, references) = MetricFixture.segments(file, all: !isOne)
      let score = try bleu.corpusScore(texts, references: references)
      #expect(MetricFixture.close(score.score, row["score"]?.double))
      #expect(
        zip(score.precisions, row["precisions"]?.doubles ?? []).allSatisfy { MetricFixture.close($0, $1) })
      #expect(score.line == row["line"]?.string)
      for (index, expected) in (row["sentences"]?.doubles ?? []).enumerated() {
        let own = references.compactMap { $0[index] }
        #expect(
          MetricFixture.close(try bleu.sentenceScore(texts[index], references: own).score, expected),
          "\(row["line"]?.string ?? ""): \(texts[index])")
      }
    }
  }

  @Test func chrfHasTheFiguresAndLinesOfSacrebleu() throws {
    let file = try MetricFixture.load("translation")
    for row in try #require(file["chrf"]?.array) {
      let options = try #require(row["options"])
      let chrf = try CHRF(
        charOrder: options["char_order"]?.integer ?? 6, wordOrder: options["word_order"]?.integer ?? 0,
        beta: options["beta"]?.integer ?? 2, lowercase: options["lowercase"]?.bool ?? false,
        whitespace: options["whitespace"]?.bool ?? false,
        epsSmoothing: options["eps_smoothing"]?.bool ?? false)
      let (texts, references) = MetricFixture.segments(file, all: row["references"]?.string != "one")
      let score = try chrf.corpusScore(texts, references: references)
      #expect(MetricFixture.close(score.score, row["score"]?.double))
      #expect(score.line == row["line"]?.string)
      for (index, expected) in (row["sentences"]?.doubles ?? []).enumerated() {
        let own = try #require(references[0][index])
        #expect(MetricFixture.close(try chrf.sentenceScore(texts[index], references: [own]).score, expected))
      }
    }
  }

  @Test func terHasTheFiguresAndLinesOfSacrebleu() throws {
    let file = try MetricFixture.load("translation")
    for row in try #require(file["ter"]?.array) {
      let options = try #require(row["options"])
      let ter = TER(
        normalized: options["normalized"]?.bool ?? false, noPunctuation: options["no_punct"]?.bool ?? false,
        asianSupport: options["asian_support"]?.bool ?? false,
        caseSensitive: options["case_sensitive"]?.bool ?? false)
      let (texts, references) = MetricFixture.segments(file, all: row["references"]?.string != "one")
      let score = try ter.corpusScore(texts, references: references)
      #expect(MetricFixture.close(score.score, row["score"]?.double))
      #expect(score.line == row["line"]?.string)
      for (index, expected) in (row["sentences"]?.doubles ?? []).enumerated() {
        let own = try #require(references[0][index])
        #expect(
          MetricFixture.close(try ter.sentenceScore(texts[index], references: [own]).score, expected),
          "\(texts[index])")
      }
    }
  }

  @Test func terFindsTheMovesOfSacrebleu() throws {
    let file = try MetricFixture.load("translation")
    let expected = file["moved_ter"]?.doubles ?? []
    for (pair, score) in zip(try #require(file["moved"]?.array), expected) {
      let texts = pair.strings
      #expect(
        MetricFixture.close(try TER().sentenceScore(texts[0], references: [texts[1]]).score, score),
        "\(texts[0])")
    }
  }

  @Test func wrongCountsAreErrors() throws {
    let bleu = try BLEU()
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return "none"
    }
    #expect(message { _ = try bleu.corpusScore([], references: [[]]) }.contains("no texts to score"))
    #expect(message { _ = try bleu.corpusScore(["a"], references: []) }.contains("no references"))
    #expect(
      message { _ = try bleu.corpusScore(["a", "b"], references: [["a"]]) }.contains(
        "reference stream 1 has 1 texts for 2 hypotheses"))
    #expect(
      message { _ = try bleu.corpusScore(["a", "b"], references: [["a", nil]]) }.contains(
        "text 2 has no reference"))
    #expect(message { _ = try BLEU(maxOrder: 0) }.contains("1 to 32"))
    #expect(message { _ = try BLEU(smoothing: .floor(-1)) }.contains("zero or more"))
    #expect(message { _ = try CHRF(charOrder: 0) }.contains("orders are 0 to 32"))
  }
}
