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
    let order = epochOrder(count, seed: seed, epoch: epoch)
    let room = tokens.count - 1 - count * length
    let start = seed == nil || room == 0 ? 0 : (epoch * 7919) % (room + 1)
    let batches = stride(from: first * size, to: count, by: size).map { $0..<Swift.min($0 + size, count) }
    return BatchStream(
      batches.lazy.map { range -> Batch in
        let windows = range.map { tokens.startIndex + start + order[$0] * length }
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

  /// A text with its class, and where it stands.
  public struct Record: Sendable, Hashable {
    /// The line, counted from 1.
    public let line: Int
    /// The class's name; nil where none was given.
    public let label: String?
    /// The text.
    public let text: [UInt8]

    /// A record from its parts.
    public init(line: Int, label: String?, text: [UInt8]) {
      (self.line, self.label, self.text) = (line, label, text)
    }

    /// Bytes that it takes, twice the text's: the data set keeps its own.
    package var memory: Int { 2 * text.count + (label?.utf8.count ?? 0) + 192 }
  }

  /// Reads a file of lines `class<TAB>text`; a tenth of each class is for testing.
  ///
  /// - Throws: `LatheError` naming the file and line that cannot be used.
  public static func load(_ path: String, length: Int) throws -> (
    training: LabelledTexts, test: LabelledTexts
  ) {
    let records = try records(path)
    let names = Set(records.compactMap(\.label)).sorted()
    guard records.count >= 10, names.count > 1 else {
      throw LatheError(
        .format,
        "\(path): \(records.count) texts of \(names.count) classes; at least ten of two classes are needed")
    }
    let index = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    return try LabelledTexts(
      records.map(\.text), labels: records.compactMap { $0.label.flatMap { index[$0] } }, classNames: names,
      length: length
    ).parts()
  }

  /// The lines `class<TAB>text` of a file, gzipped or not.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - limit: The memory that the data of a compressed file may take; as `ReadingLimits` says unless given.
  /// - Throws: `LatheError` naming the line that is none.
  public static func records(_ path: String, limit: Int? = nil) throws -> [Record] {
    let lines = try TextLineReader(path: path)
    var budget = try ReadingBudget(path, limit: limit)
    var records: [Record] = []
    while let line = try lines.next() {
      if line.isEmpty { continue }
      let bytes = line.utf8
      guard let tab = bytes.firstIndex(of: 0x09), tab > bytes.startIndex else {
        throw LatheError(.format, "\(path): line \(lines.line): not a class, a tab and a text")
      }
      let record = Record(
        line: lines.line, label: String(line[..<tab]), text: Array(bytes[bytes.index(after: tab)...]))
      try budget.take(record.memory)
      records.append(record)
    }
    return records
  }

  /// Texts in memory, as UTF-8.
  ///
  /// - Parameters:
  ///   - texts: The texts.
  ///   - labels: The index of each text's class.
  ///   - classNames: The classes' names.
  ///   - length: Bytes of a text; longer ones are cut.
  public init(_ texts: [[UInt8]], labels: [Int], classNames: [String], length: Int) {
    require(
      texts.count == labels.count && labels.allSatisfy { classNames.indices.contains($0) } && length > 0,
      "LabelledTexts: \(labels.count) labels for \(texts.count) texts, \(classNames.count) classes, length \(length)"
    )
    self.classNames = classNames
    self.length = length
    self.texts = texts.map { Array($0.prefix(length)) }
    self.labels = labels.map { Int32($0) }
  }

  /// Texts to learn from, and a share of each class to test on, drawn by a seed, in the order that they have here.
  ///
  /// - Throws: `LatheError.invalidArgument` where a part would be empty.
  public func parts(testShare: Double = 0.1, seed: UInt64 = 0) throws -> (
    training: LabelledTexts, test: LabelledTexts
  ) {
    let labels = labels.map { Int($0) }
    let parts = try splitPlaces(count, [1 - testShare, testShare], seed: seed, stratifiedBy: labels).map {
      places in
      let places = places.sorted()
      return LabelledTexts(
        places.map { texts[$0] }, labels: places.map { labels[$0] }, classNames: classNames, length: length)
    }
    return (parts[0], parts[1])
  }

  /// As `classNames`.
  public var classes: [String]? { classNames }
  /// Texts.
  public var count: Int { texts.count }
  /// Texts.
  public var noun: String { "texts" }
  /// Of texts and labels.
  public var checksum: UInt32 {
    labels.withUnsafeBytes { CRC32.checksum($0, continuing: CRC32.checksum(texts)) }
  }

  /// The tokens of a text's bytes.
  package static func tokens(_ bytes: some Sequence<UInt8>) -> [Int32] { bytes.map { Int32($0) + 1 } }

  /// The text, without a character that was cut.
  public func description(of batch: Batch, at place: Int) throws -> ExampleDescription? {
    let tokens = try batch.inputs.select(axis: 0, index: place).scalars(as: Int32.self)
    let bytes = tokens.prefix { $0 > 0 }.map { UInt8(clamping: $0 - 1) }
    let text = String(decoding: bytes, as: UTF8.self)
    return .text(bytes.count == length && text.last == "\u{FFFD}" ? String(text.dropLast()) : text)
  }

  /// Texts filled up to the longest of their batch, [n, t], and labels [n].
  public func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    let order = epochOrder(count, seed: seed, epoch: epoch)
    let batches = stride(from: first * size, to: count, by: size).map { $0..<Swift.min($0 + size, count) }
    return BatchStream(
      batches.lazy.map { range -> Batch in
        let rows = range.map { order[$0] }
        let longest = Swift.max(rows.map { texts[$0].count }.max() ?? 1, 1)
        let tokens = rows.flatMap { row in
          LabelledTexts.tokens(texts[row]) + Array(repeating: Int32(0), count: longest - texts[row].count)
        }
        return Batch(
          inputs: Tensor(tokens, shape: [rows.count, longest], device: device),
          labels: Tensor(rows.map { labels[$0] }, device: device), count: rows.count,
          lengths: rows.map { texts[$0].count })
      }.makeIterator())
  }
}
