import Foundation
import Lathe
import LatheFiles

/// A CSV file in memory: columns of one type each, with values that may be missing.
public struct CSVTable: Sendable {
  /// What the values of a column are.
  public enum ColumnType: String, Sendable, Hashable, CaseIterable {
    /// Whole numbers of 64 bits.
    case integer
    /// Numbers.
    case number
    /// `true` or `false`, in any case of letters.
    case boolean
    /// Text.
    case text
  }

  /// The values of a column, nil where one is missing.
  public enum Column: Sendable, Hashable {
    /// Whole numbers.
    case integers([Int?])
    /// Numbers.
    case numbers([Double?])
    /// Truth values.
    case booleans([Bool?])
    /// Texts.
    case texts([String?])
  }

  /// What stands for a missing value unless one says otherwise: the texts that pandas takes for it.
  public static let missingTexts: Set<String> = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
  ]

  /// The columns' names; `column1`, `column2` and so on where the file has none.
  public let names: [String]
  /// The columns, in the order of the names.
  public let columns: [Column]
  /// The number of rows.
  public let rowCount: Int
  /// A checksum of all fields.
  public let checksum: UInt32
  private let cells: CSVCells
  let path: String

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - types: Of columns by name. A column without one is of whole numbers, numbers or truth values where all its
  ///     values are, else of text.
  ///   - delimiter: What stands between fields.
  ///   - hasHeader: Whether the first row holds names.
  ///   - missing: Texts that stand for a missing value.
  ///   - limit: The memory that a compressed table may take; as `ReadingLimits` says unless given.
  /// - Throws: `LatheError` naming file, line and column: what `CSVReader` throws, a value of another type, a type for
  ///   a column that is not there.
  public init(
    path: String, types: [String: ColumnType] = [:], delimiter: Character = ",", hasHeader: Bool = true,
    missing: Set<String> = CSVTable.missingTexts, limit: Int? = nil
  ) throws {
    let reader = try CSVReader(path: path, delimiter: delimiter, hasHeader: hasHeader)
    let width = reader.width
    var cells = CSVCells(width: width)
    var budget = try ReadingBudget(path, limit: limit)
    var checksum = CRC32.checksum([
      Array((reader.header ?? Self.numbered(width)).joined(separator: "\0").utf8)
    ])
    while let row = try reader.next() {
      // A field takes its end, its value and the number made of it; a row its line and what a data set keeps of it.
      try budget.take(row.bytes.count + 32 * width + 96)
      cells.append(row)
      let ends = row.ends.withUnsafeBytes { CRC32.checksum($0, continuing: checksum) }
      checksum = row.bytes.withUnsafeBytes { CRC32.checksum($0, continuing: ends) }
    }
    let names = reader.header ?? Self.numbered(width)
    if let unknown = types.keys.sorted().first(where: { !names.contains($0) }) {
      throw Self.noColumn(unknown, names, path)
    }
    let texts = MissingTexts(missing)
    columns = try names.enumerated().map { index, name in
      let fields = CSVFields(cells: cells, column: index, name: name, missing: texts, path: path)
      return try types[name].map(fields.values) ?? fields.inferred()
    }
    self.names = names
    self.path = path
    self.cells = cells
    self.checksum = checksum
    rowCount = cells.rowCount
  }

  private static func numbered(_ width: Int) -> [String] { (0..<width).map { "column\($0 + 1)" } }

  /// The line of the file on which a row begins, counted from 1.
  public func line(ofRow row: Int) -> Int { cells.lines[row] }

  /// A column by name.
  ///
  /// - Throws: `LatheError.invalidArgument` that lists the columns there are.
  public subscript(_ name: String) -> Column {
    get throws {
      guard let index = names.firstIndex(of: name) else { throw Self.noColumn(name, names, path) }
      return columns[index]
    }
  }

  /// A column as numbers; truth values are 0 and 1.
  ///
  /// - Parameters:
  ///   - name: The column.
  ///   - missing: What stands for missing values.
  /// - Throws: `LatheError` where the column is of text, or a value is missing and nothing stands for it.
  public func numbers(_ name: String, missing: Double? = nil) throws -> [Float] {
    let values: [Double?]
    switch try self[name] {
    case .integers(let all): values = all.map { $0.map(Double.init) }
    case .numbers(let all): values = all
    case .booleans(let all): values = all.map { $0.map { $0 ? 1 : 0 } }
    case .texts:
      throw LatheError(
        .format,
        "\(path): column '\(name)' is of text, not of numbers; name the columns to take (--features), or take its categories"
      )
    }
    return try values.enumerated().map { row, value in
      guard let value = value ?? missing else { throw missingValue(name, row) }
      return Float(value)
    }
  }

  /// A column as indices of its different values, which are sorted.
  ///
  /// - Throws: `LatheError` where a value is missing, or the column is of numbers that are not whole.
  public func categories(_ name: String) throws -> (indices: [Int], names: [String]) {
    func coded<Value: Hashable & Comparable>(_ values: [Value?]) throws -> ([Int], [Value]) {
      if let row = values.firstIndex(of: nil) { throw missingValue(name, row) }
      let sorted = Set(values.compactMap { $0 }).sorted()
      let index = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
      return (values.compactMap { $0.flatMap { index[$0] } }, sorted)
    }
    switch try self[name] {
    case .texts(let all): return try coded(all)
    case .integers(let all):
      let (indices, values) = try coded(all)
      return (indices, values.map(String.init))
    case .booleans(let all):
      let (indices, values) = try coded(all.map { $0.map { $0 ? 1 : 0 } })
      return (indices, values.map { $0 == 1 ? "true" : "false" })
    case .numbers:
      throw LatheError(
        .format, "\(path): column '\(name)' is of numbers that are not whole; they are no classes")
    }
  }

  private func missingValue(_ name: String, _ row: Int) -> LatheError {
    let text =
      names.firstIndex(of: name).map { String(decoding: cells.content(row, $0), as: UTF8.self) } ?? ""
    let what =
      text.isEmpty ? "" : " ('\(text)' stands for a missing one; name other texts with --missing-texts)"
    return LatheError(
      .format,
      "\(path): line \(cells.lines[row]): column '\(name)' has no value\(what); say what is taken for missing numbers "
        + "(--missing), or leave the row out")
  }

  private static func noColumn(_ name: String, _ names: [String], _ path: String) -> LatheError {
    let known = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", ..." : "")
    return LatheError(.invalidArgument, "\(path): no column '\(name)'; there are \(known)")
  }
}

