import DataTestSupport
import LatheCore
import LatheLearn
import LatheTables
import Testing

@Suite("Cleaning")
struct CleaningTests {
  struct Content: Decodable {
    struct Factors: Decodable {
      var rows: [[Double]]
      var neighbors: Int
      var factors: [Double]
    }
    struct Labels: Decodable {
      var labels: [Int]
      var probabilities: [[Double]]
      var joint: [[Int]]
      var thresholds: [Double]
      var rows: [Int]
    }
    var factors: [Factors]
    var labels: [Labels]
  }

  private func table() throws -> Table {
    try Table([
      Column("id", Array(0..<8)), Column("age", [30, 41, 30, -5, 200, nil, 30, 52]),
      Column("city", ["Berlin", "berlin ", "Berlin", "Paris", "PARIS", "Paris", "Berlin", "Rome"]),
    ])
  }

  @Test(
    "Duplicates, rules and missing values: rows of the raw table with reasons, and a file of what was taken out"
  )
  func steps() throws {
    let folder = try TemporaryFolder()
    // Row 7 is of the test, and breaks no rule that anybody looks at.
    var cleaner = try TableCleaner(table(), rows: [0, 1, 2, 3, 4, 5, 6])
    try cleaner.removeDuplicates(["age", "city"])
    try cleaner.require(col("age") >= 0, "age >= 0")
    try cleaner.require(col("age") <= 120, "age <= 120", makingMissing: "age")
    try cleaner.removeMissing(["age"])
    let steps = cleaner.report.steps
    #expect(steps[0].removed.map(\.row) == [2, 6] && steps[0].removed[1].reason == "equal to row 0")
    #expect(steps[1].removed == [.init(row: 3, reason: "breaks the rule age >= 0")])
    #expect(steps[2].removed.isEmpty && steps[2].changed.map(\.row) == [4])
    #expect(steps[3].removed.map(\.row) == [4, 5] && steps[3].removed[0].reason == "no 'age'")
    #expect(cleaner.rows == [0, 1] && cleaner.report.removedCount == 5 && cleaner.report.changedCount == 1)
    let path = folder.file("removed.csv")
    try cleaner.writeRemovedRows(to: path)
    let removed = try Table(csv: path)
    #expect(removed.columnNames == ["row", "step", "reason", "id", "age", "city"])
    #expect(try removed["age"].integers() == [30, 30, -5, 200, nil])
    #expect("\(cleaner.report)".contains("rule age >= 0: 1 row removed, 0 values changed"))
    #expect(throws: LatheError.self) { try cleaner.require(col("age") + 1, "age + 1") }
    #expect(throws: LatheError.self) { try TableCleaner(table(), rows: [1, 1]) }
  }

  @Test("Near duplicates of texts and rows")
  func nearDuplicates() throws {
    var random = RandomSource(seed: 4)
    let words = (0..<400).map { "w\($0)" }
    var texts = (0..<300).map { _ in
      (0..<30).map { _ in words[Int(random.next() % 400)] }.joined(separator: " ")
    }
    texts[200] = texts[7] + " more"
    texts[250] = "  " + texts[9].uppercased()
    let finder = try NearDuplicates(similarity: 0.8)
    let pairs = finder.pairs(sets: texts.map { NearDuplicates.pieces(of: $0) })
    #expect(pairs.map { [$0.first, $0.second] } == [[7, 200], [9, 250]])
    #expect(pairs[0].similarity > 0.9 && pairs[1].similarity == 1)
    // All pairs at the limit, found by comparing all.
    let sets = (0..<200).map { _ in (0..<20).map { _ in random.next() % 23 } }
    let exact = (0..<200).flatMap { a in
      (a + 1..<200).filter { b in
        let (x, y) = (Set(sets[a]), Set(sets[b]))
        return Double(x.intersection(y).count) / Double(x.union(y).count) >= 0.8
      }.map { [a, $0] }
    }
    let found = finder.pairs(sets: sets).map { [$0.first, $0.second] }
    #expect(Set(found).isSubset(of: Set(exact)) && found.count >= exact.count * 95 / 100)
    let many = finder.pairs(sets: Array(repeating: [1, 2, 3], count: 5000))
    #expect(many.count == 4999 && many.allSatisfy { $0.first == 0 })
    var cleaner = try TableCleaner(
      Table([
        Column("name", ["Ada Lovelace, London", "Ada Lovelace London", "Alan Turing"]),
        Column("a", [1, 1, 1]), Column("b", [2.5, 2.5, 2.5]),
        Column("c", [3, 3, 3]),
      ]))
    try cleaner.removeNearDuplicates()
    #expect(cleaner.rows == [0, 2])
  }

