import DataTestSupport
import LatheCore
import LatheTables
import Testing

@Suite("CSV files into columns")
struct CSVReadingTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  struct Case: Decodable {
    struct Options: Decodable {
      var hasHeader: Bool?
      var encoding: String?
      var decimal: String?
      var thousands: String?
    }
    struct Column: Decodable {
      let name: String
      let type: String
      let values: [FixtureValue]
    }
    let file: String
    let options: Options
    let columns: [Column]
  }

  private func read(_ text: String, _ change: (inout CSVOptions) -> Void = { _ in }) throws -> Table {
    var options = CSVOptions()
    change(&options)
    return try Table(csv: folder.write(Array(text.utf8), "table.csv"), options: options)
  }

  private func error(_ text: String, _ change: (inout CSVOptions) -> Void = { _ in }) -> String {
    message { try read(text, change) }
  }

  @Test("What pandas makes of them", arguments: [1, 3, 64, 1 << 18])
  func fixtures(step: Int) throws {
    let cases = try TableFixtures.decode([Case].self, "expected.json")
    #expect(cases.count > 30)
    for item in cases {
      var options = CSVOptions()
      options.hasHeader = item.options.hasHeader ?? true
      options.encoding = item.options.encoding.flatMap(TextEncoding.init)
      options.decimal = item.options.decimal?.first
      options.thousands = item.options.thousands?.first
      options.step = step
      let table = try Table(csv: TableFixtures.path(item.file), options: options)
      #expect(table.columnNames == item.columns.map(\.name), "\(item.file)")
      for (column, wanted) in zip(table.columns, item.columns) {
        #expect(column.type.description == wanted.type, "\(item.file): \(column.name)")
        #expect(column.count == wanted.values.count, "\(item.file): \(column.name)")
        let wrong = wanted.values.indices.first { !wanted.values[$0].isEqual(column[$0]) }
        #expect(
          wrong == nil,
          "\(item.file): \(column.name): \(wrong.map { "\(column[$0]) and not \(wanted.values[$0])" } ?? "")")
      }
    }
  }

  @Test("A value far behind widens its column's type")
  func widening() throws {
    func column(_ usual: String, _ last: String) throws -> ColumnType {
      try read("a,b\n" + String(repeating: "\(usual),x\n", count: 5000) + "\(last),x\n\(usual),x\n") {
        $0.step = 512
      }["a"].type
    }
    #expect(try column("1", "2") == .int64)
    #expect(try column("1", "2.5") == .float64)
    #expect(try column("1", "x") == .text)
    #expect(try column("", "7") == .int64)
    #expect(try column("", "x") == .text)
    #expect(try column("", "true") == .bool)
    #expect(try column("true", "1") == .text)
    #expect(try column("1.5", "9223372036854775808") == .text)
    #expect(try column("2024-01-01", "2024-02-30") == .text)
    #expect(try column("01/02/2024", "31/01/2024") == .dateTime())
    #expect(try column("2024-01-01", "2024-01-01T00:00Z") == .text)
  }

  @Test("Columns that could be several things are text, with a note")
  func notes() throws {
    func notes(_ text: String) throws -> String {
      try Table.readCSV(folder.write(Array(text.utf8), "table.csv")).notes.joined(separator: "\n")
    }
    #expect(try notes("a\n31/01/2024\n01/31/2024\n").contains("column 'a': dates in two orders"))
    #expect(try notes("a\n31/01/2024\n2024-02-01\n").contains("column 'a': dates in two forms"))
    #expect(try notes("a\n2024-01-31T10:00Z\n01/31/2024\n").contains("column 'a': dates in two forms"))
    #expect(try notes("a\n01/02/2024\n").contains("whether day or month comes first"))
    #expect(try notes("a\n99999999999999999999\n").contains("beyond 64 bits"))
    #expect(try notes("a\tb\n1,234\t1\n").contains("decimal marks"))
    #expect(try notes("a,b\n1,x\n") == "")
  }

  @Test("A month is a date: its first day")
  func months() throws {
    let table = try read("month,code,season\n2015-01,2015-12,2015/01\n2015-02-28,2015-13,2015/16\n")
    #expect(table.columns.map(\.type) == [.dateTime(), .text, .text])
    #expect(try table["month"].strings() == ["2015-01-01 00:00:00", "2015-02-28 00:00:00"])
    #expect(try read("a\n2015-1\n").columns[0].type == .text)
    #expect(try read("a\n2015-01 10:00\n").columns[0].type == .text)
  }

  @Test("Types, names, columns and marks that are asked for")
  func options() throws {
    let table = try read("a,b,c,d,e,f\n007,1.5,1 days 02:03:04.5,x,31.12.2024,0.1\n,,,,,\n") {
      $0.types = [
        "a": .text, "b": .float32, "c": .duration, "d": .categorical, "e": .dateTime(), "f": .float32,
      ]
      $0.dateOrder = .dayMonthYear
    }
    #expect(table.columns.map(\.type) == [.text, .float32, .duration, .categorical, .dateTime(), .float32])
    #expect(table.row(0)[0] == "007")
    #expect(table.row(0)[2] == .duration(93_784_500_000))
    #expect(table.row(0)[3] == "x")
    #expect(table.row(0)[4] == .dateTime(1_735_603_200_000_000))
    #expect(table.row(0)[5] == .float64(Double(Float(0.1))))
    #expect(table.row(1).allSatisfy { $0 == .missing })
    #expect(try read("a,b\n1,2\n") { $0.names = ["x", "y"] }.columnNames == ["x", "y"])
    #expect(try read("a,b\n1,2\n") { $0.columns = ["b"] }.row(0) == [2])
    #expect(try read("a\n-\n1\n") { $0.missing = ["-"] }["a"].type == .int64)
    #expect(try read("a,b\n\"\",\"NA\"\n") { $0.quotedIsMissing = false }.row(0) == ["", "NA"])
    #expect(try read("a;b\n1 \"x\";2\n") { $0.quote = nil }.row(0) == ["1 \"x\"", 2])
    #expect(try read("a,b\n2024-01-01,2\n") { $0.infersDates = false }.row(0) == ["2024-01-01", 2])
    #expect(
      error("a,b\n1,2\n") { $0.types = ["z": .text] }.contains(
        "column 'z', which is not there; there are a, b"))
    #expect(error("a,b\n1,2\n") { $0.columns = ["z"] }.contains("no column 'z'; there are a, b"))
    #expect(error("a,b\n1,2\n") { $0.names = ["x"] }.contains("1 name for 2 columns"))
    #expect(
      error("a,b\n1,2\n3,x\n") { $0.types = ["b": .int64] }.contains(
        "line 3: column 'b': 'x' is not of type int64"))
    #expect(error("a\n1\n") { $0.delimiter = "é" }.contains("use one ASCII character"))
    #expect(error("a\n1\n") { $0.delimiter = "\"" }.contains("delimiter and quote are both"))
    #expect(error("a\n1\n") { $0.thousands = "." }.contains("decimal mark and thousands are both"))
  }

  @Test("What is wrong is named with its line")
  func faults() throws {
    #expect(error("").contains("an empty file"))
    #expect(error("\n\r\n").contains("only empty lines"))
    #expect(error("a,a\n1,2\n").contains("line 1: two columns are named 'a'"))
    #expect(
      error("a,b\n1,2\n3\n").contains(
        "line 3: 1 field, expected 2 as in the first row (column 'b' is missing)"))
    #expect(
      error("a,b\n\"x\ny\",2\n3,4,5\n").contains(
        "line 4: 3 fields, expected 2 as in the first row (column 3 has no name)"))
    #expect(
      error("a,b\n1,2\n\"x,4\n5,6\n").contains(
        "line 3: field 1: a field in quotes that begins here has no end"))
    #expect(error("a,b\n1,2\n3,x\"y\n").contains("line 3: field 2: a quote inside a field without quotes"))
    #expect(error("a,b\n1,\"x\"y\n").contains("line 2: field 2: text behind the quote that ends it"))
    // The quote missing in line 2 makes the one in line 3 close a field.
    #expect(error("a,b\n\"x,2\ny,\"z\"\n").contains("line 3: field 1: text behind the quote"))
    #expect(error("a,b\n1,\0\n").contains("line 2: byte 6: a NUL byte"))
    #expect(error("%PDF-1.7\n...").contains("not a text file but a PDF document"))
    #expect(error("PK\u{3}\u{4}...").contains("an Excel workbook"))
    #expect(message { try Table(csv: folder.path) }.contains("a folder, not a regular file"))
    #expect(message { try Table(csv: folder.file("none.csv")) }.contains("cannot open"))
    let latin = try folder.write([0x61, 0x0A, 0x62, 0x0A, 0xE9, 0x0A], "latin.csv")
    #expect(
      message { try Table(csv: latin) }.contains("line 3: column 'a': not UTF-8 text; name the encoding"))
    let half = try folder.write([0xFF, 0xFE, 0x61, 0x00, 0x0A, 0x00, 0x3D, 0xD8], "half.csv")
    #expect(message { try Table(csv: half) }.contains("byte 4: not utf-16le text"))
  }

  @Test("Rows of another width can be set aside", arguments: [1, 7, 1 << 18])
  func ragged(step: Int) throws {
    let path = try folder.write(Array("a,b\n1,2\n3\n\n\"4\n4\",5\n6,7,8\n9,10".utf8), "table.csv")
    var options = CSVOptions()
    options.raggedRows = .setAside
    options.step = step
    let reading = try Table.readCSV(path, options: options)
    #expect(reading.table.rowCount == 3)
    #expect(try reading.table["b"].integers() == [2, 5, 10])
    #expect(reading.raggedRows.map(\.line) == [3, 7])
    #expect(reading.raggedRows.map(\.fieldCount) == [1, 3])
    #expect(reading.raggedRows.map(\.text) == ["3", "6,7,8"])
  }

  @Test("Pieces of a file have the types of the whole")
  func batches() throws {
    let text = "a,b\n" + (0..<1000).map { "\($0),\($0 == 900 ? "0.5" : "\($0)")\n" }.joined()
    var options = CSVOptions()
    options.step = 256
    var batches = try CSVBatches(
      csv: folder.write(Array(text.utf8), "table.csv"), rows: 100, options: options)
    #expect(batches.rowCount == 1000)
    var tables: [Table] = []
    while let table = try batches.next() { tables.append(table) }
    #expect(tables.count > 5)
    #expect(tables.allSatisfy { $0.columns.map(\.type) == [.int64, .float64] })
    #expect(try tables.flatMap { try $0["a"].integers() } == (0..<1000).map { $0 })
  }

  @Test("Many different texts")
  func manyCategories() throws {
    let count = 200_000
    let text = "a,b\n" + (0..<count).map { "t\($0 * 7919 % count),\($0)\n" }.joined()
    let table = try read(text) { $0.types = ["a": .categorical] }
    guard case .categorical(let codes, let categories) = try table["a"].storage else {
      Issue.record("not categorical")
      return
    }
    #expect(categories.count == count)
    #expect(codes.enumerated().allSatisfy { $0 == Int($1) })
  }

  @Test("A few values among numbers that are none")
  func nearlyNumbers() throws {
    var lines = ["name,age,\"the note\""]
    for row in 0..<200 {
      lines.append("n\(row),\(row == 150 ? " n/a?" : "\(row).5"),\(row % 2 == 0 ? "x" : "1")")
    }
    lines[20] = "\"line\nbreak\",19,x"
    let path = try folder.write(Array(lines.joined(separator: "\n").utf8), "ages.csv")
    let reading = try Table.readCSV(path)
    #expect(
      reading.notes == [
        "column 'age': 1 of 200 values no number, the first on line 153: ' n/a?'; read as text. Mend them, or make such values "
          + "missing (option numbersOrMissing; --numbers age)"
      ])
    var options = CSVOptions()
    options.numbersOrMissing = ["age"]
    let again = try Table.readCSV(path, options: options)
    #expect(again.notes == ["column 'age': 1 value no number, and missing"])
    let age = try again.table["age"]
    #expect(
      age.type == .float64 && age.missingCount == 1 && age.isMissing(150) && age[19] == 19.0 && age[3] == 3.5)
    var batches = try CSVBatches(csv: path, rows: 50, options: options)
    #expect(try batches.next()?["age"].type == .float64)
    options.numbersOrMissing = ["years"]
    #expect(message { try Table.readCSV(path, options: options) }.contains("'years', which is not there"))
  }
}
