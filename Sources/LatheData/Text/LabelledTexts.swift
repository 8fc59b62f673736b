import Lathe
import LatheFiles
import LatheNN

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
}

extension LabelledTexts: InMemoryDataset {
  /// The tokens of a text with its class.
  public func example(at index: Int, random: inout SampleRandom) -> LabelledSequence {
    LabelledSequence(tokens: LabelledTexts.tokens(texts[index]), label: Int(labels[index]))
  }
}
