import LatheCore

/// Exact match and F1 of answers to questions, as the scripts of SQuAD compute them (Rajpurkar et al., 2016 and 2018).
public enum SQuAD {
  /// A question with its right answers.
  public struct Question: Sendable, Hashable {
    /// What predictions name it by.
    public let id: String
    /// Right answers; none where the text has no answer.
    public let answers: [String]

    /// A question with its right answers.
    public init(id: String, answers: [String]) {
      self.id = id
      self.answers = answers
    }
  }

  /// An answer without case, punctuation, articles and superfluous spaces, as words.
  public static func normalize(_ answer: String) -> String {
    normalized(answer).map { word in
      var result = String.UnicodeScalarView()
      result.append(contentsOf: word.compactMap(Unicode.Scalar.init))
      return String(result)
    }.joined(separator: " ")
  }

  static func normalized(_ answer: String) -> [Scalars] {
    let articles: Set<Scalars> = [Scalars("a"), Scalars("an"), Scalars("the")]
    let text = Scalars(answer).lowercased().filter { !CHRF.isPunctuation($0) }
    // An article is a whole run of letters and digits, which can touch a sign outside ASCII: it becomes a space, the sign stays.
    var result: Scalars = []
    var index = 0
    while index < text.count {
      var end = index
      while end < text.count && isWord(text[end]) { end += 1 }
      if end == index {
        result.append(text[index])
        index += 1
        continue
      }
      let run = Scalars(text[index..<end])
      if articles.contains(run) { result.append(32) } else { result += run }
      index = end
    }
    return result.words()
  }

  /// What `\w` of Python's expressions takes, without the underscore, which is punctuation.
  private static func isWord(_ scalar: UInt32) -> Bool {
    Category.isLetter(scalar) || Category.isNumber(scalar)
  }

  /// Whether an answer is a right one but for case, punctuation, articles and spaces.
  static func isExact(_ answer: String, _ right: String) -> Bool { normalized(answer) == normalized(right) }

  /// The F1 of an answer's words.
  ///
  /// - Parameter matchesEmpty: Whether two answers without words are equal, as version 2 has it; version 1 gives 0.
  static func f1(_ answer: String, _ right: String, matchesEmpty: Bool) -> Double {
    let own = normalized(answer), other = normalized(right)
    if matchesEmpty && (own.isEmpty || other.isEmpty) { return own == other ? 1 : 0 }
    var left: [Scalars: Int] = [:]
    for word in other { left[word, default: 0] += 1 }
    var both = 0
    for word in own {
      guard let count = left[word], count > 0 else { continue }
      left[word] = count - 1
      both += 1
    }
    guard both > 0 else { return 0 }
    let precision = Double(both) / Double(own.count), recall = Double(both) / Double(other.count)
    return 2 * precision * recall / (precision + recall)
  }

  /// The figures of version 1: each answer counts with its best right one; a question without prediction counts 0.
  ///
  /// - Throws: `LatheError.invalidArgument` without questions, or where one has no right answer.
  public static func scoreV1(_ questions: [Question], predictions: [String: String]) throws -> (
    exactMatch: Double, f1: Double
  ) {
    guard !questions.isEmpty else { throw LatheError(.invalidArgument, "SQuAD: no questions to score") }
    var (exact, f1) = (0.0, 0.0)
    for question in questions {
      guard !question.answers.isEmpty else {
        throw LatheError(
          .invalidArgument, "SQuAD: question \(question.id) has no answer, which only version 2 allows")
      }
      guard let answer = predictions[question.id] else { continue }
      exact += question.answers.contains { isExact(answer, $0) } ? 1 : 0
      f1 += question.answers.map { Self.f1(answer, $0, matchesEmpty: false) }.max() ?? 0
    }
    return (100 * exact / Double(questions.count), 100 * f1 / Double(questions.count))
  }
}