extension CSVTable {
  /// The rows with numbers as features and a class to predict.
  ///
  /// - Parameters:
  ///   - target: The column to predict.
  ///   - features: Columns of numbers; all but the target unless given.
  ///   - missing: What stands for missing features.
  /// - Throws: `LatheError` where a column is not there, not of numbers or lacks a value.
  public func classification(target: String, features: [String]? = nil, missing: Double? = nil) throws
    -> (rows: TableRows, classNames: [String])
  {
    let (indices, classNames) = try categories(target)
    return (try rows(features, target, missing, indices.map { .category($0) }), classNames)
  }

  /// The rows with numbers as features and a number to predict.
  public func regression(target: String, features: [String]? = nil, missing: Double? = nil) throws
    -> TableRows
  {
    try rows(features, target, missing, numbers(target).map { .number($0) })
  }

  private func rows(
    _ features: [String]?, _ target: String, _ missing: Double?, _ targets: [FeatureRow.Target]
  )
    throws -> TableRows
  {
    let chosen = features ?? names.filter { $0 != target }
    let columns = try chosen.map { try numbers($0, missing: missing) }
    let values = (0..<rowCount).flatMap { row in columns.map { $0[row] } }
    return TableRows(columns: chosen, values: values, targets: targets, checksum: checksum)
  }
}

/// Rows of numbers in memory, each with what is to be predicted of it.
public struct TableRows: InMemoryDataset {
  /// The features' names.
  public let columns: [String]
  /// What is to be predicted, one for each row.
  public let targets: [FeatureRow.Target]
  /// The checksum of the table that the rows come from.
  public let checksum: UInt32
  private let values: [Float]

  init(columns: [String], values: [Float], targets: [FeatureRow.Target], checksum: UInt32) {
    self.columns = columns
    self.values = values
    self.targets = targets
    self.checksum = checksum
  }

  /// The number of rows.
  public var count: Int { targets.count }

  /// A row.
  public func example(at index: Int, random: inout SampleRandom) -> FeatureRow {
    let start = index * columns.count
    return FeatureRow(features: Array(values[start..<start + columns.count]), target: targets[index])
  }
}
