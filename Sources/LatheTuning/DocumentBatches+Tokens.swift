import Lathe
import LatheText

extension Tokenizer {
  /// The tokeniser that cuts texts at their end and fills none up.
  ///
  /// - Throws: `LatheError` where it adds more tokens to each text than that.
  func shortening(to length: Int) throws -> Tokenizer {
    try with(truncation: Truncation(maximum: length), padding: nil)
  }
}
