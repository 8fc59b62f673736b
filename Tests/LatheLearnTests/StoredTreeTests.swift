import DataTestSupport
import LatheCore
import LatheLearn
import LatheTables
import Testing

/// What scripts/make-forest-fixtures.py wrote.
struct EnsembleFixture: Decodable {
  struct Case: Decodable {
    var criterion: String
    var max_depth: Int?
    var ccp_alpha: Double?
    var leaves: Int
    var answers: [Double]
  }

  var rows: [[Double?]]
  var holes: [[Double?]]
  var numbers: [Double]
  var three: [Double]
  var two: [Double]
  var trees: [Case]
  var adaBoost: [String: [Double]]
  var stacked: [String: [Double]]
  var voted: [String: [Double]]
}

/// Trees with missing values, and forests and neighbours in files.
@Suite("Forests in files")
struct StoredTreeTests {
  @Test("Trees with missing values are scikit-learn's")
  func missing() throws {
    let content: EnsembleFixture = try LearnFixture.load("ensembles")
    let train = LearnFixture.matrix(Array(content.holes[..<200]))
    let test = LearnFixture.matrix(Array(content.holes[200...]))
    let criteria: [String: TreeConfiguration.Criterion] = [
      "gini": .gini, "entropy": .entropy, "squared_error": .squaredError,
    ]
    for (number, own) in content.trees.enumerated() {
      var configuration = TreeConfiguration(criterion: criteria[own.criterion] ?? .gini)
      configuration.maxDepth = own.max_depth
      configuration.minRowsInLeaf = 15
      configuration.pruningAlpha = own.ccp_alpha ?? 0
      let targets = own.criterion == "squared_error" ? content.numbers : content.three
      let forest = try Forest.train(
        LabelledRows(train, Array(targets[..<200])), .decisionTree(configuration))
      #expect(forest.trees[0].leaves.count == own.leaves, "case \(number)")
      #expect(LearnFixture.difference(forest.probabilities(test), own.answers) < 1e-9, "case \(number)")
    }
  }

  @Test("Drawn thresholds know missing values, too, and none but them")
  func drawn() throws {
    let content: EnsembleFixture = try LearnFixture.load("ensembles")
    let train = LearnFixture.matrix(Array(content.holes[..<200]))
    let test = LearnFixture.matrix(Array(content.holes[200...]))
    var configuration = ForestConfiguration.extraTrees(.gini)
    configuration.treeCount = 60
    let found = try Forest.train(LabelledRows(train, Array(content.two[..<200])), configuration).predict(test)
    #expect(zip(found, content.two[200...]).count { $0 == $1 } >= 42)
    // A column that is missing or 1 tells classes.
    let x = FeatureMatrix((0..<20).map { [$0 % 2 == 0 ? .nan : 1] })
    for configuration in [ForestConfiguration.extraTrees(.gini), .decisionTree(.init(criterion: .entropy))] {
      let y = (0..<20).map { Double($0 % 2) }
      #expect(try Forest.train(LabelledRows(x, y), configuration).predict(x) == y)
    }
  }

