import LatheCore
import LatheData
import LatheFiles
import LatheText

/// Conversations to learn answers from, or which of two answers is better, as a file gives them.
public struct Conversations: Sendable {
  /// The conversations; either all have a rejected answer, or none has.
  public let list: [Conversation]
  /// Where they come from, for messages.
  public let source: String
  /// How many were left out because they came before.
  public let duplicates: Int

  /// Conversations in memory; those that come again are left out.
  ///
  /// - Parameters:
  ///   - list: The conversations.
  ///   - places: Where each of them stands, for messages.
  ///   - source: Where they come from.
  /// - Throws: `LatheError` where there are none, one cannot be learned from, or some have a rejected answer and others have not.
  public init(
    _ list: [Conversation], places: [String]? = nil, source: String = "the conversations"
  ) throws {
    func place(_ number: Int) -> String { places?[number] ?? "\(source), conversation \(number + 1)" }
    for (number, conversation) in list.enumerated() {
      if let problem = conversation.problem { throw LatheError(.format, "\(place(number)): \(problem)") }
      if (conversation.rejected == nil) != (list[0].rejected == nil) {
        throw LatheError(
          .format,
          "\(place(number)): \(conversation.rejected == nil ? "has no rejected answer" : "has a rejected answer"), unlike the first; keep the two kinds in files of their own"
        )
      }
    }
    guard !list.isEmpty else { throw LatheError(.format, "\(source): no conversation in it") }
    var seen = Set<Conversation>()
    self.list = list.filter { seen.insert($0).inserted }
    duplicates = list.count - self.list.count
    self.source = source
  }

  /// Reads a file with an object of JSON a line, or one list of them.
  ///
  /// The objects hold `messages` (with `role` and `content`), `conversations` (with `from` and `value`), `prompt` with
  /// `completion`, `instruction` with `output` and perhaps `input`, or `chosen` with `rejected` and perhaps `prompt`.
  /// - Throws: `LatheError` naming the file and the line that cannot be used.
  public init(path: String) throws {
    let bytes = try FileErrors.read(path)
    let isList = bytes.first { ![9, 10, 13, 32].contains($0) } == UInt8(ascii: "[")
    var (rows, places): ([Conversation], [String]) = ([], [])
    func add(_ value: JSONValue, _ place: String) throws {
      rows.append(try ConversationReader.conversation(value, source: place))
      places.append(place)
    }
    if isList {
      let values = try JSONValue.parse(bytes, source: path).array ?? []
      for (number, value) in values.enumerated() { try add(value, "\(path), element \(number + 1)") }
    } else {
      for (number, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated()
      where line.contains(where: { ![9, 13, 32].contains($0) }) {
        let place = "\(path), line \(number + 1)"
        try add(try JSONValue.parse(Array(line), source: place), place)
      }
    }
    try self.init(rows, places: places, source: path)
  }

  private init(picked list: [Conversation], of all: Conversations) {
    (self.list, source, duplicates) = (list, all.source, 0)
  }

  /// Whether each conversation has a preferred and a rejected answer.
  public var arePreferences: Bool { list[0].rejected != nil }
  /// How many there are.
  public var count: Int { list.count }

  /// The conversations at some places.
  func picked(_ places: [Int]) -> Conversations { Conversations(picked: places.map { list[$0] }, of: self) }
}

/// Conversations to learn from, to choose by and to test on once; those that begin with the same words are in one part.
public struct ConversationSplit: Sendable {
  /// What is learned from, what chooses the epoch, and what is looked at once.
  public let training: Conversations, validation: Conversations, test: Conversations

  /// Divides conversations.
  ///
  /// - Parameters:
  ///   - conversations: To be divided.
  ///   - test: Conversations for the test alone.
  ///   - validationShare: The part to choose by.
  ///   - testShare: The part for the test where it has no file of its own.
  ///   - seed: What decides who is where.
  /// - Throws: `LatheError` for shares that cannot be, too few conversations, or a test of another kind.
  public init(
    _ conversations: Conversations, test: Conversations? = nil, validationShare: Double = 0.1,
    testShare: Double = 0.1, seed: UInt64 = 42
  ) throws {
    for (name, share) in [("validation", validationShare), ("test", testShare)] {
      guard share > 0, share < 0.5 else {
        throw LatheError(.invalidArgument, "a \(name) part of \(share): give one between 0 and 0.5")
      }
    }
    if let test, test.arePreferences != conversations.arePreferences {
      let kinds = ["one answer each", "two answers each"]
      let (own, given) = (test.arePreferences ? 1 : 0, conversations.arePreferences ? 1 : 0)
      throw LatheError(
        .format,
        "\(test.source): conversations with \(kinds[own]), and \(conversations.source) has \(kinds[given])")
    }
    // What begins alike is one piece of the split.
    var numbers: [[Conversation.Message]: Int] = [:]
    var groups: [[Int]] = []
    for (place, conversation) in conversations.list.enumerated() {
      let start = conversation.messages.firstIndex { $0.role == "user" } ?? 0
      let beginning = Array(conversation.messages[...start])
      if let number = numbers[beginning] {
        groups[number].append(place)
      } else {
        numbers[beginning] = groups.count
        groups.append([place])
      }
    }
    let shares =
      test == nil
      ? [1 - validationShare - testShare, validationShare, testShare]
      : [1 - validationShare, validationShare]
    guard groups.count >= shares.count else {
      throw LatheError(
        .format,
        "\(conversations.source): \(counted(groups.count, "conversations")) that begin differently, and they are divided into \(shares.count) parts; give more"
      )
    }
    let places = try splitPlaces(groups.count, shares, seed: seed, stratifiedBy: nil)
    let parts = places.map { part in conversations.picked(part.flatMap { groups[$0] }.sorted()) }
    (training, validation) = (parts[0], parts[1])
    self.test = test ?? parts[2]
  }
}
