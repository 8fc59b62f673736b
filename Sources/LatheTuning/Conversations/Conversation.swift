import LatheText

/// What was said, ending with the answer that is learned, or with the better and the worse of two.
public struct Conversation: Sendable, Hashable {
  /// What was said, the last by the assistant; of two answers with the preferred one.
  public var messages: [Message]
  /// The same with the answer that was rejected; nil where there is but one.
  public var rejected: [Message]?

  /// A contribution to a conversation.
  public struct Message: Sendable, Hashable {
    /// Who speaks: `system`, `user` or `assistant`.
    public var role: String
    /// What is said.
    public var content: String

    /// A contribution.
    public init(role: String, content: String) { (self.role, self.content) = (role, content) }

    /// As chat templates take it.
    var spoken: ChatTemplate.Message { ChatTemplate.Message(role: role, content: content) }
  }

  /// A conversation with one last answer.
  public init(_ messages: [Message]) { self.messages = messages }

  /// A conversation with a preferred and a rejected last answer.
  ///
  /// - Parameters:
  ///   - prompt: What was said before.
  ///   - chosen: The preferred answer.
  ///   - rejected: The other one.
  public init(_ prompt: [Message], chosen: String, rejected: String) {
    messages = prompt + [Message(role: "assistant", content: chosen)]
    self.rejected = prompt + [Message(role: "assistant", content: rejected)]
  }

  /// What stands before the last answer.
  public var prompt: [Message] { Array(messages.dropLast()) }
  /// The last answer.
  public var answer: String { messages.last?.content ?? "" }

  /// What cannot be; nil where nothing is wrong.
  var problem: String? {
    if let problem = Self.problem(messages) { return problem }
    guard let rejected else { return nil }
    if let problem = Self.problem(rejected) { return "of what was rejected, \(problem)" }
    if rejected.dropLast() != messages.dropLast() {
      return "the preferred and the rejected answer stand behind different messages"
    }
    return rejected == messages ? "the preferred and the rejected answer are the same" : nil
  }

  private static func problem(_ messages: [Message]) -> String? {
    guard let last = messages.last else { return "there are no messages" }
    guard last.role == "assistant" else {
      return "the last message is of role '\(last.role)', and the assistant's answer is what is learned"
    }
    guard messages.count > 1 else { return "there is an answer, and nothing that it answers" }
    for (place, message) in messages.enumerated() {
      guard ["system", "user", "assistant", "tool"].contains(message.role) else {
        return
          "message \(place + 1) is of role '\(message.role)'; there are system, user, assistant and tool"
      }
      if message.role == "assistant", !message.content.contains(where: { !$0.isWhitespace }) {
        return "message \(place + 1), an answer, is empty"
      }
    }
    return nil
  }
}
