import LatheCore
import LatheText

/// Reads a conversation from a line of JSON, in the forms that files of this field have.
struct ConversationReader {
  /// The forms, for messages.
  static let forms =
    "messages, conversations, prompt with completion, instruction with output, or chosen with rejected"

  /// The conversation of a row.
  ///
  /// - Parameter source: The file and the line.
  /// - Throws: `LatheError` that says what is missing or wrong.
  static func conversation(_ row: JSONValue, source: String) throws -> Conversation {
    let reader = ConversationReader(row: row, source: source)
    let found = try reader.conversation()
    if let problem = found.problem { throw reader.failure(problem) }
    return found
  }

  private let row: JSONValue
  private let source: String

  private func failure(_ text: String) -> LatheError { LatheError(.format, "\(source): \(text)") }

  private func conversation() throws -> Conversation {
    guard row.members != nil else { throw failure("\(row.kind), not an object with \(Self.forms)") }
    if row["chosen"] != nil || row["rejected"] != nil { return try preference() }
    if let list = row["messages"] ?? row["conversations"] {
      return Conversation(try messages(list, row["messages"] == nil ? "conversations" : "messages"))
    }
    if row["prompt"] != nil || row["completion"] != nil {
      return Conversation(try spoken("prompt", "user") + spoken("completion", "assistant"))
    }
    if row["instruction"] != nil || row["output"] != nil { return try instruction() }
    let keys = (row.members ?? []).prefix(12).map(\.key).joined(separator: ", ")
    throw failure("an object with \(keys.isEmpty ? "nothing" : keys); it needs \(Self.forms)")
  }

  /// An instruction, what it is to be applied to, and the answer, as the Alpaca data has them.
  private func instruction() throws -> Conversation {
    var question = try text("instruction")
    if let more = row["input"], !more.isNull, try text("input") != "" {
      question += "\n\n\(try text("input"))"
    }
    let system = try row["system"].map { _ in
      [Conversation.Message(role: "system", content: try text("system"))]
    }
    return Conversation(
      (system ?? []) + [
        .init(role: "user", content: question), .init(role: "assistant", content: try text("output")),
      ])
  }

  /// Two answers, behind a prompt of their own key or with it in both.
  private func preference() throws -> Conversation {
    let (chosen, rejected) = (try spoken("chosen", "assistant"), try spoken("rejected", "assistant"))
    let prompt = try row["prompt"].map { _ in try spoken("prompt", "user") } ?? []
    var found = Conversation(prompt + chosen)
    found.rejected = prompt + rejected
    return found
  }

  private func text(_ key: String) throws -> String {
    guard let value = row[key] else { throw failure("no key '\(key)'") }
    guard let text = value.string else { throw failure("\(key) is \(value.kind), not a text") }
    return text
  }

  /// A text of somebody, or messages.
  private func spoken(_ key: String, _ role: String) throws -> [Conversation.Message] {
    guard let value = row[key] else { throw failure("no key '\(key)'") }
    if let text = value.string { return [Conversation.Message(role: role, content: text)] }
    return try messages(value, key)
  }

  private func messages(_ value: JSONValue, _ key: String) throws -> [Conversation.Message] {
    guard let list = value.array else { throw failure("\(key) is \(value.kind), not a list of messages") }
    return try list.enumerated().map { place, message in
      // ShareGPT's words beside those of chat templates.
      let role = (message["role"] ?? message["from"])?.string
      let content = (message["content"] ?? message["value"])?.string
      guard let role, let content else {
        throw failure("message \(place + 1) of \(key) has no text as 'role' or as 'content'")
      }
      return Conversation.Message(
        role: ["human": "user", "gpt": "assistant"][role] ?? role, content: content)
    }
  }
}
