import Foundation
import LatheCore
import LatheML

/// Reads tables of any format by their names; `-` is standard input.
enum TableInput {
  /// How a file is read.
  struct Options {
    var csv = CSVOptions()
    /// Take so many rows, evenly from the whole file.
    var sample: Int?
    /// The bytes that may be used; nil for most of what is free.
    var memoryLimit: Int?
    /// How many times the table what is done with it takes.
    var factor = 2.0
  }

  /// A table and what should be known of it.
  struct Reading {
    var table: Table
    var notes: [String]
    /// Where a row of the table stands in the file: `line 6`.
    var place: (Int) -> String = { "row \($0 + 1)" }

    /// Says on standard error what should be known.
    func showNotes(of path: String) {
      notes.forEach { Terminal.note("\(TableFile.name(path)): \(TableFile.words($0))") }
    }

    /// Runs a function on the table; what it says of rows is said of lines of the file.
    ///
    /// - Parameter isWhole: Whether the function looks at all rows in their order, so that it counts them as the file does.
    /// - Throws: What `body` throws, with the file's name.
    func use<Result>(of path: String, isWhole: Bool = true, _ body: (Table) throws -> Result) throws -> Result
    {
      do { return try body(table) } catch let error as LatheError {
        let place = isWhole ? place : { "row \($0 + 1) of those looked at" }
        throw LatheError(
          error.kind, "\(TableFile.name(path)): \(TableFile.words(error.message, place: place))")
      }
    }
  }

  /// A table and what should be known of it.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - texts: Columns whose values are texts even where all of them are numbers.
  /// - Throws: `LatheError` naming the file, and what it is where it is no table.
  static func read(_ path: String, _ options: Options = Options(), texts: Set<String> = []) throws -> Reading
  {
    try TableFile.open(path) { try read($0, TableFile.kind($0, named: path), options, texts: texts) }
  }

  static func read(_ file: String, _ kind: TableFile.Kind, _ options: Options, texts: Set<String>) throws
    -> Reading
  {
    switch kind {
    case .parquet:
      let reading = try Table.readParquet(file, memoryLimit: options.memoryLimit)
      return try finished(reading.table, reading.notes, options, texts)
    case .jsonLines:
      return try finished(Table(jsonLines: file, memoryLimit: options.memoryLimit), [], options, [])
    case .arff: return try finished(Table(arff: file, memoryLimit: options.memoryLimit), [], options, [])
    case .csv: return try csv(file, options, texts)
    }
  }

  /// What is done with tables that are not of CSV files, whose reader does it itself.
  private static func finished(
    _ table: Table, _ notes: [String], _ options: Options, _ texts: Set<String>
  ) throws -> Reading {
    let numbers = options.csv.numbersOrMissing
    for name in numbers { _ = try table[name] }
    var columns = try table.columns.map { texts.contains($0.name) ? try $0.cast(to: .text) : $0 }
    columns = columns.map { numbers.contains($0.name) ? $0.numbersOrMissing() : $0 }
    var result = Reading(table: try Table(columns), notes: notes)
    guard let sample = options.sample, sample < table.rowCount else { return result }
    result.table = try result.table.take(evenly(sample, of: table.rowCount))
    result.notes.append(sampled(sample, table.rowCount))
    return result
  }

  private static func csv(_ file: String, _ options: Options, _ texts: Set<String>) throws -> Reading {
    if try MemoryNeed.isWorthChecking(file, options) {
      let size = try CSVSize(csv: file, options: options.csv)
      let need = MemoryNeed(size, taking: options.sample, factor: options.factor)
      let note = try need.check(file, limit: options.memoryLimit)
      if let sample = options.sample, sample < size.rows {
        var reading = try csvSample(file, sample, options, texts)
        if let note { reading.notes.append(note) }
        return reading
      }
      var reading = try wholeCSV(file, options, texts)
      if let note { reading.notes.append(note) }
      return reading
    }
    return try wholeCSV(file, options, texts)
  }

  private static func wholeCSV(_ file: String, _ options: Options, _ texts: Set<String>) throws -> Reading {
    var csv = options.csv
    var reading = try Table.readCSV(file, options: csv)
    // A text such as 007 would be a number where nothing else in the column says otherwise.
    let misread = reading.table.columns.filter {
      texts.contains($0.name) && $0.type != .text && $0.type != .categorical
    }
    if !misread.isEmpty {
      for column in misread { csv.types[column.name] = .text }
      reading = try Table.readCSV(file, options: csv)
    }
    let own = reading
    return Reading(table: own.table, notes: own.notes + leftOut(own.raggedRows)) { row in
      (try? own.line(ofRow: row)).map { "line \($0)" } ?? "row \(row + 1)"
    }
  }

  /// Rows of the whole file, read piece by piece.
  private static func csvSample(
    _ file: String, _ sample: Int, _ options: Options, _ texts: Set<String>
  ) throws -> Reading {
    var batches = try self.batches(file, options, texts)
    let count = batches.rowCount
    let wanted = evenly(sample, of: count)
    var parts: [Table] = []
    var (next, first) = (0, 0)
    while let part = try batches.next() {
      let end = wanted[next...].firstIndex { $0 >= first + part.rowCount } ?? wanted.count
      if end > next { parts.append(try part.take(wanted[next..<end].map { $0 - first })) }
      (next, first) = (end, first + part.rowCount)
    }
    let lines = batches
    return Reading(
      table: try Table.concatenate(parts),
      notes: lines.notes + leftOut(lines.raggedRows) + [sampled(sample, count)]
    ) { row in (try? lines.line(ofRow: wanted[row])).map { "line \($0)" } ?? "row \(wanted[row] + 1)" }
  }

  /// A CSV file in pieces, texts as they stand.
  static func batches(_ file: String, _ options: Options, _ texts: Set<String>) throws -> CSVBatches {
    var csv = options.csv
    let batches = try CSVBatches(csv: file, rows: 50_000, options: csv)
    let misread = batches.columnTypes.filter {
      texts.contains($0.key) && $0.value != .text && $0.value != .categorical
    }
    if misread.isEmpty { return batches }
    for name in misread.keys { csv.types[name] = .text }
    return try CSVBatches(csv: file, rows: 50_000, options: csv)
  }

  private static func evenly(_ sample: Int, of count: Int) -> [Int] {
    (0..<min(sample, count)).map { Int((Double($0) * Double(count) / Double(sample)).rounded(.down)) }
  }

  private static func sampled(_ sample: Int, _ count: Int) -> String {
    "\(counted(sample, "rows")) of \(count) are taken, evenly from the whole file (--sample)"
  }

  static func leftOut(_ rows: [CSVRaggedRow]) -> [String] {
    rows.first.map {
      [
        "\(counted(rows.count, "rows")) of another number of fields left out, the first on line \($0.line) (--skip-bad-rows)"
      ]
    } ?? []
  }

  /// Makes sure that a page replaces none of the files that it is made of.
  ///
  /// - Throws: `LatheError.file` where it would.
  static func checkReplaces(_ output: String, none inputs: [String]) throws {
    if let input = inputs.first(where: { RegularFile.isSame(output, $0) }) {
      throw LatheError(.file, "--output \(output): would replace \(input), which is read; name another file")
    }
  }
}
