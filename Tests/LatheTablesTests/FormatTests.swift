import DataTestSupport
import LatheCore
import LatheTables
import Testing

@Suite("Tables in other formats")
struct FormatTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ text: String, _ name: String) throws -> String {
    try folder.write(Array(text.utf8), name)
  }

  private static func table() throws -> Table {
    try Table([
      Column("a b", [1, nil, -3]), Column("f", [0.1, nil, 1e300]), Column("p", [true, nil, false]),
      Column("t", ["x, 'y'\n\t\"z\"\\", nil, ""]),
      Column("c", ["u v", nil, "?"]).cast(to: .categorical),
      Column("d", microseconds: [0, nil, 1_700_000_000_000_000]),
    ])
  }

  /// Whether tables hold the same, types included.
  private func expectEqual(_ found: Table, _ wanted: Table, sourceLocation: SourceLocation = #_sourceLocation)
  {
    #expect(found.columnNames == wanted.columnNames, sourceLocation: sourceLocation)
    for (a, b) in zip(found.columns, wanted.columns) {
      #expect(a.type == b.type, "\(a.name)", sourceLocation: sourceLocation)
      for row in 0..<b.count {
        #expect(a[row] == b[row], "\(b.name), row \(row)", sourceLocation: sourceLocation)
      }
    }
  }

  private func expectPeople(_ table: Table, sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(table.columnNames == ["id", "name", "height", "member", "born"], sourceLocation: sourceLocation)
    #expect(try table["id"].integers() == [1, 2, nil], sourceLocation: sourceLocation)
    #expect(try table["name"].strings() == ["Zoë \"Z\"", nil, "line\nend 🙂"], sourceLocation: sourceLocation)
    #expect(try table["height"].numbers(missing: 0) == [1.65, 0, 1e-7], sourceLocation: sourceLocation)
    #expect(try table["member"].strings() == ["true", nil, "false"], sourceLocation: sourceLocation)
    #expect(
      try table["born"].strings() == ["1999-12-31 00:00:00", nil, "2001-02-03 04:05:06"],
      sourceLocation: sourceLocation)
    #expect(try table["born"].type == .dateTime(), sourceLocation: sourceLocation)
  }

  @Test("JSON Lines that pandas writes, and back")
  func jsonLines() throws {
    try expectPeople(Table(jsonLines: TableFixtures.path("people.jsonl"), types: ["born": .dateTime()]))
    let path = folder.file("table.jsonl")
    let table = try Self.table()
    try table.writeJSONLines(to: path)
    let types = Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, $0.type) })
    expectEqual(try Table(jsonLines: path, types: types), table)
    #expect(
      message { try Table([Column("a", [Double.nan])]).writeJSONLines(to: path) }.contains(
        "row 0: JSON has no nan"))
  }

  @Test("JSON Lines with keys that come and go, and faults")
  func jsonFaults() throws {
    let text = "{\"a\": 1, \"b\": \"\\u00e9\\ud83d\\ude42\\n\"}\n\n {\"b\":null,\"c\":[],\"a\":2.5}\n"
    func error(_ text: String) -> String { message { try Table(jsonLines: file(text, "table.jsonl")) } }
    #expect(error(text).contains("line 3: byte 16: a list or an object as a value"))
    let table = try Table(jsonLines: file(text.replacing("[]", with: "true"), "table.jsonl"))
    #expect(table.row(0) == [1.0, "é🙂\n", nil])
    #expect(table.row(1) == [2.5, nil, true])
    #expect(try Table(jsonLines: file("{\"a\":1}\n{\"a\":\"x\"}", "t.jsonl"))["a"].strings() == ["1", "x"])
    #expect(try Table(jsonLines: file("{\"a\":99999999999999999999}", "t.jsonl"))["a"].type == .text)
    #expect(error("{\"a\":1,\"a\":2}").contains("line 1: byte 9: the key 'a' comes twice"))
    for (text, what) in [
      ("[1]", "no JSON object"), ("{\"a\":1} x", "text behind the object"), ("{\"a\":01}", "begins with 0"),
      ("{\"a\":1.}", "digits are expected"), ("{\"a\":nul}", "no JSON value"), ("{\"a\":\"x}", "has no end"),
      ("{a:1}", "a key in quotes"), ("{\"a\" 1}", "a colon"), ("{\"a\":1 \"b\":2}", "a comma"),
      ("{\"a\":\"\u{1}\"}", "a control character"),
      ("{\"a\":\"\\x\"}", "an escape that JSON has not"), ("{\"a\":\"\\ud800\"}", "an escape"),
      ("{\"a\":-}", "no JSON value"), ("\n\n", "only empty lines"),
    ] { #expect(error(text).contains(what), "\(text): \(error(text))") }
    #expect(
      try Table(jsonLines: file("{\"a\":0,\"b\":-0,\"c\":0.5e-3}", "t.jsonl")).row(0) == [0, 0, 0.0005])
  }

  @Test("ARFF")
  func arff() throws {
    let text = """
      % A comment
      @RELATION 'some data'
      @attribute 'the id' INTEGER
      @attribute height numeric
      @attribute city {Berlin, 'New York', "O'Hare"}
      @attribute note string
      @attribute day date "yyyy-MM-dd"

      @DATA
      1, 1.5, Berlin, 'it\\'s', 2024-01-31
      2.0,?,'New York',"a, b",'2024-02-29'

      % another
      ?,-1e3,"O'Hare",?,?
      {0 7, 2 'New York', 3 x, 4 '1970-01-01'}
      """
    let table = try Table(arff: file(text, "data.arff"))
    #expect(table.columnNames == ["the id", "height", "city", "note", "day"])
    #expect(table.columns.map(\.type) == [.int64, .float64, .categorical, .text, .dateTime()])
    #expect(try table["the id"].integers() == [1, 2, nil, 7])
    #expect(try table["height"].numbers(missing: 9) == [1.5, 9, -1000, 0])
    #expect(try table["city"].strings() == ["Berlin", "New York", "O'Hare", "New York"])
    #expect(try table["note"].strings() == ["it's", "a, b", nil, "x"])
    #expect(
      try table["day"].strings() == [
        "2024-01-31 00:00:00", "2024-02-29 00:00:00", nil, "1970-01-01 00:00:00",
      ])
    func error(_ rows: String) -> String {
      message {
        try Table(arff: file("@relation r\n@attribute a real\n@attribute b {x,y}\n\(rows)", "data.arff"))
      }
    }
    #expect(error("@data\n1,z\n").contains("line 5: attribute 'b': 'z' is none of its declared values"))
    #expect(error("@data\nq,x\n").contains("line 5: attribute 'a': 'q' is no number"))
    #expect(error("@data\n1\n").contains("line 5: 1 value, expected 2"))
    #expect(error("@data\n1,x,3\n").contains("more than 2 values"))
    #expect(error("@data\n1,\n").contains("a value is missing behind the last comma"))
    #expect(error("@data\n1,'x\n").contains("a text in quotes has no end"))
    #expect(error("@data\n{5 x}\n").contains("'5' is no number of an attribute"))
    #expect(error("").contains("the file ends without @data"))
    #expect(error("@attribute a real\n").contains("two attributes are named 'a'"))
    #expect(error("a,b\n").contains("is this an ARFF file?"))
  }

  @Test("ARFF there and back")
  func arffRoundTrip() throws {
    let path = folder.file("table.arff")
    let table = try Self.table()
    try table.writeARFF(to: path, relation: "a relation")
    let back = try Table(arff: path)
    expectEqual(try back.with(back["p"].cast(to: .bool)), table)
  }

  @Test("SQLite tables that Python writes, and back")
  func sqlite() throws {
    let people = TableFixtures.path("people.db")
    try expectPeople(Table(sqlite: people, table: "the people"))
    #expect(
      try Table(sqlite: people, query: "SELECT id + 0.5 AS half FROM \"the people\" WHERE id = 2").row(0) == [
        2.5
      ])
    #expect(
      message { try Table(sqlite: people, table: "none") }.contains(
        "no table 'none'; there are odd, the people"))
    #expect(
      message { try Table(sqlite: people, query: "SELECT mixed FROM odd") }.contains(
        "column 'mixed': row 2 is a text among others"))
    #expect(message { try Table(sqlite: people, query: "SELECT data FROM odd") }.contains("row 2 is a blob"))
    #expect(
      message { try Table(sqlite: people, query: "DELETE FROM odd") }.contains(
        "the query changes the database"))
    #expect(message { try Table(sqlite: people, query: "SELEC 1") }.contains("syntax error"))
    #expect(message { try Table(sqlite: folder.file("none.db"), table: "a") }.contains("cannot open"))
    #expect(
      message {
        try Table(
          sqlite: file("no database, only text that is long enough to be one........", "x.db"), table: "a")
      }.contains("not a database"))
    let path = folder.file("table.db")
    let table = try Self.table()
    try table.writeSQLite(to: path, table: "a \"b\"")
    let back = try Table(sqlite: path, table: "a \"b\"")
    expectEqual(try back.with(back["c"].cast(to: .categorical)), table)
    #expect(message { try table.writeSQLite(to: path, table: "a \"b\"") }.contains("already exists"))
    try table.head(1).writeSQLite(to: path, table: "a \"b\"", replacing: true)
    #expect(try Table(sqlite: path, table: "a \"b\"").rowCount == 1)
  }

  @Test("Small files that would become large tables are errors")
  func sparse() throws {
    let json = (0..<2000).map { "{\"k\($0)\":1}" }.joined(separator: "\n")
    let path = try file(json, "sparse.jsonl")
    #expect(try Table(jsonLines: path).columnCount == 2000)
    #expect(
      message { try Table(jsonLines: path, memoryLimit: 1 << 20) }.contains(
        "2000 rows of 2000 columns, most of them empty"))
    let attributes = (0..<300).map { "@attribute a\($0) real\n" }.joined()
    let sparse = try file(
      "@relation r\n\(attributes)@data\n" + String(repeating: "{0 1}\n", count: 500), "sparse.arff")
    #expect(try Table(arff: sparse).rowCount == 500)
    #expect(
      message { try Table(arff: sparse, memoryLimit: 1 << 20) }.contains("of 300 columns, most of them empty")
    )
  }
}
