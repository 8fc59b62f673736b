import LatheText

/// The text of a sequence's tokens, piece by piece, up to a text to stop at.
struct TextPieces {
  private var decoder: StreamingDecoder
  private var stops: StopTexts
  private var hasStopped = false

  init(_ tokenizer: Tokenizer, stop: [String]) {
    decoder = StreamingDecoder(tokenizer)
    stops = StopTexts(stop)
  }

  /// What a token adds that can be shown, and the text to stop at that was found.
  mutating func append(_ token: Int32) throws -> (shown: String, found: String?) {
    let result = stops.append(try decoder.append(token))
    hasStopped = result.found != nil
    return result
  }

  /// What was held back; empty behind a text to stop at.
  mutating func finish() throws -> String {
    guard !hasStopped else { return "" }
    let (shown, found) = stops.append(try decoder.finish())
    return found == nil ? shown + stops.finish() : shown
  }
}
