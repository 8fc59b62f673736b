import Foundation
import Lathe

/// A text cut into windows of characters, each with the character that follows as its label.
public struct TextDataset: TrainingData {
  /// The characters that occur, in the order of their tokens.
  public let vocabulary: [Character]
  /// Characters of a window.
  public let length: Int
  private let tokens: [Int32]

  /// Reads a UTF-8 file.
  ///
  /// - Returns: Its first part to learn from and its last tenth to test on.
  /// - Throws: `LatheError` where it cannot be read, is not UTF-8 or is too short.
  public static func load(_ path: String, length: Int) throws -> (training: TextDataset, test: TextDataset) {
    let bytes = try FileErrors.read(path, limit: 1 << 30)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw LatheError(.format, "\(path): not UTF-8 text; convert it, for example by iconv -t UTF-8")
    }
    let vocabulary = Set(text).sorted()
    let tokenOf = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, Int32($0)) })
    let tokens = text.compactMap { tokenOf[$0] }
    let split = tokens.count * 9 / 10
    guard tokens.count - split > length else {
      throw LatheError(
        .format,
        "\(path): \(tokens.count) characters are too few for windows of \(length) in its last tenth; use a longer text "
          + "or shorter windows")
    }
    func part(_ tokens: ArraySlice<Int32>) -> TextDataset {
      TextDataset(vocabulary: vocabulary, length: length, tokens: Array(tokens))
    }
    return (part(tokens[..<split]), part(tokens[split...]))
  }

  private init(vocabulary: [Character], length: Int, tokens: [Int32]) {
    self.vocabulary = vocabulary
    self.length = length
    self.tokens = tokens
  }

  /// Windows that do not overlap.
  public var count: Int { (tokens.count - 1) / length }
  /// Windows.
  public var noun: String { "windows" }
  /// Of the tokens.
  public var checksum: UInt32 { tokens.withUnsafeBytes { CRC32.checksum($0) } }

  /// Windows [n, length] with their labels; an epoch shuffled by a seed begins at a place of its own within the first
  /// window's length.
  public func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    let order = epochOrder(count, seed: seed, epoch: epoch)
    let room = tokens.count - 1 - count * length
    let start = seed == nil || room == 0 ? 0 : (epoch * 7919) % (room + 1)
    let batches = stride(from: first * size, to: count, by: size).map { $0..<Swift.min($0 + size, count) }
    return BatchStream(
      batches.lazy.map { range -> Batch in
        let windows = range.map { start + order[$0] * length }
        let shape: Shape = [range.count, length]
        return Batch(
          inputs: Tensor(windows.flatMap { tokens[$0..<$0 + length] }, shape: shape, device: device),
          labels: Tensor(windows.flatMap { tokens[$0 + 1...$0 + length] }, shape: shape, device: device),
          count: shape.elementCount)
      }.makeIterator())
  }
}

/// Texts with classes, as bytes: token 0 stands behind the end, byte b is token b + 1.
public struct LabelledTexts: TrainingData {
  /// Different tokens.
  public static let vocabulary = 257
  /// The classes' names.
  public let classNames: [String]
  /// Tokens of a text; longer ones are cut.
  public let length: Int
  private let texts: [[UInt8]]
  private let labels: [Int32]

  /// Reads a file of lines `class<TAB>text`; every tenth line is for testing.
  ///
  /// - Throws: `LatheError` naming the file and line that cannot be used.
  public static func load(_ path: String, length: Int) throws -> (
    training: LabelledTexts, test: LabelledTexts
  ) {
    let bytes = try FileErrors.read(path, limit: 1 << 30)
    var rows: [(name: String, text: [UInt8])] = []
    for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if line.isEmpty { continue }
      guard let tab = line.firstIndex(of: 0x09), tab > line.startIndex,
        let name = String(validating: line[..<tab], as: UTF8.self)
      else {
        throw LatheError(.format, "\(path): line \(number + 1): not a class, a tab and a text")
      }
      rows.append((name, Array(line[line.index(after: tab)...].prefix(length))))
    }
    let names = Set(rows.map(\.name)).sorted()
    guard rows.count >= 10, names.count > 1 else {
      throw LatheError(
        .format,
        "\(path): \(rows.count) texts of \(names.count) classes; at least ten of two classes are needed")
    }
    let index = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
    func part(_ isTest: Bool) -> LabelledTexts {
      let chosen = rows.enumerated().filter { ($0.offset % 10 == 9) == isTest }.map(\.element)
      return LabelledTexts(
        classNames: names, length: length, texts: chosen.map(\.text),
        labels: chosen.compactMap { index[$0.name] })
    }
    return (part(false), part(true))
  }

  private init(classNames: [String], length: Int, texts: [[UInt8]], labels: [Int32]) {
    self.classNames = classNames
    self.length = length
    self.texts = texts
    self.labels = labels
  }

  /// Texts.
  public var count: Int { texts.count }
  /// Texts.
  public var noun: String { "texts" }
  /// Of texts and labels.
  public var checksum: UInt32 { CRC32.checksum(texts + [labels.map { UInt8(truncatingIfNeeded: $0) }]) }

  /// Texts filled up to the longest of their batch, [n, t], and labels [n].
  public func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    let order = epochOrder(count, seed: seed, epoch: epoch)
    let batches = stride(from: first * size, to: count, by: size).map { $0..<Swift.min($0 + size, count) }
    return BatchStream(
      batches.lazy.map { range -> Batch in
        let rows = range.map { order[$0] }
        let longest = Swift.max(rows.map { texts[$0].count }.max() ?? 1, 1)
        let tokens = rows.flatMap { row in
          texts[row].map { Int32($0) + 1 } + Array(repeating: Int32(0), count: longest - texts[row].count)
        }
        return Batch(
          inputs: Tensor(tokens, shape: [rows.count, longest], device: device),
          labels: Tensor(rows.map { labels[$0] }, device: device), count: rows.count)
      }.makeIterator())
  }
}
