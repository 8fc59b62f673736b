import DataTestSupport
import Foundation
import LatheCore
import LatheTables
import Testing

@Suite("Parquet files")
struct ParquetTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { TableFixtures.path("parquet/\(name)") }

  @Test("What pyarrow, pandas and polars write")
  func fixtures() throws {
    let cases = try TableFixtures.decode([CSVReadingTests.Case].self, "parquet/expected.json")
    #expect(cases.count > 15)
    for item in cases {
      let table = try Table(parquet: path(item.file))
      #expect(table.columnNames == item.columns.map(\.name), "\(item.file)")
      for (column, wanted) in zip(table.columns, item.columns) {
        #expect(column.type.description == wanted.type, "\(item.file): \(column.name)")
        #expect(column.count == wanted.values.count, "\(item.file): \(column.name)")
        let wrong = wanted.values.indices.first { !wanted.values[$0].isEqual(column[$0]) }
        #expect(
          wrong == nil,
          "\(item.file): \(column.name): \(wrong.map { "row \($0): \(column[$0]) and not \(wanted.values[$0])" } ?? "")"
        )
      }
    }
  }

  @Test("Notes, and only some columns")
  func notes() throws {
    let reading = try Table.readParquet(path("types-none.parquet"), columns: ["ns", "d38", "t"])
    #expect(reading.table.columnNames == ["t", "ns", "d38"])
    #expect(
      reading.notes == [
        "column 'ns': times to the nanosecond; read to the microsecond",
        "column 'd38': decimal numbers; read as float64, to 15 digits",
      ])
    #expect(try Table(parquet: path("nested.parquet"), columns: ["a"])["a"].integers() == [1])
    #expect(
      message { try Table(parquet: path("nested.parquet"), columns: ["b"]) }.contains(
        "no column 'b'; there are a, l"))
  }

  @Test("What no table has room for says which column")
  func refused() throws {
    #expect(message { try Table(parquet: path("nested.parquet")) }.contains("column 'l' is nested"))
    let refused = path("refused.parquet")
    #expect(
      message { try Table(parquet: refused, columns: ["big"]) }.contains(
        "column 'big': value 0 of the page is beyond what int64"))
    #expect(
      message { try Table(parquet: refused, columns: ["raw"]) }.contains(
        "column 'raw': row 0: bytes that are no UTF-8"))
    #expect(try Table(parquet: refused, columns: ["i", "a"]).row(1) == [2, 2])
    for codec in ["brotli", "lz4"] {
      #expect(
        message { try Table(parquet: path("\(codec).parquet")) }.contains(
          "column 'a': compressed by \(codec)"))
    }
    #expect(
      message { try Table(parquet: TableFixtures.path("unix.csv")) }.contains("offset 0: no Parquet file"))
    #expect(
      message { try Table(parquet: path("types-none.parquet"), memoryLimit: 100) }.contains(
        "more than the 100 bytes"))
  }

  private static func table(_ rows: Int) throws -> Table {
    var random = SeededNumbers(3)
    func holes<Value>(_ make: (Int) -> Value) -> [Value?] {
      (0..<rows).map { random.next() % 7 == 0 ? nil : make($0) }
    }
    return try Table([
      Column("f", holes { Double($0) / 3 }), Column("g", holes { Float($0) / 4 }),
      Column("i", holes { $0 &* 1_234_567_891_011 }),
      Column("b", holes { $0 % 3 == 0 }), Column("all", (0..<rows).map { $0 % 5 == 0 }),
      Column("few", holes { "word \($0 % 11)" }), Column("many", holes { "text \($0)" }),
      Column("c", holes { "category \($0 % 3)" }).cast(to: .categorical),
      Column("none", [String?](repeating: nil, count: rows)),
      Column("d", microseconds: holes { Int64($0) * 86_400_000_001 - 1 }),
      Column("z", microseconds: holes { Int64($0) * 3_600_000_000 }, zone: "Europe/Berlin"),
      Column("long", durationMicroseconds: holes { Int64(-$0) }),
    ])
  }

  @Test("There and back", arguments: ParquetCompression.allCases)
  func roundTrip(compression: ParquetCompression) throws {
    for (rows, perGroup) in [(0, 10), (1, 1), (1000, 64), (1000, 1 << 20)] {
      let table = try Self.table(rows)
      let path = folder.file("table.parquet")
      try table.writeParquet(to: path, compression: compression, rowsPerGroup: perGroup)
      let back = try Table(parquet: path)
      #expect(back.columnNames == table.columnNames && back.rowCount == rows)
      for (a, b) in zip(back.columns, table.columns) {
        #expect(a.type == b.type, "\(b.name)")
        #expect((0..<rows).allSatisfy { a[$0] == b[$0] }, "\(b.name)")
      }
    }
  }

  @Test(
    "Files that were damaged are errors that name the file",
    arguments: ["types-none", "delta-2", "many-pages", "types-gzip"])
  func damaged(name: String) throws {
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path("\(name).parquet"))))
    var random = SeededNumbers(11)
    for round in 0..<150 {
      var copy = bytes
      if round % 5 == 0 {
        copy.removeLast(Int(random.next() % UInt64(copy.count)))
      } else {
        for _ in 0...round % 3 {
          // Most faults are made in the metadata, where they do the most.
          let start = round % 2 == 0 ? copy.count * 2 / 3 : 0
          copy[start + Int(random.next() % UInt64(copy.count - start))] = UInt8(
            truncatingIfNeeded: random.next())
        }
      }
      let path = try folder.write(copy, "damaged.parquet")
      do { _ = try Table(parquet: path, memoryLimit: 1 << 24) } catch let error as LatheError {
        #expect(error.message.contains("damaged.parquet"), "\(error.message)")
      }
    }
  }
}
