import Foundation
import LatheCore
import LatheFiles
import Synchronization

/// Writes a table as Parquet.
struct ParquetWriter {
  let table: Table
  let codec: ParquetMetadata.Codec

  init(_ table: Table, _ compression: ParquetCompression) {
    self.table = table
    codec =
      switch compression {
      case .none: .none
      case .snappy: .snappy
      case .zstd: .zstd
      }
  }

  /// A group of rows that has been written.
  private struct Group {
    var rowCount: Int
    var chunks: [(place: Int, layout: ParquetChunk.Layout)] = []
  }

  func write(to file: AtomicFile.Writer, _ path: String, rowsPerGroup: Int) throws {
    try append(Array("PAR1".utf8), to: file)
    var groups: [Group] = []
    for start in stride(from: 0, to: table.rowCount, by: rowsPerGroup) {
      let rows = start..<min(table.rowCount - start, rowsPerGroup) + start
      let made = Mutex([ParquetChunk?](repeating: nil, count: table.columnCount))
      try Tasks.run(table.columnCount) { index in
        let chunk = try ParquetChunk(table.columns[index], rows, codec, path)
        made.withLock { $0[index] = chunk }
      }
      var group = Group(rowCount: rows.count)
      for chunk in made.withLock({ $0.compactMap { $0 } }) {
        group.chunks.append((file.count, chunk.layout))
        try append(chunk.bytes, to: file)
      }
      groups.append(group)
    }
    let footer = try footer(groups)
    try append(footer, to: file)
    try withUnsafeBytes(of: UInt32(footer.count).littleEndian) { try file.append($0) }
    try append(Array("PAR1".utf8), to: file)
  }

  private func append(_ bytes: [UInt8], to file: AtomicFile.Writer) throws {
    try bytes.withUnsafeBytes { try file.append($0) }
  }

  // --- Metadata ---

  private func footer(_ groups: [Group]) throws -> [UInt8] {
    let description = try PandasDescription(table).text()
    var thrift = ThriftWriter()
    thrift.item { thrift in
      thrift.int32(1, 2)
      thrift.list(2, .structure, count: table.columnCount + 1) { thrift in
        thrift.item {
          $0.text(4, "schema")
          $0.int32(5, table.columnCount)
        }
        for column in table.columns { thrift.item { Self.describe(column, to: &$0) } }
      }
      thrift.int64(3, table.rowCount)
      thrift.list(4, .structure, count: groups.count) { thrift in
        for group in groups { thrift.item { write(group, to: &$0) } }
      }
      thrift.list(5, .structure, count: 1) {
        $0.item {
          $0.text(1, "pandas")
          $0.text(2, description)
        }
      }
      thrift.text(6, "lathe")
    }
    return thrift.bytes
  }

  private static func describe(_ column: Column, to thrift: inout ThriftWriter) {
    thrift.int32(1, ParquetChunk.physical(column).rawValue)
    thrift.int32(3, 1)
    thrift.text(4, column.name)
    switch column.storage {
    case .text, .categorical:
      thrift.int32(6, 0)
      thrift.structure(10) { $0.structure(1) { _ in } }
    case .dateTime(_, let zone):
      if zone != nil { thrift.int32(6, 10) }
      thrift.structure(10) {
        $0.structure(8) {
          $0.bool(1, zone != nil)
          $0.structure(2) { $0.structure(ParquetMetadata.Unit.microseconds.rawValue) { _ in } }
        }
      }
    default: break
    }
  }

  private func write(_ group: Group, to thrift: inout ThriftWriter) {
    thrift.list(1, .structure, count: group.chunks.count) { thrift in
      for (column, (place, layout)) in zip(table.columns, group.chunks) {
        thrift.item {
          $0.int64(2, place)
          $0.structure(3) { thrift in
            thrift.int32(1, ParquetChunk.physical(column).rawValue)
            let encodings = layout.dictionarySize > 0 ? [0, 3, 8] : [0, 3]
            thrift.list(2, .int32, count: encodings.count) { for encoding in encodings { $0.item(encoding) } }
            thrift.list(3, .binary, count: 1) { $0.item(column.name) }
            thrift.int32(4, codec.rawValue)
            thrift.int64(5, group.rowCount)
            thrift.int64(6, layout.plainSize)
            thrift.int64(7, layout.size)
            thrift.int64(9, place + layout.dictionarySize)
            if layout.dictionarySize > 0 { thrift.int64(11, place) }
          }
        }
      }
    }
    thrift.int64(2, group.chunks.reduce(0) { $0 + $1.layout.plainSize })
    thrift.int64(3, group.rowCount)
  }
}

/// The columns in pandas' words, with what Parquet's own schema has no words for.
private struct PandasDescription: Encodable {
  struct Entry: Encodable {
    var name: String
    var field_name: String
    var pandas_type: String
    var numpy_type: String
    var metadata: [String: String]?
  }

  var index_columns: [String] = []
  var column_indexes: [String] = []
  var columns: [Entry]
  var creator = ["library": "lathe"]
  var pandas_version = "2.0.0"

  init(_ table: Table) {
    columns = table.columns.map { column in
      let (type, number, metadata): (String, String, [String: String]?) =
        switch column.type {
        case .float64: ("float64", "float64", nil)
        case .float32: ("float32", "float32", nil)
        case .int64: ("int64", "int64", nil)
        case .bool: ("bool", "bool", nil)
        case .text: ("unicode", "object", nil)
        case .categorical: ("categorical", "int32", nil)
        case .dateTime(nil): ("datetime", "datetime64[us]", nil)
        case .dateTime(let zone?): ("datetimetz", "datetime64[us]", ["timezone": zone])
        case .duration: ("timedelta", "timedelta64[us]", nil)
        }
      return Entry(
        name: column.name, field_name: column.name, pandas_type: type, numpy_type: number, metadata: metadata)
    }
  }

  func text() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
}
