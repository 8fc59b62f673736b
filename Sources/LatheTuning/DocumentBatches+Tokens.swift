import Lathe
import LatheText

extension Tokenizer {
  /// The tokeniser that cuts texts at their end and fills none up.
  ///
  /// - Throws: `LatheError` where it adds more tokens to each text than that.
  func shortening(to length: Int) throws -> Tokenizer {
    try with(truncation: Truncation(maximum: length), padding: nil)
  }

  /// Texts, or pairs of texts, in tokens.
  func encodings(_ texts: [String], _ pairs: [String]?) throws -> [Encoding] {
    guard let pairs else { return try encode(batch: texts) }
    return try encode(pairs: Array(zip(texts, pairs)))
  }
}