  @Test("Pictures that look alike")
  func pictures() throws {
    func picture(_ shift: Float, _ seed: UInt64) throws -> PictureHash {
      var random = RandomSource(seed: seed)
      let coarse = (0..<64).map { _ in Float(random.uniform()) }
      return try PictureHash(
        pixels: (0..<32 * 48).map { coarse[$0 / 48 / 4 * 8 + $0 % 48 / 6] + shift + Float($0 % 3) * 0.01 },
        width: 48, height: 32)
    }
    let hashes = try [picture(0, 1), picture(0, 2), picture(0.2, 1), picture(0, 3)]
    #expect(PictureHash.pairs(hashes).map { [$0.first, $0.second] } == [[0, 2]])
    #expect(throws: LatheError.self) { try PictureHash(pixels: [1], width: 1, height: 1) }
  }

  @Test("Local outlier factors are scikit-learn's, wrong labels cleanlab's")
  func references() throws {
    let content: Content = try LearnFixture.load("cleaning")
    for item in content.factors {
      let found = try LocalOutlierFactor(FeatureMatrix(item.rows), neighbors: item.neighbors).factors
      #expect(LearnFixture.difference(found, item.factors) < 1e-9)
    }
    for item in content.labels {
      let found = try WrongLabels(probabilities: item.probabilities, labels: item.labels)
      #expect(found.confidentJoint == item.joint && found.rows.sorted() == item.rows)
      #expect(LearnFixture.difference(found.thresholds, item.thresholds) < 1e-12)
      #expect(abs(found.joint.joined().reduce(0, +) - 1) < 1e-12)
      let order = found.rows.map { item.probabilities[$0][item.labels[$0]] }
      #expect(order == order.sorted())
    }
    #expect(throws: LatheError.self) { try WrongLabels(probabilities: [[0.5, 0.5]], labels: [2]) }
  }

