import DataTestSupport
import LatheML
import Testing

@Suite("CSV files")
struct CSVTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ text: String) throws -> String { try folder.write(Array(text.utf8), "table.csv") }

  private func rows(_ text: String, hasHeader: Bool = false) throws -> [[String]] {
    let reader = try CSVReader(path: write(text), hasHeader: hasHeader)
    var rows: [[String]] = []
    while let row = try reader.next() { rows.append((0..<row.count).map { row[$0] }) }
    return rows
  }

  @Test("What Python's csv module writes", arguments: ["unix.csv", "dos.csv", "bom-tabs.csv"])
  func fixtures(_ name: String) throws {
    let table = try CSVTable(
      path: DataFixtures.path(name), delimiter: name == "bom-tabs.csv" ? "\t" : ",")
    #expect(table.names == ["id", "name", "height", "member", "note"])
    #expect(table.rowCount == 4)
    #expect(try table["id"] == .integers([1, 2, -3, 4]))
    #expect(try table["name"] == .texts(["Ada, Countess", "Zo\u{EB}", nil, nil]))
    #expect(try table["height"] == .numbers([1.65, nil, 0.001, .infinity]))
    #expect(try table["member"] == .booleans([true, false, true, nil]))
    #expect(try table["note"] == .texts(["said \"hello\"", "two\nlines", "r\r\nn", nil]))
    #expect(try table.numbers("height", missing: 0) == [1.65, 0, 0.001, .infinity])
    #expect(message { try table.numbers("height") }.contains("line 3: column 'height' has no value"))
    #expect(message { try table.numbers("name") }.contains("column 'name' is of text"))
    #expect(message { try table["size"] }.contains("no column 'size'; there are id, name"))
  }

  @Test("Line ends, quotes and empty lines")
  func shapes() throws {
    #expect(try rows("a,b\nc,d") == [["a", "b"], ["c", "d"]])
    #expect(try rows("a,b\rc,d\r\n\r\n\ne,f\n") == [["a", "b"], ["c", "d"], ["e", "f"]])
    #expect(try rows("\"a\"\"b\",\"\"\n,\n") == [["a\"b", ""], ["", ""]])
    #expect(try rows("a,\nb,") == [["a", ""], ["b", ""]])
    #expect(try rows("\"\"\n\"x\"") == [[""], ["x"]])
    // A row longer than what is read at once.
    let long = String(repeating: "x", count: 300_000)
    #expect(try rows("\(long),\"\(long)\n\(long)\"\n1,2\n") == [[long, "\(long)\n\(long)"], ["1", "2"]])
  }

  @Test("Types given and inferred")
  func types() throws {
    let path = try write("code,share\n007,1\n010,2\n")
    #expect(try CSVTable(path: path)["code"] == .integers([7, 10]))
    #expect(try CSVTable(path: path, types: ["code": .text])["code"] == .texts(["007", "010"]))
    #expect(try CSVTable(path: path, types: ["share": .number])["share"] == .numbers([1, 2]))
    #expect(message { try CSVTable(path: path, types: ["size": .text]) }.contains("no column 'size'"))
    let wrong = try write("a,b\n1,2\n1,x\n")
    #expect(
      message { try CSVTable(path: wrong, types: ["b": .integer]) }.contains(
        "line 3: column 'b': 'x' is not a whole number"))
    #expect(try CSVTable(path: write("a\n99999999999999999999\n"))["a"] == .numbers([1e20]))
    #expect(try CSVTable(path: write("a\n0x10\n"))["a"] == .texts(["0x10"]))
    #expect(try CSVTable(path: write("a,b\n"))["b"] == .integers([]))
  }

  @Test("Texts that stand for missing values may be long, and a label that looks like one can be kept")
  func missing() throws {
    let path = try write("x,country\n1,NA\nno value was measured,DE\n3,FR\n")
    let words: Set = ["no value was measured"]
    #expect(try CSVTable(path: path, missing: words)["x"] == .integers([1, nil, 3]))
    #expect(try CSVTable(path: path, missing: words).categories("country").names == ["DE", "FR", "NA"])
    #expect(
      message { try CSVTable(path: path).categories("country") }.contains(
        "line 2: column 'country' has no value ('NA' stands for a missing one"))
  }

  @Test("Faults name file and line")
  func faults() throws {
    func fault(_ text: String, hasHeader: Bool = true) -> String {
      message { try rows(text, hasHeader: hasHeader) }
    }
    #expect(fault("").contains("table.csv: an empty file"))
    #expect(fault("a,b\n1,2\n\n3\n").contains("table.csv: line 4: 1 field, expected 2"))
    #expect(fault("a,b\n1,2,3\n").contains("line 2: 3 fields, expected 2"))
    #expect(fault("a,b\n1,\"x\ny\n").contains("line 2: a field in quotes that begins here has no end"))
    #expect(fault("a,b\n1,x\"y\n").contains("line 2: field 2: a quote inside a field without quotes"))
    #expect(fault("a,b\n\"1\n2\"3,4\n").contains("line 3: field 1: text behind the quote"))
    #expect(fault("a,b,a\n").contains("line 1: two columns are named 'a'"))
    #expect(message { try CSVReader(path: folder.file("none.csv")) }.contains("none.csv: cannot open"))
    #expect(message { try CSVReader(path: write("a"), delimiter: "\u{E9}") }.contains("one ASCII character"))
    try folder.write(Array("a,b\n1,".utf8) + [0xC3] + Array(",\n".utf8), "latin.csv")
    let latin = folder.file("latin.csv")
    #expect(message { try CSVTable(path: latin) }.contains("line 2"))
    // Halves of a character in two fields are no character.
    try folder.write(Array("a,b\n".utf8) + [0xC3, 0x2C, 0xA9, 0x0A], "halves.csv")
    #expect(message { try CSVTable(path: folder.file("halves.csv")) }.contains("line 2: field 1: not UTF-8"))
  }

  @Test("A million columns and endless rows are refused, and taken where asked for")
  func limits() throws {
    let wide = try write(String(repeating: "x,", count: 1_000_000) + "x\n")
    #expect(message { try CSVReader(path: wide) }.contains("line 1: more than 65536 fields"))
    let reader = try CSVReader(path: wide, hasHeader: false, columnLimit: 2_000_000)
    #expect(try reader.next()?.count == 1_000_001)
    let endless = try write("a\n\"" + String(repeating: "x\n", count: 5000))
    let limited = try CSVReader(path: endless, rowLimit: 1000)
    #expect(message { try limited.next() }.contains("line 2: more than 1000 bytes in a row"))
  }

  @Test("Damaged gzip data")
  func damagedGzip() throws {
    let whole = IDXFiles.gzip(Array("a,b\n1,2\n3,4\n".utf8))
    let refused = try damage(whole) { _ = try CSVTable(path: $0) }
    #expect(refused > 50)
    try folder.write(whole, "table.csv.gz")
    #expect(try CSVTable(path: folder.file("table.csv.gz")).numbers("b") == [2, 4])
  }

  @Test("Rows to learn from")
  func dataset() throws {
    let table = try CSVTable(path: write("x,y,kind\n1,2,b\n3,,a\n5,6,b\n"))
    let (data, names) = try table.classification(target: "kind", missing: -1)
    #expect(names == ["a", "b"] && data.columns == ["x", "y"])
    let loader = DataLoader(data, batchSize: 2, on: .cpu)
    let batches = Array(loader)
    #expect(try batches[0].inputs.scalars(as: Float.self) == [1, 2, 3, -1])
    #expect(try batches[0].labels.scalars(as: Int.self) == [1, 0])
    let numbers = try table.regression(target: "x", features: ["y"], missing: 0)
    let batch = try #require(DataLoader(numbers, batchSize: 3, on: .cpu).makeIterator().next())
    #expect(batch.inputs.shape == [3, 1] && batch.labels.dtype == .float32)
    #expect(try batch.labels.scalars(as: Float.self) == [1, 3, 5])
    #expect(message { try table.regression(target: "y") }.contains("line 3: column 'y' has no value"))
    let other = try CSVTable(path: write("x,y,kind\n1,2,b\n3,,a\n5,7,b\n"))
    #expect(other.checksum != table.checksum)
  }
}
