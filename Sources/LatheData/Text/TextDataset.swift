import Foundation
import Lathe
import LatheFiles
import LatheNN

/// A text cut into windows of characters, each with the character that follows as its label.
public struct TextDataset: TrainingData {
  /// The characters that occur, in the order of their tokens.
  public let vocabulary: [Character]
  /// Characters of a window.
  public let length: Int
  private let tokens: ArraySlice<Int32>
  /// Where the first window begins.
  private var start = 0

  /// Reads a UTF-8 file.
  ///
  /// - Returns: Its first part to learn from and its last tenth to test on.
  /// - Throws: `LatheError` where it cannot be read, is not UTF-8 or is too short.
  public static func load(_ path: String, length: Int) throws -> (training: TextDataset, test: TextDataset) {
    try parts(read(path), length: length, source: path)
  }

  /// The text of a UTF-8 file, gzipped or not, by its lines: each has LF at its end, also where the file has CR LF.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - limit: The memory that the data of a compressed file may take; as `ReadingLimits` says unless given.
  /// - Throws: `LatheError` naming the line that is not UTF-8.
  public static func read(_ path: String, limit: Int? = nil) throws -> String {
    let lines = try TextLineReader(path: path, limit: 1 << 30)
    var budget = try ReadingBudget(path, limit: limit)
    var text = ""
    while let line = try lines.next() {
      // A character takes its bytes, a token, and room to grow.
      try budget.take(8 * (line.utf8.count + 1))
      text += line
      if lines.hasEnd { text += "\n" }
    }
    return text
  }

  /// A text's first part to learn from and its last part to test on.
  ///
  /// - Parameters:
  ///   - text: The whole text.
  ///   - length: Characters of a sequence.
  ///   - vocabulary: The characters in the order of their tokens; those that occur unless given.
  ///   - testShare: How much of it is for testing; a tenth unless given.
  ///   - source: Where it comes from, for messages.
  public static func parts(
    _ text: String, length: Int, vocabulary: [Character]? = nil, testShare: Double? = nil, source: String
  ) throws -> (training: TextDataset, test: TextDataset) {
    let vocabulary = vocabulary ?? Set(text).sorted()
    let tokens = try tokens(text, vocabulary, source)
    let split = testShare.map { Int(Double(tokens.count) * (1 - $0)) } ?? tokens.count * 9 / 10
    guard min(split, tokens.count - split) > length else {
      throw LatheError(
        .format,
        "\(source): \(tokens.count) characters are too few for windows of \(length) in its "
          + "\(testShare.map { "last \($0)" } ?? "last tenth"); use a longer text or shorter windows")
    }
    func part(_ tokens: ArraySlice<Int32>) -> TextDataset {
      TextDataset(vocabulary: vocabulary, length: length, tokens: tokens)
    }
    return (part(tokens[..<split]), part(tokens[split...]))
  }

  /// A text as a whole.
  ///
  /// - Throws: `LatheError` where it has a character that the vocabulary has not, or is too short.
  public init(_ text: String, vocabulary: [Character], length: Int, source: String) throws {
    let tokens = try TextDataset.tokens(text, vocabulary, source)
    guard tokens.count > length else {
      throw LatheError(
        .format,
        "\(source): \(tokens.count) characters are too few for a window of \(length); use a longer text")
    }
    self.init(vocabulary: vocabulary, length: length, tokens: tokens[...])
  }

  package static func tokens(_ text: String, _ vocabulary: [Character], _ source: String) throws -> [Int32] {
    let tokenOf = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, Int32($0)) })
    return try text.enumerated().map { place, character in
      guard let token = tokenOf[character] else {
        throw LatheError(
          .format,
          "\(source): character \(place + 1), '\(character)', is not one of the model's \(vocabulary.count)")
      }
      return token
    }
  }

  private init(vocabulary: [Character], length: Int, tokens: ArraySlice<Int32>) {
    self.vocabulary = vocabulary
    self.length = length
    self.tokens = tokens
  }

  /// Windows that do not overlap.
  public var count: Int { (tokens.count - 1) / length }
  /// Windows.
  public var noun: String { "windows" }
  /// Characters.
  public var unit: String { "characters" }
  /// Of the tokens.
  public var checksum: UInt32 { tokens.withUnsafeBytes { CRC32.checksum($0) } }

  /// Windows [n, length] with their labels; an epoch shuffled by a seed begins at a place of its own within the first
  /// window's length.
  public func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    var shifted = self
    let room = tokens.count - 1 - count * length
    if seed != nil && room > 0 { shifted.start = (epoch * 7919) % (room + 1) }
    return DataLoader(
      shifted, batchSize: size, shuffled: seed != nil, seed: seed ?? 0, epoch: epoch, firstBatch: first,
      on: device
    ).stream()
  }
}

extension TextDataset: InMemoryDataset {
  /// A window with what follows it.
  public func example(at index: Int, random: inout SampleRandom) -> TextWindow {
    let first = tokens.startIndex + start + index * length
    return TextWindow(tokens: tokens[first...first + length])
  }
}

/// A stretch of a text: what a model reads, and one token more, so that each has one that follows.
public struct TextWindow: Collatable {
  /// The tokens, at least two.
  public var tokens: ArraySlice<Int32>

  /// A window from its tokens.
  public init(tokens: ArraySlice<Int32>) { self.tokens = tokens }

  /// All tokens but the last, [n, t], and as labels all but the first; windows of one batch have one length.
  public static func collate(_ examples: [TextWindow], on device: Device) -> Batch {
    let shape: Shape = [examples.count, examples[0].tokens.count - 1]
    return Batch(
      inputs: Tensor(examples.flatMap { $0.tokens.dropLast() }, shape: shape, device: device),
      labels: Tensor(examples.flatMap { $0.tokens.dropFirst() }, shape: shape, device: device),
      count: shape.elementCount)
  }
}