  @Test(
    "Outliers by four rules",
    arguments: [
      OutlierRule.zScore(), .interquartile(3), .isolationForest(score: 0.65), .localOutlierFactor(factor: 3),
    ])
  func outliers(rule: OutlierRule) throws {
    var random = RandomSource(seed: 9)
    func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + random.uniform() } }
    var x: [Double?] = (0..<300).map { _ in normal() }
    let y: [Double?] = (0..<300).map { _ in 100 * normal() }
    x[42] = 25
    x[17] = nil
    var cleaner = try TableCleaner(
      Table([Column("x", x), Column("y", y), Column("t", x.map { _ in Optional("a") })]))
    try cleaner.removeOutliers(rule)
    let removed = cleaner.report.steps[0].removed
    #expect(removed.contains { $0.row == 42 } && !removed.contains { $0.row == 17 } && removed.count < 6)
  }

  @Test("Labels that were exchanged are found and mended")
  func wrongLabels() throws {
    var random = RandomSource(seed: 2)
    let x = (0..<200).map { _ in 2 * random.uniform() - 1 }
    let truth = x.map { $0 > 0 ? "yes" : "no" }
    let wrong = [3, 50, 120, 199].filter { abs(x[$0]) > 0.1 }
    var labels = truth
    for row in wrong { labels[row] = truth[row] == "yes" ? "no" : "yes" }
    let table = try Table([Column("x", x.map { Optional($0) }), Column("label", labels.map { Optional($0) })])
    let pipeline = Pipeline(
      ColumnTransformer([.init(["x"], [.standardScale])]), .logisticRegression(), target: "label")
    var cleaner = try TableCleaner(table)
    try cleaner.removeWrongLabels(pipeline, correcting: true)
    #expect(Set(wrong).isSubset(of: Set(cleaner.report.steps[0].changed.map(\.row))))
    #expect(
      try wrong.allSatisfy { cleaner.table.row($0)[1] == .text(truth[$0]) && labels[$0] != truth[$0] }
        && !cleaner.rows.isEmpty)
    var other = try TableCleaner(table)
    try other.removeWrongLabels(pipeline)
    #expect(Set(other.rows).isDisjoint(with: wrong))
  }

  @Test("Categories in several spellings")
  func categories() throws {
    let spellings =
      Array(repeating: "New York", count: 30) + [
        "new  york", "NEW-YORK", "New Yorc", "Newark", "York 1", "York 2",
      ]
    var cleaner = try TableCleaner(
      Table([Column("city", spellings.map { Optional($0) }).cast(to: .categorical)]))
    let found = try cleaner.mergeCategories("city")
    #expect(found.merges.map(\.from) == ["NEW-YORK", "New Yorc", "new  york"])
    #expect(found.merges.allSatisfy { $0.to == "New York" && $0.count == 1 })
    #expect(cleaner.report.steps[0].changed.map(\.row) == [30, 31, 32])
    #expect(try cleaner.table["city"].type == .categorical)
    #expect(
      try found.apply(to: Column("city", ["New Yorc", nil, "Rome"])).strings() == ["New York", nil, "Rome"])
    #expect(
      try CategoryMerges(of: Column("c", spellings.map { Optional($0) }), nearSpellings: false).merges.count
        == 2)
    #expect(throws: LatheError.self) { try CategoryMerges(of: Column("n", [1, 2])) }
  }

  @Test("Quantities in one unit")
  func quantities() throws {
    var cleaner = try TableCleaner(
      Table([Column("weight", ["12 kg", "850 g", "1,200 kg", "7", nil, "heavy", "-1.5e3 g", "2 lb", "3 kg"])])
    )
    let repair = try cleaner.repairQuantities("weight")
    #expect(repair.unit == "kg")
    #expect(
      try cleaner.table["weight"].numbers(missing: -9) == [12, 0.85, 1200, 7, -9, -9, -1.5, 0.90718474, 3])
    #expect(cleaner.report.steps[0].changed.map(\.row) == [0, 1, 2, 5, 6, 7, 8])
    #expect(cleaner.report.steps[0].notes == ["'weight' in kg", "1 value without a unit, taken to be in kg"])
    let comma = try QuantityRepair(of: Column("a", ["1.234,5 €"]), decimal: ",")
    #expect(
      comma.number("1.234,5 €") == 1234.5 && comma.number("€ 1.000") == 1000 && comma.number("12.34") == nil)
    #expect(throws: LatheError.self) { try QuantityRepair(of: Column("a", ["1 kg", "2 km"])) }
    #expect(throws: LatheError.self) { try cleaner.repairQuantities("weight") }
  }

  @Test("Dates in two orders")
  func dates() throws {
    var cleaner = try TableCleaner(
      Table([
        Column("day", ["31/01/2024", "01/31/2024", "2024-02-29", "03/04/2024", "25.12.2023", "soon", nil])
      ]))
    try cleaner.repairDates("day")
    #expect(
      try cleaner.table["day"].strings() == [
        "2024-01-31 00:00:00", "2024-01-31 00:00:00", "2024-02-29 00:00:00", "2024-04-03 00:00:00",
        "2023-12-25 00:00:00",
        nil, nil,
      ])
    #expect(
      cleaner.report.steps[0].notes == ["2 with the day first, 1 with the month first, 1 in both readings"])
    var unclear = try TableCleaner(Table([Column("day", ["03/04/2024", "05/06/2024"])]))
    #expect(throws: LatheError.self) { try unclear.repairDates("day") }
    try unclear.repairDates("day", order: .monthDayYear)
    #expect(try unclear.table["day"].strings() == ["2024-03-04 00:00:00", "2024-05-06 00:00:00"])
  }
}
