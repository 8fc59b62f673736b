import LatheCore
import LatheData
import LatheFiles
import LatheText

/// A question to a text, with its answers there.
public struct AskedText: Sendable, Hashable {
  /// What the question is called.
  public let id: String
  /// The question.
  public let question: String
  /// The text.
  public let context: String
  /// The answers, word for word as the text has them; none where it has none.
  public let answers: [Answer]

  /// An answer.
  public struct Answer: Sendable, Hashable {
    /// The answer as the text has it.
    public let text: String
    /// Where it begins in the text, counted in Unicode scalars.
    public let start: Int

    /// An answer.
    public init(text: String, start: Int) { (self.text, self.start) = (text, start) }
  }

  /// A question to a text.
  public init(id: String, question: String, context: String, answers: [Answer]) {
    (self.id, self.question, self.context, self.answers) = (id, question, context, answers)
  }
}

/// Questions to texts, as a file of SQuAD has them.
public struct AskedTexts: Sendable {
  /// The questions.
  public let list: [AskedText]
  /// Where they come from, for messages.
  public let source: String

  /// Questions in memory.
  ///
  /// - Throws: `LatheError` where there are none, one comes twice, or an answer does not stand where it is said to.
  public init(_ list: [AskedText], source: String = "the questions") throws {
    guard !list.isEmpty else { throw LatheError(.format, "\(source): no questions in it") }
    var ids: Set<String> = []
    for asked in list {
      guard ids.insert(asked.id).inserted else {
        throw LatheError(.format, "\(source): question '\(asked.id)' comes twice")
      }
      for answer in asked.answers {
        let wanted = Array(answer.text.unicodeScalars)
        let found = asked.context.unicodeScalars.dropFirst(max(answer.start, 0)).prefix(wanted.count)
        guard answer.start >= 0, !wanted.isEmpty, found.elementsEqual(wanted) else {
          throw LatheError(
            .format,
            "\(source): question '\(asked.id)': the answer '\(answer.text.prefix(60))' does not stand at character \(answer.start) of the text"
          )
        }
      }
      for (name, text) in [("question", asked.question), ("text", asked.context)]
      where !text.contains(where: { !$0.isWhitespace }) {
        throw LatheError(.format, "\(source): question '\(asked.id)': the \(name) is empty")
      }
    }
    (self.list, self.source) = (list, source)
  }

  /// Reads a file: SQuAD's JSON with `data`, `paragraphs` and `qas`, or an object of JSON a line with `id`, `question`,
  /// `context` and `answers`, which holds lists `text` and `answer_start`.
  ///
  /// - Throws: `LatheError` naming the file and the line or question that cannot be used.
  public init(path: String) throws {
    let bytes = try FileErrors.read(path)
    let lines = bytes.split(separator: 10).filter { $0.contains { ![9, 13, 32].contains($0) } }
    // One object over several lines is SQuAD's own form, and so is one line that holds `data`.
    let whole = try? JSONValue.parse(bytes, source: path)
    if let data = whole?["data"] {
      try self.init(Self.articles(data, path), source: path)
    } else if whole != nil, lines.count > 1 {
      throw LatheError(.format, "\(path): no 'data' in it, as SQuAD's files have")
    } else {
      let list = try lines.enumerated().map { number, line in
        let place = "\(path), line \(number + 1)"
        return try Self.row(JSONValue.parse(Array(line), source: place), place, number)
      }
      try self.init(list, source: path)
    }
  }

  private init(picked list: [AskedText], of all: AskedTexts) { (self.list, source) = (list, all.source) }

  /// Looks values up in JSON, with messages that say where.
  private struct Reader {
    let value: JSONValue
    let place: String

    func text(_ key: String) throws -> String {
      guard let text = value[key]?.string else {
        throw LatheError(.format, "\(place): no text as '\(key)'")
      }
      return text
    }

    func list(_ key: String) throws -> [JSONValue] {
      guard let list = value[key]?.array else { throw LatheError(.format, "\(place): no list as '\(key)'") }
      return list
    }

    func answer() throws -> AskedText.Answer {
      guard let start = value["answer_start"]?.integer else {
        throw LatheError(.format, "\(place): an answer has no whole number as 'answer_start'")
      }
      return AskedText.Answer(text: try text("text"), start: start)
    }
  }

