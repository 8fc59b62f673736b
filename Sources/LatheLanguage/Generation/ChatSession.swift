import Lathe
import LatheText

/// A conversation with a language model.
///
/// What the network has read of it is kept, so that a reply costs the new message alone.
public final class ChatSession {
  /// What was said so far.
  public private(set) var messages: [ChatTemplate.Message]
  private let generator: TextGenerator
  private let template: ChatTemplate
  private let system: String?
  private let contextLength: Int
  private var cache: DecoderCache
  /// The tokens that the cache holds.
  private var seen: [Int32] = []

  /// A conversation at its beginning.
  ///
  /// - Parameters:
  ///   - generator: The model.
  ///   - system: What the model is told first; as its template says where nil.
  ///   - contextLength: How many tokens the conversation may have; at most as many as the model's context.
  /// - Throws: `LatheError` where the model has no chat template.
  public init(_ generator: TextGenerator, system: String? = nil, contextLength: Int = 4096) throws {
    guard let template = generator.chatTemplate else {
      throw LatheError(
        .unsupported,
        "the model has no chat template, so nothing says how a conversation becomes text; use generate")
    }
    guard contextLength > 0 else {
      throw LatheError(.invalidArgument, "a conversation of \(contextLength) tokens")
    }
    self.generator = generator
    self.template = template
    self.system = system
    self.contextLength = min(contextLength, generator.model.contextLength ?? contextLength)
    cache = DecoderCache(layers: generator.model.layerCount, capacity: self.contextLength)
    messages = system.map { [ChatTemplate.Message(role: "system", content: $0)] } ?? []
  }

  /// Forgets what was said.
  public func clear() {
    messages = system.map { [ChatTemplate.Message(role: "system", content: $0)] } ?? []
  }

  /// Says something, and gives the reply as it is made; `finish(_:)` belongs behind it.
  ///
  /// - Parameters:
  ///   - text: What the user says.
  ///   - options: How the reply is made; it has as many tokens as fit where nothing says less.
  /// - Throws: `LatheError` where the conversation is longer than the context, or the template refuses it.
  public func reply(to text: String, options: GenerationOptions = GenerationOptions()) throws -> TextStream {
    messages.append(ChatTemplate.Message(role: "user", content: text))
    do {
      let prompt = try template.render(messages, variables: generator.templateVariables)
      let tokens = try generator.encode(prompt, addsSpecialTokens: false)
      guard tokens.count < contextLength else {
        throw LatheError(
          .invalidArgument,
          "the conversation has \(tokens.count) tokens, and the context has room for \(contextLength); begin a new one"
        )
      }
      var options = options
      options.maximumNewTokens = min(options.maximumNewTokens ?? .max, contextLength - tokens.count)
      options.minimumNewTokens = min(options.minimumNewTokens, options.maximumNewTokens ?? 0)
      // What both begin with stays; the last token is computed again, since its scores are wanted.
      let common = zip(seen, tokens.dropLast()).prefix { $0 == $1 }.count
      cache.truncate(to: min(common, cache.count))
      seen = tokens
      return try generator.stream(tokens, options: options, cache: cache)
    } catch {
      messages.removeLast()
      throw error
    }
  }

  /// Takes a reply, whole or cancelled, into the conversation.
  ///
  /// - Parameters:
  ///   - stream: What `reply(to:options:)` gave.
  ///   - text: The reply's text.
  public func finish(_ stream: TextStream, text: String) {
    seen = Array((seen + stream.tokens).prefix(cache.count))
    messages.append(ChatTemplate.Message(role: "assistant", content: text))
  }
}
