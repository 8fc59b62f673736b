import Lathe
import LatheFiles

/// Texts that a sentence encoder was trained to see in front of others, such as `query: `.
public struct SentencePrompts: Sendable, Equatable {
  /// The texts by their names.
  public let texts: [String: String]
  /// Which one is taken where nobody asks for another; none where nil.
  public let standard: String?

  /// Prompts by their names.
  ///
  /// - Parameters:
  ///   - texts: The texts.
  ///   - standard: Which one is taken where nobody asks for another.
  /// - Throws: `LatheError` where there is none of that name.
  public init(_ texts: [String: String] = [:], standard: String? = nil) throws {
    (self.texts, self.standard) = (texts, standard)
    _ = try text(nil)
  }

  /// Reads `config_sentence_transformers.json`; without the file there are none.
  ///
  /// - Throws: `LatheError` naming the key that is wrong.
  init(folder: String) throws {
    let path = "\(folder)/config_sentence_transformers.json"
    guard FileErrors.exists(path) else {
      try self.init()
      return
    }
    let values = try ConfigurationValues(path: path)
    var texts: [String: String] = [:]
    if let prompts = try values.object("prompts") {
      // A name without a text is one for the library's own use.
      for name in prompts.keys { texts[name] = try prompts.text(name) ?? "" }
    }
    let standard = try values.text("default_prompt_name")
    if let standard, texts[standard] == nil {
      throw values.failure("default_prompt_name", "there is no prompt '\(standard)'")
    }
    try self.init(texts, standard: standard)
  }

  /// The text of a prompt, or the standard one; empty where there is none.
  ///
  /// - Parameter name: Its name.
  /// - Throws: `LatheError` where there is none of that name, with those that there are.
  public func text(_ name: String?) throws -> String {
    guard let name = name ?? standard else { return "" }
    guard let text = texts[name] else {
      let known = texts.isEmpty ? "none" : texts.keys.sorted().joined(separator: ", ")
      throw LatheError(.invalidArgument, "the model has no prompt '\(name)'; there are: \(known)")
    }
    return text
  }
}
