import Lathe
import LatheCore
import LatheData
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText

/// Documents for masked words: each is cut into texts of at most so many tokens, whose masks are drawn anew in each epoch.
public struct MaskedTexts: InMemoryDataset {
  private let tokens: [Int32], words: [Int32]
  private let starts: [Int]
  private let frame: TokenFrame
  private let masking: TokenMasking
  private let padding: Int32

  /// Documents in a tokeniser's tokens.
  ///
  /// - Parameters:
  ///   - documents: The documents.
  ///   - tokenizer: Makes tokens.
  ///   - masking: Hides some of them.
  ///   - length: The most tokens of a text, those at its beginning and end included.
  ///   - padding: The token that shorter texts of a batch are filled up with.
  /// - Throws: `LatheError` where the tokeniser cannot encode a document, or no document has a token.
  public init(
    _ documents: [String], tokenizer: Tokenizer, masking: TokenMasking, length: Int, padding: Int32
  ) throws {
    frame = try TokenFrame(tokenizer)
    self.masking = masking
    self.padding = padding
    let room = length - frame.count
    guard room > 0 else {
      throw LatheError(
        .invalidArgument, "texts of \(length) tokens have no room beside \(frame.count) special ones")
    }
    var (tokens, words, starts): ([Int32], [Int32], [Int]) = ([], [], [0])
    let plain = try tokenizer.with(truncation: nil, padding: nil)
    for encoding in try plain.encode(batch: documents, addsSpecialTokens: false) {
      let first = tokens.count
      tokens += encoding.ids
      words += encoding.wordIDs.map { Int32($0 ?? -1) }
      starts += stride(from: first + room, to: tokens.count, by: room)
      if tokens.count > first { starts.append(tokens.count) }
    }
    guard starts.count > 1 else { throw LatheError(.format, "the documents have no tokens") }
    (self.tokens, self.words, self.starts) = (tokens, words, starts)
  }

  /// Texts.
  public var count: Int { starts.count - 1 }
  /// Tokens of each text.
  public var lengths: [Int] { (0..<count).map { starts[$0 + 1] - starts[$0] + frame.count } }
  /// All tokens, special ones left out.
  public var tokenCount: Int { tokens.count }
  /// All tokens, for counting.
  var all: ArraySlice<Int32> { tokens[...] }
  /// Of the tokens and how they are cut.
  public var checksum: UInt32 { TokenFrame.checksum(tokens, starts) }

  /// A text with hidden tokens.
  public func example(at index: Int, random: inout SampleRandom) -> MaskedText {
    let range = starts[index]..<starts[index + 1]
    let (seen, places) = masking.apply(to: tokens[range], words: words[range], random: &random)
    return MaskedText(
      tokens: frame.before + seen + frame.behind, places: places.map { $0 + frame.before.count },
      answers: places.map { tokens[range.lowerBound + $0] }, padding: padding)
  }
}

/// A text some of whose tokens are to be told.
public struct MaskedText: Collatable {
  /// What the network sees.
  public var tokens: [Int32]
  /// Where it is to tell the token, and which one.
  public var places: [Int], answers: [Int32]
  /// Stands behind the end of texts shorter than their batch.
  public var padding: Int32

  /// A text from its parts.
  ///
  /// - Parameters:
  ///   - tokens: What the network sees.
  ///   - places: Where it is to tell the token.
  ///   - answers: Which one, for each place.
  ///   - padding: Stands behind the end of texts shorter than their batch.
  public init(tokens: [Int32], places: [Int], answers: [Int32], padding: Int32) {
    (self.tokens, self.places, self.answers, self.padding) = (tokens, places, answers, padding)
  }

  /// Tokens [n, t], filled up to the longest, and as labels the tokens [places] of `MaskedLanguageModel.Name.places`.
  public static func collate(_ examples: [MaskedText], on device: Device) -> Batch {
    let longest = examples.map(\.tokens.count).max() ?? 0
    let tokens = examples.flatMap {
      $0.tokens + Array(repeating: $0.padding, count: longest - $0.tokens.count)
    }
    let places = examples.enumerated().flatMap { row, example in
      example.places.map { Int32(row * longest + $0) }
    }
    return Batch(
      inputs: Tensor(tokens, shape: [examples.count, longest], device: device),
      labels: Tensor(examples.flatMap(\.answers), device: device), count: places.count,
      lengths: examples.map(\.tokens.count),
      named: [MaskedLanguageModel.Name.places: Tensor(places, device: device)])
  }

  /// None: a text without its words says little.
  public static func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }
}

/// The special tokens that a tokeniser puts around a text.
struct TokenFrame: Sendable {
  let before: [Int32], behind: [Int32]

  init(_ tokenizer: Tokenizer) throws {
    let ids = try tokenizer.with(truncation: nil, padding: nil).encode("").ids
    before = Array(ids.prefix((ids.count + 1) / 2))
    behind = Array(ids.dropFirst(before.count))
  }

  var count: Int { before.count + behind.count }

  static func checksum(_ tokens: [Int32], _ starts: [Int]) -> UInt32 {
    starts.withUnsafeBytes { starts in
      tokens.withUnsafeBytes { CRC32.checksum(starts, continuing: CRC32.checksum($0, continuing: 0)) }
    }
  }
}
