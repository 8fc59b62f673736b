import Foundation
import LatheFiles
import LatheTextMetrics

/// What the test of a network says that finds answers.
public struct QuestionAnsweringReport: Sendable {
  /// The share of answers that are right to the word, and the mean F1 of words, both in per cent, as SQuAD's script gives them.
  public let exactMatch: Double, f1: Double
  /// The same of questions with an answer in their text, and of those without; nil where there are none.
  public let answerable: SQuAD.Figures?, unanswerable: SQuAD.Figures?
  /// Questions.
  public let count: Int
  /// Questions whose answer is not right.
  public let mistakes: [Mistake]

  /// A question whose answer is not right.
  public struct Mistake: Codable, Sendable, Hashable {
    /// What the question is called, and the question.
    public let id: String, question: String
    /// The answer that was given, empty for none, and the right ones.
    public let given: String, answers: [String]
  }

  init(_ questions: AskedTexts, given: [String]) throws {
    let asked = questions.list.map { SQuAD.Question(id: $0.id, answers: $0.answers.map(\.text)) }
    let predictions = Dictionary(uniqueKeysWithValues: zip(asked.map(\.id), given))
    let report = try SQuAD.scoreV2(asked, predictions: predictions)
    (exactMatch, f1) = (report.all.exact, report.all.f1)
    (answerable, unanswerable, count) = (report.answerable, report.unanswerable, asked.count)
    mistakes = zip(questions.list, given).compactMap { asked, given in
      let right = asked.answers.map(\.text)
      let isRight = (right.isEmpty ? [""] : right).contains { SQuAD.normalize($0) == SQuAD.normalize(given) }
      return isRight ? nil : Mistake(id: asked.id, question: asked.question, given: given, answers: right)
    }
  }

  /// The report as it is printed.
  public var text: String {
    func line(_ name: String, _ exact: Double, _ f1: Double, _ count: Int) -> String {
      "\(name.padding(toLength: 16, withPad: " ", startingAt: 0))"
        + String(format: "%8.2f%8.2f%10d\n", exact, f1, count)
    }
    var text = "                   exact      f1 questions\n" + line("all", exactMatch, f1, count)
    if let unanswerable {
      if let answerable { text += line("with answer", answerable.exact, answerable.f1, answerable.total) }
      text += line("without answer", unanswerable.exact, unanswerable.f1, unanswerable.total)
    }
    return text
  }

  /// The figures, for JSON.
  public struct Scores: Encodable, Sendable {
    /// As in the report.
    public let exactMatch: Double, f1: Double, count: Int
  }

  /// The figures, for JSON.
  public var scores: Scores { Scores(exactMatch: exactMatch, f1: f1, count: count) }

  /// Writes `test-report.txt` and `mistakes.jsonl`.
  func write(to folder: String) throws {
    try AtomicFile.write([Array(text.utf8)], to: "\(folder)/test-report.txt")
    try JSONRecord.writeLines(mistakes, to: "\(folder)/mistakes.jsonl")
  }
}
