import LatheCore
import LatheFiles
import LatheTables

/// Texts with the names of their classes, as a file gives them.
public struct LabelledDocuments: Sendable {
  /// The texts.
  public let texts: [String]
  /// The second text of each pair; nil where texts stand alone.
  public let pairs: [String]?
  /// The name of each text's class.
  public let labels: [String]
  /// Where they come from, for messages.
  public let source: String

  /// Documents in memory.
  ///
  /// - Throws: `LatheError.invalidArgument` where there are not as many labels, or second texts, as texts.
  public init(
    texts: [String], pairs: [String]? = nil, labels: [String], source: String = "the documents"
  ) throws {
    guard texts.count == labels.count, texts.count == pairs?.count ?? texts.count else {
      let seconds = pairs.map { ", \($0.count) second texts" } ?? ""
      throw LatheError(
        .invalidArgument, "\(source): \(texts.count) texts\(seconds) and \(labels.count) labels")
    }
    (self.texts, self.pairs, self.labels, self.source) = (texts, pairs, labels, source)
  }

  /// The column of texts, and that of labels, where a file's are not named.
  public static let textColumn = "text", labelColumn = "label"

  /// Reads a file: lines `label<TAB>text`, or a table with a column of texts and one of labels (.csv, .tsv, .jsonl,
  /// .parquet).
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - text: The column of texts; `text` unless given.
  ///   - label: The column of labels; `label` unless given.
  ///   - pair: The column of second texts, where pairs are told apart.
  /// - Throws: `LatheError` naming the file and the line or row that cannot be used: one of another number of fields, an
  ///   empty text, a missing label.
  public init(path: String, text: String? = nil, label: String? = nil, pair: String? = nil) throws {
    source = path
    let isTable = Self.isTable(path) && !Self.isTabbed(path)
    if !isTable, text == nil, label == nil, pair == nil, try !Self.hasHeader(path) {
      var found: (texts: [String], labels: [String]) = ([], [])
      for record in try Self.lines(path) {
        found.texts.append(record.text)
        found.labels.append(record.label)
      }
      (texts, labels, pairs) = (found.texts, found.labels, nil)
    } else {
      let (text, label) = (text ?? Self.textColumn, label ?? Self.labelColumn)
      guard Set([text, label] + (pair.map { [$0] } ?? [])).count == (pair == nil ? 2 : 3) else {
        throw LatheError(
          .invalidArgument,
          "the columns \([text, pair ?? text, label]): name another for each of text, pair and label")
      }
      let table = try Self.table(path, texts: [text, label] + (pair.map { [$0] } ?? []))
      pairs = try pair.map { try Self.strings(table[$0], path) }
      texts = try Self.strings(table[text], path)
      labels = try Self.strings(table[label], path)
    }
    guard !texts.isEmpty else { throw LatheError(.format, "\(path): no texts") }
  }

  /// Whether a file's name is that of a table.
  static func isTable(_ path: String) -> Bool {
    let name = path.lowercased()
    return [".csv", ".tsv", ".jsonl", ".parquet", ".csv.gz", ".tsv.gz", ".jsonl.gz"].contains {
      name.hasSuffix($0)
    }
  }

  /// Whether a file's name is that of a table of tabs, of which most have no names of columns.
  static func isTabbed(_ path: String) -> Bool {
    [".tsv", ".tsv.gz"].contains { path.lowercased().hasSuffix($0) }
  }

  /// The texts of a table's column, `text` unless given.
  ///
  /// - Throws: `LatheError` where the table has no such column, or a row no text in it.
  static func texts(path: String, column: String?) throws -> [String] {
    try texts(path: path, columns: [column ?? textColumn])[0]
  }

  /// The texts of several columns of a table.
  ///
  /// - Throws: `LatheError` where the table has no such column, or a row no text in one of them.
  static func texts(path: String, columns: [String]) throws -> [[String]] {
    let table = try table(path, texts: columns)
    return try columns.map { try strings(table[$0], path) }
  }

