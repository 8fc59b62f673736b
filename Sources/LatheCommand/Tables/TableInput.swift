import LatheML

/// Reads tables of any format by their names.
enum TableInput {
  /// A table and what should be known of it.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - texts: Columns whose values are texts even where all of them are numbers.
  ///   - numbers: Columns in which what is no number is missing.
  /// - Throws: `LatheError` naming the file, and what it is where it is no table.
  static func read(_ path: String, texts: Set<String> = [], numbers: Set<String> = []) throws -> (
    table: Table, notes: [String]
  ) {
    func named(_ table: Table) throws -> Table {
      for name in numbers { _ = try table[name] }
      return try Table(table.columns.map { numbers.contains($0.name) ? $0.numbersOrMissing() : $0 })
    }
    if try isParquet(path) {
      let reading = try Table.readParquet(path)
      let columns = try reading.table.columns.map { texts.contains($0.name) ? try $0.cast(to: .text) : $0 }
      return (try named(Table(columns)), reading.notes)
    }
    let name = path.lowercased()
    if name.hasSuffix(".jsonl") || name.hasSuffix(".jsonl.gz") {
      return (try named(Table(jsonLines: path)), [])
    }
    if name.hasSuffix(".arff") { return (try named(Table(arff: path)), []) }
    var options = CSVOptions()
    options.numbersOrMissing = numbers
    let reading = try Table.readCSV(path, options: options)
    // A text such as 007 would be a number where nothing else in the column says otherwise.
    let misread = reading.table.columns.filter {
      texts.contains($0.name) && $0.type != .text && $0.type != .categorical
    }
    if misread.isEmpty { return (reading.table, reading.notes) }
    for column in misread { options.types[column.name] = .text }
    let again = try Table.readCSV(path, options: options)
    return (again.table, again.notes)
  }

  /// Makes sure that a page replaces none of the files that it is made of.
  ///
  /// - Throws: `LatheError.file` where it would.
  static func checkReplaces(_ output: String, none inputs: [String]) throws {
    if let input = inputs.first(where: { RegularFile.isSame(output, $0) }) {
      throw LatheError(.file, "--output \(output): would replace \(input), which is read; name another file")
    }
  }

  /// Whether a file is Parquet by its first bytes; refuses what begins as files of other programs do.
  private static func isParquet(_ path: String) throws -> Bool {
    let head = try RegularFile(path).read(8, at: 0)
    func begins(_ text: String) -> Bool { head.starts(with: text.unicodeScalars.map { UInt8($0.value) }) }
    if begins("PAR1") || path.lowercased().hasSuffix(".parquet") { return true }
    let kinds: [(String, String)] = [
      ("%PDF", "a PDF"), ("PK\u{3}\u{4}", "a zip file, as spreadsheets are"),
      ("SQLite f", "an SQLite database"),
      ("\u{89}PNG", "a picture"),
    ]
    for (beginning, kind) in kinds where begins(beginning) {
      throw LatheError(.format, "\(path): is \(kind), not a table of text; export the table as CSV")
    }
    return false
  }
}
