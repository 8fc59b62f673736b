import DataTestSupport
import LatheCore
import LatheFiles
import LatheTables
import Testing

@Suite("CSV files there and back")
struct CSVRoundTripTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Texts of what is hard for a reader of CSV.
  private static func text(_ random: inout SeededNumbers) -> String {
    let pieces = [
      "a", ",", "\"", "\n", "\r\n", "\r", " ", "NA", "é", "日本", "🙂", ";", "\t", "'", "12", "-", ".",
    ]
    return (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
      .joined()
  }

  private static func table(_ random: inout SeededNumbers) throws -> Table {
    let count = Int.random(in: 1...60, using: &random)
    func some<Value>(_ make: (inout SeededNumbers) -> Value) -> [Value?] {
      (0..<count).map { _ in Int.random(in: 0..<8, using: &random) == 0 ? nil : make(&random) }
    }
    let all = [
      Column("i\n\"1\"", some { Int(truncatingIfNeeded: $0.next()) }),
      Column(
        "f",
        some { Double(bitPattern: $0.next()).isFinite ? Double(bitPattern: $0.next() & ~(1 << 62)) : 0.5 }),
      Column("g", some { Float.random(in: -1...1, using: &$0) }),
      Column("b", some { Bool.random(using: &$0) }),
      Column("t,1", some { text(&$0) }), Column("t2", some { text(&$0) }),
      try Column("c", some { ["x", "y,z", ""].randomElement(using: &$0) ?? "" }).cast(to: .categorical),
      Column(
        "d",
        microseconds: some { Int64.random(in: -60_000_000_000_000_000...250_000_000_000_000_000, using: &$0) }
      ),
      Column(
        "z", microseconds: some { Int64.random(in: 0...2_000_000_000_000_000, using: &$0) },
        zone: "Europe/Berlin"),
      Column(
        "l",
        durationMicroseconds: some { Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &$0) }),
    ]
    return try Table(Array(all.shuffled(using: &random).prefix(Int.random(in: 2...10, using: &random))))
  }

  @Test("Whatever is written is read", arguments: 0..<40)
  func random(seed: Int) throws {
    var random = SeededNumbers(UInt64(seed))
    let table = try Self.table(&random)
    var writing = CSVWriting()
    writing.delimiter = [",", ";", "\t", "|"].randomElement(using: &random) ?? ","
    writing.lineEnd = ["\n", "\r\n"].randomElement(using: &random) ?? "\n"
    writing.missing = ["", "NA", "?"].randomElement(using: &random) ?? ""
    let path = folder.file("table.csv")
    try table.writeCSV(to: path, writing)
    var options = CSVOptions()
    options.delimiter = writing.delimiter
    options.quotedIsMissing = false
    options.missing = [writing.missing]
    options.types = Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, $0.type) })
    for step in [1, 2, 5, 63, 64, 65, 1 << 18] {
      options.step = step
      let back = try Table(csv: path, options: options)
      try #require(back.columnNames == table.columnNames)
      for (found, wanted) in zip(back.columns, table.columns) {
        #expect(found.type == wanted.type)
        let wrong = (0..<table.rowCount).first { row in
          if case .float64(let a) = found[row], case .float64(let b) = wanted[row], a.isNaN || b.isNaN {
            return a.isNaN != b.isNaN
          }
          return found[row] != wanted[row]
        }
        #expect(
          wrong == nil,
          "step \(step): \(wanted.name), row \(wrong ?? 0): \(found[wrong ?? 0]), not \(wanted[wrong ?? 0])")
      }
    }
  }

  /// The reader that goes byte by byte agrees, on texts of which most are wrong somewhere, too.
  @Test("Two readers agree", arguments: 0..<20)
  func agreement(seed: Int) throws {
    var random = SeededNumbers(UInt64(seed) + 1000)
    let pieces = ["a", "b", ",", ",", "\"", "\"", "\n", "\r\n", "é", " "]
    for _ in 0..<15 {
      let count = Int.random(in: 1...80, using: &random)
      // Well-formed fields among them, so that not all texts are wrong.
      let text = (0..<count).map { _ in
        switch Int.random(in: 0..<10, using: &random) {
        case 0: "\"x,\"\"y\"\"\n\","
        case 1...3: "a,b\n"
        default: pieces.randomElement(using: &random) ?? ""
        }
      }.joined()
      let path = try folder.write(Array(text.utf8), "random.csv")
      let wanted = rows(path)
      var options = CSVOptions()
      options.delimiter = ","
      options.hasHeader = false
      options.missing = []
      options.step = [1, 3, 17, 64, 200].randomElement(using: &random) ?? 1
      var found: [[String]]?
      do {
        let width = try Table(csv: path, options: options).columnCount
        for column in 1...width { options.types["column\(column)"] = .text }
        let table = try Table(csv: path, options: options)
        let columns = table.columns.map { $0.strings().map { $0 ?? "?" } }
        found = (0..<table.rowCount).map { row in columns.map { $0[row] } }
      } catch is LatheError {}
      #expect(found == wanted, "step \(options.step): \(text.debugDescription)")
    }
  }

  /// The rows, nil where there is a fault.
  private func rows(_ path: String) -> [[String]]? {
    do {
      let reader = try CSVReader(path: path, hasHeader: false)
      var rows: [[String]] = []
      while let row = try reader.next() { rows.append((0..<row.count).map { row[$0] }) }
      return rows
    } catch { return nil }
  }

  @Test("Written as pandas writes")
  func text() throws {
    let table = try Table([
      Column("a", [1, nil, 3]), Column("b", ["x,y", "NA", nil]), Column("c", [1.5, 2, nil]),
      Column("d", microseconds: [0, 1_500_000, nil]),
    ])
    #expect(
      try table.csv() == """
        a,b,c,d
        1,"x,y",1.5,1970-01-01 00:00:00
        ,"NA",2.0,1970-01-01 00:00:01.500000
        3,,,

        """)
    #expect(try Table([Column("a", [1, nil])]).csv() == "a\n1\nNA\n")
    var writing = CSVWriting()
    writing.delimiter = "\""
    #expect(message { try table.csv(writing) }.contains("cannot stand between fields"))
    writing.delimiter = ","
    writing.missing = "a,b"
    #expect(message { try table.csv(writing) }.contains("it needs quotes"))
  }
}
