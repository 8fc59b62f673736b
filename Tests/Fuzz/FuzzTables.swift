import Foundation
import LatheCore
import LatheFiles
import LatheLearn
import LatheTables

/// The readers of tables, and of the models that learn from them.
enum TableReader: String {
  case csv, jsonlines, arff, sqlite, parquet, lightgbm, xgboost, tablemodel

  /// Reads one input: what is wrong with it must be a `LatheError`, which names the file where there is one.
  func read(_ bytes: [UInt8]) throws {
    switch self {
    case .csv: try readCSV(bytes)
    case .jsonlines: try readFile(bytes) { try Table(jsonLines: $0) }
    case .arff: try readFile(bytes) { try Table(arff: $0) }
    case .parquet: try readFile(bytes) { try Table(parquet: $0, memoryLimit: 1 << 26) }
    case .sqlite:
      // The database of the seeds has a table of this name.
      try readFile(Array("SQLite format 3\0".utf8) + bytes.dropFirst(16)) {
        try Table(sqlite: $0, table: "t")
      }
    case .lightgbm: try use(BoostedTrees(lightGBM: String(decoding: bytes, as: UTF8.self)))
    case .xgboost: try use(BoostedTrees(xgboostJSON: String(decoding: bytes, as: UTF8.self)))
    case .tablemodel: try readModel(bytes)
    }
  }

  /// Reads a file of these bytes, and every cell of it.
  @discardableResult
  private func readFile(_ bytes: [UInt8], _ read: (String) throws -> Table) throws -> Table {
    let path = TextReader.file(bytes, 0)
    do {
      let table = try read(path)
      for column in table.columns {
        guard column.count == table.rowCount else { fatalError("'\(column.name)' has another length") }
        for row in 0..<table.rowCount { _ = column.text(row) }
      }
      return table
    } catch let error as LatheError {
      guard error.message.contains(path) || error.kind == .unsupported else {
        fatalError("no file named: \(error.message)")
      }
      throw error
    }
  }

  /// The first byte says how the rest is read; pieces of any size must give the same table.
  private func readCSV(_ bytes: [UInt8]) throws {
    let choice = bytes.first ?? 0
    var options = CSVOptions()
    options.threads = 1
    options.hasHeader = choice & 1 == 0
    options.raggedRows = choice & 2 == 0 ? .error : .setAside
    if choice & 4 != 0 { options.quote = nil }
    if choice & 8 != 0 { options.thousands = "." }
    if choice & 16 != 0 { options.delimiter = ";" }
    if choice & 32 != 0 { options.encoding = choice & 128 == 0 ? .utf16LittleEndian : .windows1252 }
    let content = Array(bytes.dropFirst())
    let whole = try readFile(content) { try Table(csv: $0, options: options) }
    options.step = 64
    let pieces = try readFile(content) { try Table(csv: $0, options: options) }
    var batches = try CSVBatches(csv: TextReader.file(content, 0), rows: 2, options: options)
    var rows = 0
    while let table = try batches.next() { rows += table.rowCount }
    guard rows == whole.rowCount, pieces.columns.map(\.name) == whole.columns.map(\.name),
      zip(pieces.columns, whole.columns).allSatisfy({ piece, column in
        piece.type == column.type && (0..<rows).allSatisfy { piece.text($0) == column.text($0) }
      })
    else { fatalError("pieces of 64 bytes give another table") }
  }

  /// Predicts some rows, and writes the model for the reader again.
  private func use(_ model: BoostedTrees) throws {
    let columns = model.featureNames.count
    // Wider rows take longer than reading.
    guard columns <= 64 else { return }
    let x = FeatureMatrix(
      [0, 1.5, -3, 1e30, .nan].map { value in (0..<columns).map { $0 % 2 == 0 ? value : Double($0) } })
    guard model.predict(x).count == 5 else { fatalError("another number of predictions") }
    let text = try self == .lightgbm ? model.lightGBMText() : model.xgboostJSON()
    let again = try self == .lightgbm ? BoostedTrees(lightGBM: text) : BoostedTrees(xgboostJSON: text)
    guard again.trees.count == model.trees.count else { fatalError("another number of trees is written") }
  }

  /// A file whose name ends as that of a model must.
  private static let modelPath = "/dev/shm/lathe-fuzz-\(getpid()).json"

  /// Predicts from rows of the columns that the model asks for, and writes it for the reader again.
  private func readModel(_ bytes: [UInt8]) throws {
    do { try AtomicFile.write([bytes], to: Self.modelPath) } catch { fatalError("\(error)") }
    let model: TableModel
    do { model = try TableModel(path: Self.modelPath) } catch let error as LatheError {
      guard error.message.contains(Self.modelPath) else { fatalError("no file named: \(error.message)") }
      guard !error.message.contains("Context(") else { fatalError("a decoder's words: \(error.message)") }
      throw error
    }
    let types = model.features.columnTypes
    let names = Set(model.features.columnNames)
    guard names.count <= 64 else { return }
    let columns = names.sorted().map { name in
      types[name] == .text ? Column(name, ["a", nil, "é"]) : Column(name, [1.5, nil, -1e30])
    }
    let table = try Table(columns)
    guard try model.predict(table).count == table.rowCount else {
      fatalError("another number of predictions")
    }
    try model.save(to: "/dev/shm/lathe-fuzz-\(getpid())")
    _ = try TableModel(path: "/dev/shm/lathe-fuzz-\(getpid())")
  }
}
