import LatheCore
import LatheTables
import Testing

@Suite("Operations on tables")
struct OperationTests {
  struct Expected: Decodable {
    let name: String
    let values: [String?]
  }

  let left: Table
  let right: Table
  let expected: [String: [Expected]]

  init() throws {
    left = try Table(csv: TableFixtures.path("operations.csv"))
    right = try Table(csv: TableFixtures.path("operations-right.csv"))
    expected = try TableFixtures.decode([String: [Expected]].self, "operations.json")
  }

  /// Compares with what pandas has, numbers to 1e-12.
  private func check(_ name: String, _ table: Table, renaming: [String: String] = [:]) throws {
    let wanted = try #require(expected[name])
    #expect(table.columnNames.map { renaming[$0] ?? $0 } == wanted.map(\.name), "\(name)")
    for (column, wanted) in zip(table.columns, wanted) {
      try #require(column.count == wanted.values.count, "\(name): \(column.name)")
      let wrong = wanted.values.indices.first { !Self.isClose(column[$0], wanted.values[$0]) }
      if let wrong {
        Issue.record(
          "\(name): \(column.name), row \(wrong): \(column[wrong]), not \(wanted.values[wrong] ?? "missing")")
      }
    }
  }

  private static func isClose(_ value: TableValue, _ wanted: String?) -> Bool {
    guard let wanted else { return value == .missing }
    func isClose(_ found: Double) -> Bool {
      guard let number = Double(wanted) else { return false }
      return abs(found - number) <= 1e-12 * max(1, abs(number)) || found == number
    }
    switch value {
    case .missing: return false
    case .text(let text): return text == wanted
    case .float64(let number): return isClose(number)
    case .int64(let number): return isClose(Double(number))
    case .bool(let truth): return isClose(truth ? 1 : 0)
    case .dateTime(let number), .duration(let number): return String(number) == wanted
    }
  }