  @Test("AdaBoost's probabilities are scikit-learn's")
  func adaBoost() throws {
    let content: EnsembleFixture = try LearnFixture.load("ensembles")
    let train = LearnFixture.matrix(Array(content.rows[..<200]))
    let test = LearnFixture.matrix(Array(content.rows[200...]))
    for (name, targets) in [("two", content.two), ("three", content.three)] {
      let model = try AdaBoost.train(LabelledRows(train, Array(targets[..<200])), .init(treeCount: 10))
      #expect(
        LearnFixture.difference(model.probabilities(test), content.adaBoost[name] ?? []) < 1e-9, "\(name)")
    }
  }

  private static let plans: [(Estimator, String)] = {
    var forest = ForestConfiguration.randomForest(.gini)
    forest.treeCount = 7
    var extra = ForestConfiguration.extraTrees(.squaredError)
    extra.treeCount = 5
    var tree = TreeConfiguration(criterion: .entropy)
    tree.pruningAlpha = 0.01
    return [
      (.forest(forest), "label"), (.forest(extra), "number"), (.forest(.decisionTree(tree)), "label"),
      (.adaBoost(.init(treeCount: 8)), "label"),
      (.nearestNeighbors(.init(k: 3, weights: .distance, isClassification: true)), "label"),
      (.nearestNeighbors(.init(isClassification: false)), "number"),
    ]
  }()

  private func features(_ estimator: Estimator) -> ColumnTransformer {
    // Trees take missing values as they are.
    if case .nearestNeighbors = estimator {
      return ColumnTransformer([
        .init(["age"], [.impute(.median), .standardScale]), .init(["port"], [.oneHot(unknown: .ignore)]),
      ])
    }
    return ColumnTransformer([.init(["age"]), .init(["port"], [.oneHot(unknown: .ignore)])])
  }

  @Test("Each model predicts the same after it was stored")
  func stored() throws {
    let folder = try TemporaryFolder()
    let table = try PipelineTests.table()
    for (number, (estimator, target)) in Self.plans.enumerated() {
      let model = try Pipeline(features(estimator), estimator, target: target).fit(table)
      try model.save(to: "\(folder.path)/\(number)")
      let again = try TableModel(path: "\(folder.path)/\(number)")
      #expect(try again.predict(table).strings() == model.predict(table).strings(), "\(number)")
      if target == "label" {
        #expect(try again.probabilities(table) == model.probabilities(table), "\(number)")
        let right = zip(try model.predict(table).strings(), try table["label"].strings()).count { $0 == $1 }
        #expect(right > 85, "\(number): \(right)")
      }
      if case .forest(let forest) = model.estimator, case .forest(let other) = again.estimator {
        #expect(LearnFixture.difference(other.importances(), forest.importances()) < 1e-6)
        for (a, b) in zip(forest.trees, other.trees) {
          #expect(a.leaves.map(\.rows).sorted() == b.leaves.map(\.rows).sorted())
          #expect(a.splits.first?.rows == b.splits.first?.rows && a.depth == b.depth)
          let (x, y) = (a.splits.first?.values ?? [], b.splits.first?.values ?? [])
          #expect(LearnFixture.difference(x, y) < 1e-12)
        }
      }
    }
  }

  @Test("A file whose trees or rows do not fit is refused")
  func hostile() throws {
    let folder = try TemporaryFolder()
    let table = try PipelineTests.table()
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    func refuses(_ estimator: Estimator, _ target: String, _ keys: [String], _ texts: [String: String]) throws
    {
      let model = try Pipeline(features(estimator), estimator, target: target).fit(table)
      try model.save(to: folder.path)
      let text = String(decoding: try folder.read(TableModel.fileName), as: UTF8.self)
      var changed: [String] = keys.compactMap { key in
        // A list of numbers without its last ones, and with other bits.
        guard let range = text.firstRange(of: "\"\(key)\" : \"") else { return nil }
        return String(text[..<range.upperBound]) + String(text[range.upperBound...].dropFirst(16))
      }
      #expect(changed.count == keys.count)
      for (old, new) in texts {
        #expect(text.contains(old), "\(old)")
        changed.append(text.replacing(old, with: new))
      }
      for text in changed {
        try folder.write(Array(text.utf8), TableModel.fileName)
        #expect(message { _ = try TableModel(path: folder.path) }.contains(TableModel.fileName))
      }
    }
    try refuses(
      Self.plans[0].0, "label", ["nodes", "thresholds", "gains", "values", "covers", "rows"],
      [
        "\"count\" : 7": "\"count\" : 70000000000", "\"outputs\" : 2": "\"outputs\" : 1",
        "\"classes\" : 2": "\"classes\" : 3", "\"kind\" : \"forest\"": "\"kind\" : \"neighbors\"",
      ])
    try refuses(Self.plans[3].0, "label", ["nodes"], ["\"votes\" : [": "\"votes\" : [1,"])
    try refuses(
      Self.plans[4].0, "label", ["rows", "targets"],
      [
        "\"k\" : 3": "\"k\" : 0", "\"columns\" : 5": "\"columns\" : 0", "\"distance\"": "\"far\"",
        "\"classes\" : 2": "\"classes\" : 1",
      ])
    // A column that is not there: nodes of one split and two leaves, by column 9.
    try refuses(
      .forest(
        .decisionTree(
          {
            var t = TreeConfiguration(criterion: .gini); t.maxDepth = 1; return t
          }())), "label",
      [], ["\"nodes\" : \"": "\"nodes\" : \"EgAAAP//////////\", \"was\" : \""])
  }
}
