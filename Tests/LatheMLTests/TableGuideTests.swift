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
  func examples() throws { try GuideExamples.check("docs/tables.md", count: 8) }

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

  @Test("From a raw file to a stored model")
  func model() throws {
    var random: UInt64 = 7
    func next() -> Double {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(random >> 11) * 0x1p-53
    }
    var lines = ["feature1,feature2,label"]
    for row in 0..<200 {
      let (a, b) = (100 * next(), next())
      lines.append("\(row % 40 == 0 ? "" : "\(a)"),\(b),\(a / 100 + b + 0.1 * next() > 1.05 ? "yes" : "no")")
    }
    lines.append(lines[2])
    let path = try folder.write(Array(lines.joined(separator: "\n").utf8), "data.csv")
    let newPath = try folder.write(Array("note,feature2,feature1\nhigh,0.9,90\nlow,0.1,10".utf8), "new.csv")
    let output = folder.file("model")
    let raw = try Table(csv: path)
    let table = try raw.unique().dropMissing()
    print("\(raw.rowCount - table.rowCount) of \(raw.rowCount) rows left out")
    let split = try RowSplits.random(rows: table.rowCount, test: 0.2, seed: 42)
    let (train, test) = (try table.take(split.train), try table.take(split.test))
    let features = ColumnTransformer([.init(["feature1", "feature2"], [.standardScale])])
    let pipeline = Pipeline(features, .logisticRegression(), target: "label")
    let model = try pipeline.fit(train)
    var confusion = ConfusionMatrix(classes: model.classes.count)
    try confusion.update(predicted: model.predictedClasses(test), labels: model.labels(test))
    print(confusion.report(names: model.classes))
    try model.save(to: output)
    #expect(raw.rowCount - table.rowCount == 6 && test.rowCount == 39)
    #expect(confusion.accuracy > 0.85)
    let stored = try TableModel(path: output)
    let rows = try Table(csv: newPath)
    print(try rows.with(stored.predict(rows)))
    let probabilities = try stored.probabilities(rows)
    #expect(try stored.predict(rows).strings() == ["yes", "no"])
    #expect(probabilities[0][1] > 0.9)
  }

  @Test("Networks")
  func networks() throws {
    let (lengths, species) = (
      (0..<60).map { Double($0 % 10) }, (0..<60).map { $0 % 10 > 4 ? "big" : "small" }
    )
    let table = try Table([Column("length", lengths), Column("species", species)])
    let (features, _) = try ColumnTransformer.standard(for: table, target: "species", .networks())
    var network = TabularNetwork(.ftTransformer(), isClassifier: true)
    network.epochs = 20
    let model = try Pipeline(features, network.estimator, target: "species").fit(table)
    #expect(try model.predict(table).strings() == species)
  }

  @Test("Terms of texts")
  func terms() throws {
    let texts = ["good film", "bad film", "good plot", "bad acting"]
    let (words, rows) = try TfidfVectorizer.fitTransform(texts)
    let opinion = try LogisticRegression.train(rows, [1, 0, 1, 0])
    print(opinion.predict(words.transform(["a good one"])))
    #expect(opinion.predict(words.transform(["a good one", "bad"])) == [1, 0])
  }
}
