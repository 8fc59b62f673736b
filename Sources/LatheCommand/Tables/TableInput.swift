import Foundation
import LatheML

/// Reads tables of any format by their names.
enum TableInput {
  /// A table and what should be known of it.
  ///
  /// - Parameter texts: Columns whose values are texts even where all of them are numbers.
  /// - Throws: `LatheError` naming the file, and what it is where it is no table.
  static func read(_ path: String, texts: Set<String> = []) throws -> (table: Table, notes: [String]) {
    try checkKind(path)
    let name = path.lowercased()
    if name.hasSuffix(".jsonl") || name.hasSuffix(".jsonl.gz") { return (try Table(jsonLines: path), []) }
    if name.hasSuffix(".arff") { return (try Table(arff: path), []) }
    let reading = try Table.readCSV(path)
    // A text such as 007 would be a number where nothing else in the column says otherwise.
    let misread = reading.table.columns.filter {
      texts.contains($0.name) && $0.type != .text && $0.type != .categorical
    }
    if misread.isEmpty { return (reading.table, reading.notes) }
    var options = CSVOptions()
    for column in misread { options.types[column.name] = .text }
    let again = try Table.readCSV(path, options: options)
    return (again.table, again.notes)
  }

  /// Refuses what begins as files of other programs do.
  private static func checkKind(_ path: String) throws {
    guard let file = FileHandle(forReadingAtPath: path) else { return }
    let head = [UInt8]((try? file.read(upToCount: 8)) ?? Data())
    let kinds: [(String, String)] = [
      ("%PDF", "a PDF"), ("PK\u{3}\u{4}", "a zip file, as spreadsheets are"), ("PAR1", "a Parquet file"),
      ("SQLite f", "an SQLite database"), ("\u{89}PNG", "a picture"),
    ]
    for (beginning, kind) in kinds where head.starts(with: beginning.unicodeScalars.map { UInt8($0.value) }) {
      throw LatheError(.format, "\(path): is \(kind), not a table of text; export the table as CSV")
    }
  }
}
