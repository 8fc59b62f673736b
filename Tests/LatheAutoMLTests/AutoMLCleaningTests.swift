import DataTestSupport
import LatheAutoML
import LatheCore
import LatheLearn
import LatheTables
import Testing

@Suite("Cleaning inside AutoML")
struct AutoMLCleaningTests {
  /// Two groups of rows that are far from each other, some with the other group's label, some far from all.
  private func table(rows: Int = 200) throws -> Table {
    var random = RandomSource(seed: 12)
    var (x, y, labels) = ([Double](), [Double](), [String]())
    for row in 0..<rows {
      let isFar = row % 50 == 49
      let center: Double = row % 2 == 0 ? -2 : 2
      x.append(isFar ? 90 + Double(row % 7) : center + 0.3 * random.normal())
      y.append(isFar ? -80 : random.normal())
      let isRight = row % 40 != 6
      labels.append((row % 2 == 0) == isRight ? "a" : "b")
    }
    return try Table([
      Column("x", x.map { Optional($0) }), Column("y", y.map { Optional($0) }), Column("label", labels),
    ])
  }

  @Test(
    "Wrong labels and outliers of the rows to learn from are taken out, kept in a file, and the test stays")
  func steps() throws {
    let table = try table()
    var configuration = Tables.short("label", trials: 0)
    configuration.isExplainable = true
    let plain = try AutoML.run(table, configuration)
    #expect(plain.removedRows.rowCount == 0)
    // What is wrong is said, though it stays.
    let suspects = plain.report.suspects.map(\.row)
    #expect(!suspects.isEmpty && suspects.allSatisfy { ($0 - 1) % 40 == 6 || ($0 - 1) % 50 == 49 })
    configuration.cleaning = [.wrongLabels, .outliers]
    let result = try AutoML.run(table, configuration)
    #expect(result.report.test?.rows == plain.report.test?.rows)
    let removed = result.removedRows
    #expect(removed.columnNames == ["row", "step", "reason", "x", "y", "label"])
    #expect(removed.rowCount == result.report.cleaning.reduce(0) { $0 + $1.removed } && removed.rowCount > 2)
    #expect(result.report.rowsLearned + removed.rowCount == plain.report.rowsLearned)
    // The numbers are those of the file, and the rows as they were.
    let numbers = try removed["row"].numbers().map { Int($0) - 1 }
    #expect(try removed["x"].numbers() == table.take(numbers)["x"].numbers())
    #expect(Set(try removed["step"].strings().compactMap { $0 }).count == 2)
    let folder = try TemporaryFolder()
    try result.save(to: folder.path)
    #expect(try Table(csv: folder.file(AutoML.removedRowsName)).rowCount == removed.rowCount)
    #expect(String(decoding: try folder.read("report.html"), as: UTF8.self).contains("wrong labels"))
  }

  @Test("Rows nearly equal to another are taken out, and steps that do not fit are refused")
  func nearDuplicates() throws {
    var random = RandomSource(seed: 3)
    var words: [String] = []
    for _ in 0..<60 {
      let parts: [String] = (0..<12).map { _ in "w\(random.below(500))" }
      words.append(parts.joined(separator: " "))
    }
    let texts = words + words.prefix(20).map { $0 + " more" }
    var table = try Table([
      Column("text", texts.map { Optional($0) }),
      Column("x", texts.indices.map { Optional(Double($0 % 60)) }),
      Column("label", texts.indices.map { $0 % 60 < 30 ? "a" : "b" }),
    ])
    var configuration = Tables.short("label", trials: 0)
    configuration.isExplainable = true
    configuration.cleaning = [.nearDuplicates]
    let report = try AutoML.run(table, configuration).report
    #expect(report.cleaning.contains { $0.name == "near duplicates" })
    table = try Tables.numbers(rows: 40)
    configuration.target = "value"
    configuration.cleaning = [.wrongLabels]
    #expect(
      Tables.message { _ = try AutoML.run(table, configuration) }.contains("wrong labels are of classes"))
  }
}