  @Test("Sorting")
  func sorting() throws {
    try check("sort", left.sort(by: "city", .descending("count"), "price"))
    try check("sort-day", left.sort(by: .descending("day")))
    let numbers = Column("a", [2, Double.nan, nil, -Double.infinity, 0, -0.0, 2, nil])
    let places = Column("b", (0..<8).map { $0 })
    let table = try Table([numbers, places])
    #expect(try table.sort(by: "a")["b"].integers() == [3, 4, 5, 0, 6, 1, 2, 7])
    #expect(try table.sort(by: .descending("a"))["b"].integers() == [0, 6, 4, 5, 3, 1, 2, 7])
    let whole = try Table([Column("a", [Int.max, nil, Int.min, Int.max - 1])])
    #expect(try whole.sort(by: .descending("a"))["a"].integers() == [Int.max, Int.max - 1, Int.min, nil])
    let texts = try Table([Column("a", ["b", nil, "", "a", "ab", "é", "z"])])
    #expect(try texts.sort(by: "a")["a"].strings() == ["", "a", "ab", "b", "z", "é", nil])
    #expect(
      try texts.with(texts["a"].cast(to: .categorical)).sort(by: .descending("a"))["a"].strings() == [
        "é", "z", "b", "ab", "a", "", nil,
      ])
    #expect(message { try left.sort(by: "none") }.contains("no column 'none'; there are id, city"))
  }

  @Test("Groups")
  func groups() throws {
    let groups = try left.group(by: "city", "kind")
    try check(
      "group",
      groups.aggregate(
        .size(), .count("price"), .mean("price"), .std("price"), .variance("price"), .min("price"),
        .max("price"),
        .median("price"), .sum("count"), .min("day"), .first("kind"), .last("count"), .uniqueCount("count")))
    try check("quantile", left.group(by: "kind").aggregate(.quantile("price", 0.9).named("q")))
    let unsorted = try left.group(by: "kind", sorted: false)
    #expect(unsorted.tables().reduce(0) { $0 + $1.rowCount } == left.rowCount)
    #expect(try unsorted.tables()[0]["kind"].strings()[0] == left["kind"].strings()[0])
    let large = try Table([Column("k", [1, 1, 1]), Column("v", [Int.max, 1, -1])])
    #expect(try large.group(by: "k").aggregate(.sum("v"))["v_sum"].integers() == [Int.max])
    let larger = try Table([Column("k", [1, 1]), Column("v", [Int.max, 1])])
    #expect(message { try larger.group(by: "k").aggregate(.sum("v")) }.contains("beyond 64 bits"))
    #expect(
      message { try left.group(by: "kind").aggregate(.mean("city")) }.contains(
        "column 'city' is of text, not of numbers"))
    let zeros = try Table([Column("k", [0.0, -0.0, Double.nan, -Double.nan, nil, nil])])
    #expect(try zeros.group(by: "k").aggregate(.size())["size"].integers() == [2, 2, 2])
  }

  @Test("Joins")
  func joins() throws {
    try check("inner", left.filter(!col("city").isMissing).join(right, on: "city"))
    try check("left", left.filter(!col("city").isMissing).join(right, on: "city", kind: .left))
    let outer = try left.filter(!col("city").isMissing).join(
      right.dropMissing(["city"]), on: "city", kind: .outer)
    try check("outer", outer.sort(by: "city", "id", "id_right"))
    // A missing city agrees with none, not with another missing one.
    #expect(try left.join(right, on: "city").filter(col("country") == "??").rowCount == 0)
    #expect(try left.join(right, on: "city", kind: .outer).filter(col("country") == "??").rowCount == 1)
    #expect(
      message { try left.join(right.with(Column("city", [1, 2, 3, 4, 5])), on: "city") }.contains(
        "is of text in one table and of int64"))
    #expect(message { try left.join(right, on: []) }.contains("name one column"))
    let keyed = try left.with(left["city"].cast(to: .categorical))
    #expect(try keyed.join(right, on: "city").rowCount == left.join(right, on: "city").rowCount)
  }

  @Test("Pivot, equal rows, missing values")
  func shapes() throws {
    try check(
      "pivot", left.filter(!col("city").isMissing).pivot(index: ["kind"], columns: "city", .mean("price")))
    try check("unique", left.unique(["city", "count"]))
    try check("unique-last", left.unique(["city", "count"], keep: .last))
    try check("unique-none", left.unique(["city", "count"], keep: .none))
    try check("drop-missing", left.dropMissing())
    #expect(try left.duplicateCount() == 0)
    #expect(try Table.concatenate([left, left]).duplicateCount() == left.rowCount)
  }

  @Test("Windows, ranks and running sums")
  func windows() throws {
    let price = try left["price"]
    let count = try left["count"].cast(to: .float64)
    try check(
      "window",
      Table([
        price.rolling(5, minimum: 2).sum().renamed("sum"),
        price.rolling(5, minimum: 1).mean().renamed("mean"),
        price.rolling(7, minimum: 2).std().renamed("std"),
        price.rolling(7, minimum: 3).variance().renamed("var"),
        price.rolling(4, minimum: 1).min().renamed("min"), price.rolling(4).max().renamed("max"),
        price.shift(3).renamed("shift"), price.shift(-2).renamed("back"), count.diff().renamed("diff"),
        count.rank().renamed("average"), count.rank(.min).renamed("lowest"),
        count.rank(.max, descending: true).renamed("highest"), count.rank(.dense).renamed("dense"),
        count.rank(.ordinal).renamed("first"), price.cumulativeSum().renamed("cumsum"),
        count.cumulativeSum().renamed("cumcount"), price.cumulativeMax().renamed("cummax"),
        price.cumulativeMin().renamed("cummin"),
      ]))
    // A large number that has gone leaves nothing behind.
    let hard = Column("a", [1e16, 1, 1, 1, 1e-8, 2])
    #expect(try hard.rolling(2).sum().numbers()[2...] == [2, 2, 1 + 1e-8, 2 + 1e-8])
    #expect(try hard.rolling(2).variance().numbers()[3] == 0)
    #expect(try hard.rolling(2).variance().numbers()[5] == Sums.variance([1e-8, 2]))
    let infinite = Column("a", [1, Double.infinity, 2, 3])
    #expect(try infinite.rolling(2).sum().numbers()[3] == 5)
    #expect(try infinite.rolling(2).sum().numbers()[1] == .infinity)
    #expect(message { try price.rolling(0) }.contains("a window of 0 rows"))
    #expect(message { try left["city"].rolling(2) }.contains("not of numbers"))
    #expect(message { try Column("a", [Int.max, 1]).cumulativeSum() }.contains("beyond 64 bits"))
  }

  @Test("Summaries")
  func describe() throws {
    let summary = try left.select("id", "count", "price").describe()
    let table = try summary.select("column", "count", "mean", "std", "min", "25%", "50%", "75%", "max")
    try check("describe", table, renaming: ["column": "index"])
    #expect(try left.describe()["missing"].integers()[1] == left["city"].missingCount)
    #expect(try left.describe()["unique"].integers()[1] == 4)
  }

  @Test("Sums keep their digits")
  func digits() {
    let numbers = (0..<1_000_000).map { _ in 0.1 }
    #expect(abs(Sums.sum(numbers) - 100_000) < 1e-9)
    #expect(Sums.variance([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]) == 30)
    #expect(Sums.variance([5]).isNaN)
    #expect(Sums.quantile(sorted: [1, 2, 4], 0.25) == 1.5)
  }

  @Test("Expressions")
  func expressions() throws {
    try check("filter", left.filter((col("price") > 1e6 && col("city") == "Paris") || col("count") >= 4))
    let table = try Table([
      Column("a", [1, 2, nil, 4]), Column("b", [1.5, nil, 3, Double.nan]),
      Column("t", ["x", "xy", nil, "z"]),
      Column("d", microseconds: [0, 86_400_000_000, nil, 1]), Column("p", [true, false, nil, true]),
    ])
    func values(_ expression: ColumnExpression) throws -> [TableValue] {
      let column = try table.evaluate(expression)
      return (0..<4).map { column[$0] }
    }
    #expect(try values(col("a") * 2 + 1) == [3, 5, nil, 9])
    #expect(try values(col("a") / 2) == [0.5, 1.0, nil, 2.0])
    #expect(try values(col("a") + col("b"))[0] == 2.5)
    #expect(try values(col("b") == col("b")) == [true, nil, true, false])
    #expect(try values(col("b") != 3) == [true, nil, false, true])
    #expect(try values(col("t") < "xy") == [true, false, nil, false])
    #expect(try values(col("t").contains("y")) == [false, true, nil, false])
    #expect(try values(col("t").hasPrefix("x")) == [true, true, nil, false])
    #expect(try values(col("t").hasSuffix("")) == [true, true, nil, true])
    #expect(try values(col("t").isIn(["x", "z"])) == [true, false, nil, true])
    #expect(try values(col("d") >= "1970-01-02") == [false, true, nil, false])
    #expect(try values(col("d") - col("d")) == [.duration(0), .duration(0), nil, .duration(0)])
    #expect(try values(col("p") && col("a") > 3) == [false, false, nil, true])
    #expect(try values(col("p") || col("a").isMissing) == [true, false, true, true])
    #expect(try values(!col("p")) == [false, true, nil, false])
    #expect(try values(col("a").isMissing) == [false, false, true, false])
    #expect(try values((col("a") - 3).abs) == [2, 1, nil, 1])
    #expect(try values(col("b").isFinite) == [true, nil, true, false])
    #expect(try table.with("c", col("a") + 1)["c"].integers() == [2, 3, nil, 5])
    #expect(message { try table.filter(col("a")) }.contains("the condition is of int64, not of truth values"))
    #expect(message { try table.filter(col("t") > 1) }.contains("of int64"))
    #expect(
      message { try table.evaluate(col("t") + 1) }.contains(
        "'+' of text and int64 ('t', 'literal') is not defined"))
    #expect(
      message { try table.evaluate(col("a") * .literal(.int64(.max))) }.contains(
        "row 1: 2 * 9223372036854775807 is beyond"))
  }

  @Test("Columns and tables")
  func tables() throws {
    #expect(
      message { try Table([Column("a", [1]), Column("a", [2])]) }.contains("two columns are named 'a'"))
    #expect(
      message { try Table([Column("a", [1]), Column("b", [1, 2])]) }.contains(
        "column 'b' has 2 rows, column 'a' 1"))
    #expect(try left.select("kind", "id").columnNames == ["kind", "id"])
    #expect(try left.drop("kind", "id").columnNames == ["city", "count", "price", "day"])
    #expect(try left.rename(["id": "number"]).columnNames.first == "number")
    #expect(left.head(3).rowCount == 3)
    #expect(try left.tail(2)["id"].integers() == [118, 119])
    #expect(left.slice(-5..<500).rowCount == 120)
    #expect(message { try left.take([120]) }.contains("no row 120; the table has 120"))
    #expect(left.description.hasPrefix("120 rows, 6 columns\nid "))
    let mixed = try Table.concatenate([Table([Column("a", [1])]), Table([Column("a", [0.5, nil])])])
    #expect(try mixed["a"].numbers(missing: -1) == [1, 0.5, -1])
    #expect(
      message { try Table.concatenate([left, right]) }.contains(
        "lacks 'kind', 'count', 'price', 'day' and has also 'country'"))
    #expect(
      message { try Column("a", ["1", "x"]).cast(to: .int64) }.contains(
        "column 'a': row 1: 'x' cannot be of type int64"))
    #expect(
      message { try Column("a", [1.5]).cast(to: .int64) }.contains("row 0: '1.5' cannot be of type int64"))
    #expect(try Column("a", [1, 0, nil]).cast(to: .bool).strings() == ["true", "false", nil])
    #expect(
      try Column("a", ["2024-03-31 12:00:00"]).cast(to: .dateTime()).strings() == ["2024-03-31 12:00:00"])
    let zoned = Column("a", microseconds: [1_711_843_200_000_000], zone: "Europe/Berlin")
    #expect(
      zoned.strings() == ["2024-03-31 02:00:00+02:00"] || zoned.strings() == ["2024-03-31 01:00:00+01:00"])
  }
}