  private static func articles(_ data: JSONValue, _ path: String) throws -> [AskedText] {
    guard let articles = data.array else {
      throw LatheError(.format, "\(path): 'data' is \(data.kind), not a list")
    }
    return try articles.enumerated().flatMap { number, article in
      try Reader(value: article, place: "\(path), article \(number + 1)").list("paragraphs").flatMap {
        paragraph in
        let part = Reader(value: paragraph, place: "\(path), article \(number + 1)")
        let context = try part.text("context")
        return try part.list("qas").map { item in
          let id = try Reader(value: item, place: part.place).text("id")
          let asked = Reader(value: item, place: "\(path), question '\(id)'")
          return AskedText(
            id: id, question: try asked.text("question"), context: context,
            answers: try asked.list("answers").map { try Reader(value: $0, place: asked.place).answer() })
        }
      }
    }
  }

  private static func row(_ value: JSONValue, _ place: String, _ number: Int) throws -> AskedText {
    let row = Reader(value: value, place: place)
    let answers = Reader(value: value["answers"] ?? .null, place: "\(place), answers")
    let (texts, starts) = (try answers.list("text"), try answers.list("answer_start"))
    guard texts.count == starts.count else {
      throw LatheError(.format, "\(place): \(texts.count) texts of answers and \(starts.count) places")
    }
    let list = try zip(texts, starts).map { text, start in
      guard let text = text.string, let start = start.integer else {
        throw LatheError(.format, "\(place): answers are texts with whole numbers as places")
      }
      return AskedText.Answer(text: text, start: start)
    }
    return AskedText(
      id: value["id"]?.string ?? "\(number + 1)", question: try row.text("question"),
      context: try row.text("context"), answers: list)
  }

  /// How many there are.
  public var count: Int { list.count }
  /// How many have no answer in their text.
  public var unanswerable: Int { list.count { $0.answers.isEmpty } }

  /// Learning, choosing and testing parts; questions to one text are in one of them.
  ///
  /// - Throws: `LatheError` for shares that cannot be, or too few texts.
  func split(validationShare: Double, testShare: Double?, seed: UInt64) throws -> [AskedTexts] {
    for (name, share) in [("validation", validationShare), ("test", testShare ?? 0.1)] {
      guard share > 0, share < 0.5 else {
        throw LatheError(.invalidArgument, "a \(name) part of \(share): give one between 0 and 0.5")
      }
    }
    var numbers: [String: Int] = [:]
    var groups: [[Int]] = []
    for (place, asked) in list.enumerated() {
      if let number = numbers[asked.context] {
        groups[number].append(place)
      } else {
        numbers[asked.context] = groups.count
        groups.append([place])
      }
    }
    let shares = [1 - validationShare - (testShare ?? 0), validationShare] + (testShare.map { [$0] } ?? [])
    guard groups.count >= shares.count else {
      throw LatheError(
        .format,
        "\(source): \(counted(groups.count, "texts")), divided into \(shares.count) parts; give questions to more texts"
      )
    }
    return try splitPlaces(groups.count, shares, seed: seed, stratifiedBy: nil).map { part in
      AskedTexts(picked: part.sorted().flatMap { groups[$0] }.map { list[$0] }, of: self)
    }
  }
}

/// Questions to learn from, to choose by and to test on once.
public struct AskedSplit: Sendable {
  /// What is learned from, what chooses the epoch, and what is looked at once.
  public let training: AskedTexts, validation: AskedTexts, test: AskedTexts

  /// Divides questions by their texts.
  ///
  /// - Parameters:
  ///   - questions: To be divided.
  ///   - test: Questions for the test alone.
  ///   - validationShare: The part of the texts to choose by.
  ///   - testShare: The part for the test where it has no file of its own.
  ///   - seed: What decides who is where.
  /// - Throws: `LatheError` for shares that cannot be, or too few texts.
  public init(
    _ questions: AskedTexts, test: AskedTexts? = nil, validationShare: Double = 0.1, testShare: Double = 0.1,
    seed: UInt64 = 42
  ) throws {
    let parts = try questions.split(
      validationShare: validationShare, testShare: test == nil ? testShare : nil, seed: seed)
    (training, validation) = (parts[0], parts[1])
    self.test = test ?? parts[2]
  }
}
