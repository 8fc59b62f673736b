import DataTestSupport
import LatheML
import Testing

/// The examples of docs/tables.md, run on small data; a test compares the texts.
@Suite("Examples of docs/tables.md")
struct TableGuideTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    let text = """
      city,day,count,price
      Berlin,2024-01-31,2,1.5
      Paris,2024-02-01,,2.5
      Berlin,2024-02-01,4,
      too,few
      Paris,2024-02-02,1,3.5
      """
    path = try folder.write(Array(text.utf8), "sales.csv")
  }

  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/tables.md", count: 4) }

  private func sales() throws -> Table {
    var options = CSVOptions()
    options.types = ["city": .categorical]
    options.raggedRows = .setAside
    let reading = try Table.readCSV(path, options: options)
    let sales = reading.table
    for row in reading.raggedRows { print("line \(row.line): \(row.text)") }
    for note in reading.notes { print(note) }
    #expect(reading.raggedRows.map(\.line) == [5])
    return sales
  }

  @Test("Pieces")
  func pieces() throws {
    let path = folder.file("regular.csv")
    try sales().writeCSV(to: path)
    var batches = try CSVBatches(csv: path, rows: 1_000_000)
    var total = 0.0
    while let part = try batches.next() { total += Sums.sum(try part["price"].numbers(missing: 0)) }
    #expect(total == 7.5)
  }

  @Test("Choosing and computing")
  func choosing() throws {
    let sales = try sales()
    let recent = try sales.filter(col("day") >= "2024-02-01" && col("price") > 1)
    let priced = try recent.with("value", col("price") * col("count"))
    let sorted = try priced.sort(by: "city", .descending("value"))
    let numbers = try sorted["value"].numbers(missing: 0)
    #expect(numbers == [3.5, 0])
  }

  @Test("Groups, joins, windows")
  func groups() throws {
    let sales = try sales()
    let byCity = try sales.group(by: "city").aggregate(.size(), .mean("price"), .sum("count"))
    let wide = try sales.pivot(index: ["day"], columns: "city", .sum("count"))
    let joined = try sales.join(byCity, on: "city", kind: .left)
    let smooth = try sales["price"].rolling(3, minimum: 1).mean()
    let ranks = try sales["price"].rank()
    print(try sales.describe())
    #expect(try byCity["price_mean"].numbers() == [1.5, 3])
    #expect(wide.columnNames == ["day", "Berlin", "Paris"])
    #expect(joined.rowCount == 4)
    #expect(try smooth.numbers() == [1.5, 2, 2, 3])
    #expect(try ranks.numbers(missing: 0) == [1, 2, 0, 3])
  }
}
