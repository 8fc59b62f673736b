import DataTestSupport
import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Tables in, predictions out, by models that are stored between.
@Suite("Pipelines")
struct PipelineTests {
  /// Numbers with holes, categories, and classes that both decide.
  static func table(rows: Int = 120, seed: UInt64 = 3) throws -> Table {
    var random = RandomSource(seed: seed)
    let ages = (0..<rows).map { _ in random.uniform() < 0.1 ? nil : 20 + 50 * random.uniform() }
    let ports = (0..<rows).map { _ -> String? in ["Oslo", "Rome", "Kiel", nil][random.below(4)] }
    let labels = (0..<rows).map { row -> String in
      let score = ((ages[row] ?? 45) - 45) / 10 + (ports[row] == "Rome" ? 2 : 0) + random.normal()
      return score > 0.5 ? "yes" : "no"
    }
    return try Table([
      Column("age", ages), Column("port", ports), Column("label", labels),
      Column("number", (0..<rows).map { Optional((ages[$0] ?? 45) / 7 + (ports[$0] == "Rome" ? 3 : 0)) }),
    ])
  }

  private let features = ColumnTransformer([
    .init(["age"], [.impute(.median), .standardScale]), .init(["port"], [.oneHot(unknown: .ignore)]),
  ])

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return ""
  }

  @Test("Each model predicts the same after it was stored, from columns in any order")
  func stored() throws {
    let folder = try TemporaryFolder()
    let table = try Self.table()
    let trees = ColumnTransformer([.init(["age"]), .init(["port"], [.categories])])
    var boosting = BoostingConfiguration(loss: .binary)
    boosting.treeCount = 10
    boosting.minRowsInGroup = 10
    let plans: [(ColumnTransformer, Estimator, String)] = [
      (features, .logisticRegression(), "label"), (features, .linearSVC(), "label"),
      (features, .naiveBayes(), "label"),
      (features, .linearRegression(), "number"), (features, .elasticNet(.lasso(alpha: 0.01)), "number"),
      (features, .poisson(), "number"), (trees, .boostedTrees(boosting), "label"),
      (
        ColumnTransformer([
          .init(["age"], [.impute(.mean), .robustScale]),
          .init(["port"], [.impute(.mostFrequent), .ordinal(unknown: .ignore)]),
        ]), .linearRegression(.ridge()), "number"
      ),
    ]
    for (number, (features, estimator, target)) in plans.enumerated() {
      let model = try Pipeline(features, estimator, target: target).fit(table)
      try model.save(to: "\(folder.path)/\(number)")
      let again = try TableModel(path: "\(folder.path)/\(number)")
      let found = try model.predict(table)
      let other = try table.select("number", "port", "label", "age").with(
        Column("more", table["age"].strings()))
      #expect(try again.predict(other).strings() == found.strings(), "\(number)")
      #expect(again.classes == model.classes && again.target == target)
      if target == "label" {
        let right = zip(found.strings(), try table["label"].strings()).count { $0 == $1 }
        #expect(right > 90, "\(number): \(right)")
      }
      if case .logisticRegression = estimator {
        #expect(try again.probabilities(table) == model.probabilities(table))
        #expect(try again.predictedClasses(table).count == table.rowCount)
      }
    }
  }

  @Test("Features learn from the rows to learn from alone")
  func trainOnly() throws {
    let table = try Table([Column("x", [1, 2, 3, 1000]), Column("y", ["a", "b", "a", "b"])])
    let pipeline = Pipeline(
      ColumnTransformer([.init(["x"], [.standardScale])]), .logisticRegression(), target: "y")
    let model = try pipeline.fit(table.head(3))
    #expect(try model.features.transform(table.head(3)).column(0).reduce(0, +).magnitude < 1e-12)
    // The mean is that of 1, 2 and 3.
    #expect(try model.features.transform(table)[1, 0].magnitude < 1e-12)
    #expect(try pipeline.fit(table).features.transform(table)[1, 0].magnitude > 0.1)
  }

  @Test("A random target stays at chance on rows that were not learned from")
  func chance() throws {
    var random = RandomSource(seed: 5)
    let rows = 600
    let columns = (0..<8).map { Column("x\($0)", (0..<rows).map { _ in Optional(random.normal()) }) }
    let table = try Table(columns + [Column("y", (0..<rows).map { _ in Optional(random.below(2)) })])
    let split = try RowSplits.random(rows: rows, test: 0.5, seed: 42)
    let names = columns.map(\.name)
    let model = try Pipeline(
      ColumnTransformer([.init(names, [.standardScale])]), .logisticRegression(), target: "y"
    ).fit(table.take(split.train))
    let test = try table.take(split.test)
    let right = zip(try model.predictedClasses(test), try model.labels(test)).count { $0 == $1 }
    #expect(abs(Double(right) / 300 - 0.5) < 0.1)
  }

  @Test("What does not fit is said: targets, columns, values, files")
  func refused() throws {
    let table = try Self.table()
    func fit(_ table: Table, _ estimator: Estimator = .logisticRegression(), target: String = "label") throws
    {
      _ = try Pipeline(features, estimator, target: target).fit(table)
    }
    #expect(message { try fit(table, target: "lable") }.contains("no column 'lable'; there are age"))
    #expect(message { try fit(table, target: "age") }.contains("among the features"))
    let rows = table.rowCount
    let labels: [([String?], String)] = [
      ((0..<rows).map { _ in "a" }, "all rows say 'a'"), ((0..<rows).map { "id\($0)" }, "class of its own"),
      ((0..<rows).map { $0 == 7 ? nil : "\($0 % 2)" }, "1 row without a value, the first is row 7"),
    ]
    for (values, what) in labels {
      let found = message { try fit(table.with(Column("label", values))) }
      #expect(found.contains(what), "\(found)")
    }
    #expect(
      message { try fit(table, .linearRegression(), target: "label") }.contains("classes need a classifier"))
    let model = try Pipeline(features, .logisticRegression(), target: "label").fit(table)
    #expect(
      message { _ = try model.predict(table.drop("age")) }.contains(
        "no column 'age', which the model learned"))
    let wrong = try table.with(Column("age", (0..<rows).map { $0 == 4 ? "old" : "30" }))
    #expect(message { _ = try model.predict(wrong) }.contains("column 'age': row 4: 'old'"))
    let unknown = try table.with(Column("port", (0..<rows).map { $0 < 3 ? "Lima" : "Oslo" }))
    #expect(try model.features.unknownCategories(unknown) == ["port": 3])
    #expect(try model.predict(unknown).count == rows)
    let unscaled = Pipeline(
      ColumnTransformer([.init(["port"], [.standardScale])]), .linearSVC(), target: "label")
    #expect(message { _ = try unscaled.fit(table) }.contains("column 'port'"))
    let folder = try TemporaryFolder()
    #expect(message { _ = try TableModel(path: folder.path) }.contains("cannot be read"))
    let boosted = Pipeline(
      ColumnTransformer([.init(["port"], [.categories])]),
      .boostedTrees(BoostingConfiguration(loss: .binary)),
      target: "label")
    try boosted.fit(table).save(to: folder.path)
    let stored = String(decoding: try folder.read(TableModel.fileName), as: UTF8.self)
    for category in ["\"Kiel\"", "\"Oslo\""] {
      try folder.write(Array(stored.replacing(category, with: "null").utf8), TableModel.fileName)
      #expect(message { _ = try TableModel(path: folder.path) }.contains("has null among its categories"))
    }
    try model.save(to: folder.path)
    let name = TableModel.fileName
    let text = String(decoding: try folder.read(name), as: UTF8.self)
    for (old, new) in [
      ("\"version\" : 1", "\"version\" : 2"), ("lathe-table-model", "other"), ("\"scale\"", "\"grow\""),
      ("\"classes\" : [", "\"classes\" : [\"maybe\","), ("\"kind\" : \"logistic\"", "\"kind\" : \"svc\""),
    ] {
      #expect(text.contains(old))
      var parts = text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
      parts.insert(Substring(new), at: 1)
      try folder.write(Array(parts.joined().utf8), name)
      #expect(message { _ = try TableModel(path: folder.path) }.contains(name), "\(new)")
    }
    try folder.write(Array("%PDF-1.4".utf8), name)
    #expect(
      message { _ = try TableModel(path: folder.path) }.contains("not the JSON of a table model: not JSON"))
    let other = text.split(separator: "\"version\" : 1", maxSplits: 1).joined(
      separator: "\"version\" : \"one\"")
    try folder.write(Array(other.utf8), name)
    #expect(message { _ = try TableModel(path: folder.path) }.contains("'version' is not of type Int"))
  }
}
