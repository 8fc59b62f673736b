import DataTestSupport
import LatheCore
import LatheLearn
import LatheTables
import Testing

@Suite("Profiles of tables")
struct ProfileTests {
  struct Content: Decodable {
    struct Frame: Decodable {
      var x: [Double?]
      var count: [Int]
      var group: [String?]
      var other: [String]
      var y: [Double]
      var described: [String: [Double]]
      var skew: [String: Double]
      var correlation: [[Double]]
      var cramer: Double
      var ratio: Double
    }
    var frame: Frame
  }

  @Test("Numbers and associations are pandas'")
  func pandas() throws {
    let frame = try LearnFixture.load("cleaning", as: Content.self).frame
    let table = try Table([
      Column("x", frame.x), Column("count", frame.count.map { Optional($0) }), Column("group", frame.group),
      Column("other", frame.other.map { Optional($0) }), Column("y", frame.y.map { Optional($0) }),
    ])
    let profile = try TableProfile(table)
    for column in profile.columns where column.numbers != nil {
      let found = try #require(column.numbers)
      let values = [
        Double(table.rowCount - column.missing), found.mean ?? .nan, found.std ?? .nan, found.min,
        found.lowerQuartile, found.median,
        found.upperQuartile, found.max,
      ]
      #expect(LearnFixture.difference(values, frame.described[column.name] ?? []) < 1e-12, "\(column.name)")
      #expect(abs((found.skew ?? .nan) - (frame.skew[column.name] ?? 0)) < 1e-10)
    }
    let names = ["x", "count", "y"]
    func value(_ a: String, _ b: String) -> Double {
      profile.associations.first { $0.first == a && $0.second == b }?.value ?? .nan
    }
    for (i, a) in names.enumerated() {
      for (j, b) in names.enumerated() where i < j {
        #expect(abs(value(a, b) - frame.correlation[i][j]) < 1e-12)
      }
    }
    #expect(abs(value("group", "other") - frame.cramer) < 1e-12)
    #expect(abs(value("x", "group") - frame.ratio) < 1e-12)
    #expect(profile.columns[2].frequent.map(\.count).reduce(0, +) == 48 && profile.columns[2].missing == 2)
    #expect(profile.columns[0].histogram?.counts.reduce(0, +) == 49)
  }

  private func table() throws -> Table {
    var random = RandomSource(seed: 6)
    let rows = 0..<400
    let x: [Double] = rows.map { _ in random.uniform() }
    let label: [String] = x.map { $0 + 0.3 * random.uniform() > 1.1 ? "yes" : "no" }
    let ids: [String?] = rows.map { "u\($0)" }
    let same: [Int?] = rows.map { _ in 7 }
    let leak: [Int?] = label.map { $0 == "yes" ? 1 : 0 }
    let nearly: [Double?] = rows.map { label[$0] == "yes" ? 5 + x[$0] : x[$0] }
    let mixed: [String?] = rows.map { $0 % 3 == 0 ? "a" : "\($0 % 7)" }
    let none: [Double?] = rows.map { _ in nil }
    var infinite: [Double?] = rows.map { Double($0 % 9) }
    infinite[3] = .infinity
    infinite[4] = 1e9
    let half: [String?] = rows.map { $0 % 2 == 0 ? "<script>" : nil }
    var columns = [
      Column("id", ids), Column("x", x.map { Optional($0) }), Column("same", same), Column("leak", leak),
    ]
    columns += [
      Column("nearly", nearly), Column("mixed", mixed), Column("none", none), Column("infinite", infinite),
    ]
    columns += [Column("<b>", half), Column("label", label.map { Optional($0) })]
    return try Table(columns)
  }

  @Test("What needs a look: leaks, identifiers, constants, mixed types, balance")
  func findings() throws {
    let profile = try TableProfile(table(), target: "label")
    let found = profile.findings.joined(separator: "\n")
    for expected in [
      "'leak' says the same as the target in each row: a leak",
      "'id' is different in 100.0 % of the rows", "'same' is the same in all rows", "'none' has no values",
      "'mixed' is of mixed types: 266 of 400", "'infinite' has 1 infinite value",
      "'infinite' is very lopsided",
      "'<b>' is missing in 50.0 %", "the classes are out of balance",
    ] { #expect(found.contains(expected), "\(expected)") }
    #expect(!found.contains("'x' alone") && !found.contains("duplicate"))
    let target = try #require(profile.target)
    #expect(target.isClassification && target.classes.map(\.value) == ["no", "yes"])
    #expect(target.powers[0].column == "leak" && target.powers[0].score == 1)
    let text = "\(profile)"
    #expect(text.contains("400 rows, 10 columns, 0 duplicate rows") && text.contains("leak alone: 1"))
    #expect(throws: LatheError.self) { try TableProfile(table(), target: "other") }
    #expect(throws: LatheError.self) { try TableProfile(table().head(0)) }
    let regression = try TableProfile(table(), target: "x")
    #expect(regression.target?.isClassification == false)
    #expect(try #require(regression.target?.powers.first { $0.column == "id" }).score < 0.05)
  }

  @Test("A column that alone predicts the target nearly perfectly")
  func leak() throws {
    var random = RandomSource(seed: 8)
    let x: [Double] = (0..<400).map { _ in random.uniform() }
    let label: [String?] = x.map { $0 > 0.6 ? "yes" : "no" }
    let noise: [Double?] = x.map { _ in random.uniform() }
    let table = try Table([
      Column("x", x.map { Optional($0) }), Column("noise", noise), Column("label", label),
    ])
    let found = try TableProfile(table, target: "label").findings
    #expect(found.contains { $0.hasPrefix("'x' alone predicts the target nearly perfectly") })
    #expect(!found.contains { $0.contains("'noise'") })
  }

  @Test("One page, in which nothing of the table is taken for its own")
  func page() throws {
    let page = try TableProfile(table(), target: "label").html(title: "a<b>&\"c\".csv")
    #expect(page.contains("a&lt;b&gt;&amp;&quot;c&quot;.csv") && page.contains("&lt;script&gt;"))
    #expect(!page.contains("<script") && !page.contains("http") && !page.contains("<b>"))
    #expect(page.contains("<svg") && page.hasSuffix("</body></html>\n"))
  }
}
