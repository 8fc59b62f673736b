import Lathe
import LatheText

/// A text while it is made.
///
/// A piece is computed when it is asked for. Ending the loop ends the generation; what was computed stays in `cache`.
public final class TextStream: AsyncSequence {
  /// What one step adds to a text.
  public struct Piece: Sendable, Hashable {
    /// The text, which is empty where a character is not complete yet or a text to stop at may begin.
    public let text: String
    /// The token; nil of what is left at the end.
    public let token: Int32?
  }

  /// What one step adds.
  public typealias Element = Piece
  /// A `LatheError` of the device.
  public typealias Failure = any Error

  private let generation: TokenGeneration
  private var pieces: TextPieces
  private var hasEnded = false

  init(_ generation: TokenGeneration, _ tokenizer: Tokenizer, stop: [String]) {
    self.generation = generation
    pieces = TextPieces(tokenizer, stop: stop)
  }

  /// How many tokens the prompt has, those that were in the cache included.
  public var promptCount: Int { generation.promptCount }
  /// The tokens so far.
  public var tokens: [Int32] { generation.sequences[0] }
  /// The natural logarithm of the probability of each; empty where the options do not ask for it.
  public var logProbabilities: [Float] { generation.logProbabilities[0] }
  /// Why the text ended; nil while it goes on.
  public var reason: FinishReason? { generation.reasons[0] }
  /// Keys and values of the prompt and of the tokens so far, but the last one.
  public var cache: DecoderCache { generation.cache }

  /// Asked before each token and while the prompt is read; the text ends where it says so.
  public var shouldStop: (() -> Bool)? {
    get { generation.shouldStop }
    set { generation.shouldStop = newValue }
  }

  /// Ends the text.
  public func cancel() { generation.finish(0, .cancelled) }

  /// Makes the next piece.
  ///
  /// - Returns: Nil at the end of the text.
  /// - Throws: `LatheError` of the device.
  public func next() throws -> Piece? {
    guard !hasEnded else { return nil }
    if let token = try generation.next()?[0] {
      let (shown, found) = try pieces.append(token)
      if let found {
        generation.finish(0, .stop(found))
        hasEnded = true
      }
      return Piece(text: shown, token: token)
    }
    hasEnded = true
    let rest = try pieces.finish()
    return rest.isEmpty ? nil : Piece(text: rest, token: nil)
  }

  /// Asks for pieces one by one.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let stream: TextStream

    /// Makes the next piece; ends the text where the task is cancelled.
    public mutating func next() async throws -> Piece? {
      if Task.isCancelled { stream.cancel() }
      return try stream.next()
    }
  }

  /// The pieces from here on.
  public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }
}