  /// The names of a table's columns.
  ///
  /// - Throws: `LatheError` where the file is no such table.
  static func columns(_ path: String) throws -> [String] {
    guard isTabbed(path) else { return try table(path, texts: nil).columns.map(\.name) }
    let line = try TextLineReader(path: path).next() ?? ""
    return line.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
  }

  /// Whether the first line of a file of tabs names the columns.
  private static func hasHeader(_ path: String) throws -> Bool {
    let fields = try TextLineReader(path: path).next()?.split(
      separator: "\t", omittingEmptySubsequences: false)
    return fields.map { $0.contains(Substring(textColumn)) && $0.contains(Substring(labelColumn)) } ?? false
  }

  private static func lines(_ path: String) throws -> [(label: String, text: String)] {
    let reader = try TextLineReader(path: path)
    var found: [(label: String, text: String)] = []
    while let line = try reader.next() {
      if line.isEmpty { continue }
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 2, !fields[0].isEmpty else {
        throw LatheError(
          .format,
          "\(path): line \(reader.line): \(fields.count) fields between tabs, expected a label, a tab and a text; a table with more columns needs a first line that names '\(textColumn)' and '\(labelColumn)'"
        )
      }
      try checkText(fields[1], path, "line \(reader.line)")
      found.append((String(fields[0]), String(fields[1])))
    }
    return found
  }

  private static func checkText(_ text: Substring, _ path: String, _ place: String) throws {
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw LatheError(.format, "\(path): \(place): an empty text; remove it")
    }
  }

  /// A table of some columns, all of whose values are texts, whatever they look like; of all columns where nil.
  private static func table(_ path: String, texts: [String]?) throws -> Table {
    func chosen(_ table: Table) throws -> Table { try texts.map { try table.select($0) } ?? table }
    let name = path.lowercased()
    if name.hasSuffix(".parquet") { return try chosen(Table.readParquet(path).table) }
    if name.hasSuffix(".jsonl") || name.hasSuffix(".jsonl.gz") {
      return try chosen(Table(jsonLines: path))
    }
    var options = CSVOptions()
    for column in texts ?? [] { options.types[column] = .text }
    options.missing = [""]
    if isTabbed(path) { options.delimiter = "\t" }
    return try chosen(Table(csv: path, options: options))
  }

  private static func strings(_ column: Column, _ path: String) throws -> [String] {
    let column = try column.type == .text || column.type == .categorical ? column : column.cast(to: .text)
    return try column.strings().enumerated().map { row, value in
      guard let value, value.contains(where: { !$0.isWhitespace }) else {
        throw LatheError(
          .format, "\(path): row \(row + 1): no value in column '\(column.name)'; fill it or remove the row")
      }
      return value
    }
  }

  /// The documents at some places.
  func picked(_ places: [Int]) -> LabelledDocuments {
    LabelledDocuments(
      places.map { texts[$0] }, pairs.map { pairs in places.map { pairs[$0] } }, places.map { labels[$0] },
      source)
  }

  private init(_ texts: [String], _ pairs: [String]?, _ labels: [String], _ source: String) {
    (self.texts, self.pairs, self.labels, self.source) = (texts, pairs, labels, source)
  }

  /// The text at a place with the second one, if there is one.
  package func whole(_ place: Int) -> [String] { pairs.map { [texts[place], $0[place]] } ?? [texts[place]] }

  /// Without texts that stood before, which would be in two parts of a split; how many there were of them, and how many of
  /// those had other labels.
  public func withoutDuplicates() -> (documents: LabelledDocuments, removed: Int, contradicting: Int) {
    var first: [[String]: String] = [:]
    var places: [Int] = []
    var contradicting = 0
    for place in texts.indices {
      let text = whole(place)
      if let label = first[text] {
        if label != labels[place] { contradicting += 1 }
      } else {
        first[text] = labels[place]
        places.append(place)
      }
    }
    return (picked(places), texts.count - places.count, contradicting)
  }

  /// How many documents there are.
  public var count: Int { texts.count }
}
