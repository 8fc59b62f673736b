import LatheText
import LatheTextMetrics
import Testing

/// SQuAD's figures against transformers' copy of the official script.
@Suite struct AnswerMetricTests {
  private func questions(_ file: JSONValue) throws -> ([SQuAD.Question], [String: String], [String: Double]) {
    var questions: [SQuAD.Question] = []
    var predictions: [String: String] = [:]
    var odds: [String: Double] = [:]
    for row in try #require(file["rows"]?.array).compactMap(\.array) {
      let id = try #require(row[0].string)
      questions.append(.init(id: id, answers: row[1].strings))
      predictions[id] = row[2].string
      odds[id] = row[3].double
    }
    return (questions, predictions, odds)
  }

  @Test func answersAreNormalizedAlike() throws {
    for pair in try #require(try MetricFixture.load("answers")["normalized"]?.array).map(\.strings) {
      #expect(JSONValue.scalars(SQuAD.normalize(pair[0])) == JSONValue.scalars(pair[1]))
    }
  }

  @Test func versionTwoHasTheFiguresOfTheScript() throws {
    let file = try MetricFixture.load("answers")
    let (questions, predictions, odds) = try questions(file)
    for row in try #require(file["reports"]?.array) {
      let report = try #require(row["report"])
      let hasOdds = row["odds"]?.bool == true
      let own = try SQuAD.scoreV2(
        questions, predictions: predictions, noAnswerProbabilities: hasOdds ? odds : nil,
        threshold: row["threshold"]?.double ?? 1)
      for (prefix, figures) in [("", own.all), ("HasAns_", own.answerable), ("NoAns_", own.unanswerable)] {
        let figures = try #require(figures)
        #expect(MetricFixture.close(figures.exact, report["\(prefix)exact"]?.double))
        #expect(MetricFixture.close(figures.f1, report["\(prefix)f1"]?.double))
        #expect(figures.total == report["\(prefix)total"]?.integer)
      }
      guard hasOdds else {
        #expect(own.bestExact == nil && own.bestF1 == nil)
        continue
      }
      #expect(MetricFixture.close(try #require(own.bestExact).score, report["best_exact"]?.double))
      #expect(try #require(own.bestExact).threshold == report["best_exact_thresh"]?.double)
      #expect(MetricFixture.close(try #require(own.bestF1).score, report["best_f1"]?.double))
      #expect(try #require(own.bestF1).threshold == report["best_f1_thresh"]?.double)
    }
  }

  /// Where no normalised text is empty both versions agree on single questions.
  @Test func versionOneTakesTheBestAnswer() throws {
    let file = try MetricFixture.load("answers")
    let (questions, predictions, _) = try questions(file)
    var count = 0
    for question in questions
    where !question.answers.isEmpty && question.answers.allSatisfy({ !SQuAD.normalize($0).isEmpty }) {
      let own = try SQuAD.scoreV1([question], predictions: predictions)
      #expect(own.exactMatch == 100 * (file["exact"]?[question.id]?.double ?? -1))
      #expect(MetricFixture.close(own.f1, (file["f1"]?[question.id]?.double ?? -1) * 100))
      count += 1
    }
    #expect(count >= 7)
    let empty = try SQuAD.scoreV1([.init(id: "1", answers: ["the"])], predictions: ["1": "a"])
    #expect(empty.exactMatch == 100 && empty.f1 == 0)
    #expect(try SQuAD.scoreV1([.init(id: "1", answers: ["x"])], predictions: [:]).f1 == 0)
  }

  @Test func missingPartsAreErrors() throws {
    let question = SQuAD.Question(id: "q7", answers: [])
    #expect(throws: (any Error).self) { try SQuAD.scoreV1([], predictions: [:]) }
    #expect(throws: (any Error).self) { try SQuAD.scoreV1([question], predictions: ["q7": ""]) }
    #expect(throws: (any Error).self) { try SQuAD.scoreV2([question], predictions: [:]) }
    #expect(throws: (any Error).self) {
      try SQuAD.scoreV2([question], predictions: ["q7": ""], noAnswerProbabilities: ["q7": .nan])
    }
  }
}
