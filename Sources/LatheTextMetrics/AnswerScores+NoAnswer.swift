import LatheCore

extension SQuAD {
  /// Figures of some questions, in per cent.
  public struct Figures: Sendable, Hashable {
    /// The share of answers that are right but for case, punctuation, articles and spaces.
    public let exact: Double
    /// The mean F1 of words.
    public let f1: Double
    /// Questions.
    public let total: Int
  }

  /// The figures of version 2, where a text may have no answer.
  public struct Report: Sendable, Hashable {
    /// All questions.
    public let all: Figures
    /// Questions with an answer, nil where there are none.
    public let answerable: Figures?
    /// Questions without, nil where there are none.
    public let unanswerable: Figures?
    /// The best exact match that some threshold on the probability of no answer gives, with the threshold.
    public let bestExact: (score: Double, threshold: Double)?
    /// The same of F1.
    public let bestF1: (score: Double, threshold: Double)?

    /// Whether all figures are equal.
    public static func == (left: Report, right: Report) -> Bool {
      left.all == right.all && left.answerable == right.answerable && left.unanswerable == right.unanswerable
        && left.bestExact.map { [$0.0, $0.1] } == right.bestExact.map { [$0.0, $0.1] }
        && left.bestF1.map { [$0.0, $0.1] } == right.bestF1.map { [$0.0, $0.1] }
    }

    /// Hashes the figures of all questions.
    public func hash(into hasher: inout Hasher) { hasher.combine(all) }
  }

  /// The figures of version 2.
  ///
  /// - Parameters:
  ///   - predictions: The answer to each question, empty for none.
  ///   - noAnswerProbabilities: How likely each question has no answer; with them, the best thresholds are looked for.
  ///   - threshold: Above this probability an answer counts as none.
  /// - Throws: `LatheError.invalidArgument` without questions, or where a prediction or a probability is missing or NaN.
  public static func scoreV2(
    _ questions: [Question], predictions: [String: String], noAnswerProbabilities: [String: Double]? = nil,
    threshold: Double = 1
  ) throws -> Report {
    guard !questions.isEmpty else { throw LatheError(.invalidArgument, "SQuAD: no questions to score") }
    var scores: [QuestionScore] = []
    for question in questions {
      guard let answer = predictions[question.id] else {
        throw LatheError(.invalidArgument, "SQuAD: no prediction for question \(question.id)")
      }
      let probability = noAnswerProbabilities == nil ? 0 : noAnswerProbabilities?[question.id]
      guard let probability, !probability.isNaN else {
        throw LatheError(.invalidArgument, "SQuAD: no probability of no answer for question \(question.id)")
      }
      let answers = question.answers.filter { !normalized($0).isEmpty }
      let right = answers.isEmpty ? [""] : answers
      scores.append(
        QuestionScore(
          hasAnswer: !question.answers.isEmpty, isEmpty: answer.isEmpty, probability: probability,
          exact: right.contains { isExact(answer, $0) } ? 1 : 0,
          f1: right.map { Self.f1(answer, $0, matchesEmpty: true) }.max() ?? 0))
    }
    let judged = scores.map { score in
      guard score.probability > threshold else { return score }
      var none = score
      (none.exact, none.f1) = score.hasAnswer ? (0, 0) : (1, 1)
      return none
    }
    let hasProbabilities = noAnswerProbabilities != nil
    return Report(
      all: figures(judged), answerable: figuresOrNil(judged.filter(\.hasAnswer)),
      unanswerable: figuresOrNil(judged.filter { !$0.hasAnswer }),
      bestExact: hasProbabilities ? best(scores, \.exact) : nil,
      bestF1: hasProbabilities ? best(scores, \.f1) : nil)
  }

  private struct QuestionScore {
    let hasAnswer: Bool
    let isEmpty: Bool
    let probability: Double
    var exact: Double
    var f1: Double
  }

  private static func figures(_ scores: [QuestionScore]) -> Figures {
    let count = Double(scores.count)
    return Figures(
      exact: 100 * scores.reduce(0) { $0 + $1.exact } / count,
      f1: 100 * scores.reduce(0) { $0 + $1.f1 } / count,
      total: scores.count)
  }

  private static func figuresOrNil(_ scores: [QuestionScore]) -> Figures? {
    scores.isEmpty ? nil : figures(scores)
  }

  /// Lets the questions that are likeliest to have an answer be answered one after the other, and keeps the best score.
  private static func best(_ scores: [QuestionScore], _ value: KeyPath<QuestionScore, Double>) -> (
    Double, Double
  ) {
    var current = Double(scores.count { !$0.hasAnswer })
    var (best, threshold) = (current, 0.0)
    let order = scores.indices.sorted { (scores[$0].probability, $0) < (scores[$1].probability, $1) }
    for index in order {
      let score = scores[index]
      current += score.hasAnswer ? score[keyPath: value] : score.isEmpty ? 0 : -1
      if current > best { (best, threshold) = (current, score.probability) }
    }
    return (100 * best / Double(scores.count), threshold)
  }
}
