import Foundation
import LatheCore
import LatheFiles
import LatheText

extension SQuAD {
  /// The questions of a data set in SQuAD's JSON: `data`, `paragraphs`, `qas` with `id` and `answers`, each with a `text`.
  ///
  /// - Throws: `LatheError` for what cannot be read or is not in the format, or where a question's name comes twice.
  public static func questions(path: String) throws -> [Question] {
    let root = try json(path)
    func wrong(_ what: String) -> LatheError {
      LatheError(.format, "\(path): \(what); is this a data set of SQuAD?")
    }
    guard let articles = root["data"]?.array else { throw wrong("no list `data`") }
    var questions: [Question] = []
    var names: Set<String> = []
    for article in articles {
      guard let paragraphs = article["paragraphs"]?.array else {
        throw wrong("an article without `paragraphs`")
      }
      for paragraph in paragraphs {
        guard let list = paragraph["qas"]?.array else { throw wrong("a paragraph without `qas`") }
        for item in list {
          guard let id = item["id"]?.string else { throw wrong("a question without `id`") }
          guard let answers = item["answers"]?.array else { throw wrong("question \(id) without `answers`") }
          let texts = answers.compactMap { $0["text"]?.string }
          guard texts.count == answers.count else {
            throw wrong("an answer of question \(id) without `text`")
          }
          guard names.insert(id).inserted else { throw wrong("question \(id) comes twice") }
          questions.append(Question(id: id, answers: texts))
        }
      }
    }
    return questions
  }

  /// Predictions as a JSON object from questions to answers.
  ///
  /// - Throws: `LatheError` for what cannot be read or is not in the format.
  public static func predictions(path: String) throws -> [String: String] {
    try values(path, "a text", \.string)
  }

  /// Probabilities of no answer as a JSON object from questions to numbers.
  ///
  /// - Throws: `LatheError` for what cannot be read or is not in the format.
  public static func noAnswerProbabilities(path: String) throws -> [String: Double] {
    try values(path, "a number", \.double)
  }

  private static func values<Value>(_ path: String, _ kind: String, _ read: (JSONValue) -> Value?) throws
    -> [String:
    Value]
  {
    guard let members = try json(path).members else {
      throw LatheError(.format, "\(path): not a JSON object from questions to values")
    }
    var result: [String: Value] = [:]
    for member in members {
      guard let value = read(member.value) else {
        throw LatheError(.format, "\(path): question \(member.key) has \(member.value.kind), not \(kind)")
      }
      result[member.key] = value
    }
    return result
  }

  private static func json(_ path: String) throws -> JSONValue {
    let file = try MappedFile(path)
    try file.checkSize()
    return try JSONValue.parse([UInt8](file.bytes), source: path)
  }
}
