import LatheCore
import LatheText

/// Makes tokens of conversations as a model's chat template writes them, and knows which of them are answers.
package struct ConversationEncoder {
  private let tokenizer: Tokenizer
  private let template: ChatTemplate
  private let variables: [String: TemplateValue]
  private let length: Int
  /// What `strftime_now` says in all of them, which a date in a template would otherwise tear apart.
  private let seconds: Int

  package init(
    _ tokenizer: Tokenizer, _ template: ChatTemplate, _ variables: [String: TemplateValue], length: Int,
    seconds: Int = 1_735_689_600
  ) throws {
    self.tokenizer = try tokenizer.with(truncation: nil, padding: nil)
    (self.template, self.variables, self.length, self.seconds) = (template, variables, length, seconds)
  }

  /// A conversation in tokens.
  package struct Tokens: Sendable {
    /// The tokens, at most as many as fit.
    package var ids: [Int32]
    /// Whether each is a part of an answer.
    package var areAnswers: [Bool]
    /// Whether the end was cut off.
    package var isCut: Bool

    /// How many tokens of answers there are.
    package var answerCount: Int { areAnswers.count { $0 } }
  }

  /// The tokens of conversations.
  ///
  /// - Parameters:
  ///   - conversations: The conversations.
  ///   - onlyLast: Whether the last answer alone counts as one.
  ///   - source: Where they come from.
  /// - Throws: `LatheError` where the template refuses one, or writes what was said before differently behind an answer.
  package func encode(
    _ conversations: [[Conversation.Message]], onlyLast: Bool, source: String
  ) throws -> [Tokens] {
    let texts = try conversations.enumerated().map { number, messages in
      do { return try text(of: messages, onlyLast: onlyLast) } catch let error as LatheError {
        throw LatheError(error.kind, "\(source), conversation \(number + 1): \(error.message)")
      }
    }
    let encodings = try tokenizer.encode(batch: texts.map(\.whole), addsSpecialTokens: false)
    return zip(texts, encodings).map { text, encoding in
      var areAnswers = [Bool](repeating: false, count: encoding.count)
      var span = 0
      for (place, range) in encoding.offsets.enumerated() {
        while span < text.answers.count, range.lowerBound >= text.answers[span].upperBound { span += 1 }
        guard span < text.answers.count else { break }
        areAnswers[place] = range.lowerBound >= text.answers[span].lowerBound
      }
      return Tokens(
        ids: Array(encoding.ids.prefix(length)), areAnswers: Array(areAnswers.prefix(length)),
        isCut: encoding.count > length)
    }
  }

  /// The text of a conversation, and where in its bytes the answers stand, with what ends them.
  private func text(
    of messages: [Conversation.Message], onlyLast: Bool
  ) throws -> (whole: String, answers: [Range<Int>]) {
    let spoken = messages.map(\.spoken)
    func render(_ count: Int, _ addsPrompt: Bool) throws -> String {
      try template.render(
        Array(spoken.prefix(count)), addsGenerationPrompt: addsPrompt, variables: variables, seconds: seconds)
    }
    let whole = try render(spoken.count, false)
    var answers: [Range<Int>] = []
    for place in spoken.indices where spoken[place].role == "assistant" {
      if onlyLast, place + 1 < spoken.count { continue }
      let (before, after) = (try render(place, true), try render(place + 1, false))
      guard after.utf8.starts(with: before.utf8), whole.utf8.starts(with: after.utf8) else {
        throw LatheError(
          .unsupported,
          "the chat template writes what was said before differently once answer \(place + 1) is there, so that answers cannot be told from prompts; give another template"
        )
      }
      answers.append(before.utf8.count..<after.utf8.count)
    }
    return (whole, answers)
  }
}
