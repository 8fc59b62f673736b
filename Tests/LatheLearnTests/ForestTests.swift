import LatheCore
import LatheLearn
import Testing

/// Single trees and many.
@Suite("Forests")
struct ForestTests {
  struct Options: Decodable {
    var max_depth: Int?
    var min_samples_leaf: Int?
    var min_samples_split: Int?
    var ccp_alpha: Double?
    var min_impurity_decrease: Double?
  }

  struct Case: Decodable {
    var criterion: String
    var options: Options
    var weighted: Bool
    var leaves: Int
    var depth: Int
    var answers: [Double]
    var importances: [Double]
  }

  struct Content: Decodable {
    var rows: [[Double?]]
    var numbers: [Double]
    var labels: [Double]
    var weights: [Double]
    var cases: [Case]
    var adaBoost: [Double]
    var votes: [Double]
  }

  @Test("Trees are scikit-learn's")
  func trees() throws {
    let content: Content = try LearnFixture.load("trees")
    let train = LearnFixture.matrix(Array(content.rows[..<200]))
    let test = LearnFixture.matrix(Array(content.rows[200...]))
    for (number, own) in content.cases.enumerated() {
      let criteria: [String: TreeConfiguration.Criterion] = [
        "gini": .gini, "entropy": .entropy, "squared_error": .squaredError,
      ]
      var configuration = TreeConfiguration(criterion: criteria[own.criterion] ?? .gini)
      configuration.maxDepth = own.options.max_depth
      configuration.minRowsInLeaf = own.options.min_samples_leaf ?? 1
      configuration.minRowsToSplit = own.options.min_samples_split ?? 2
      configuration.pruningAlpha = own.options.ccp_alpha ?? 0
      configuration.minImpurityDecrease = own.options.min_impurity_decrease ?? 0
      let targets = own.criterion == "squared_error" ? content.numbers : content.labels
      let forest = try Forest.train(
        LabelledRows(
          train, Array(targets[..<200]), weights: own.weighted ? Array(content.weights[..<200]) : nil),
        .decisionTree(configuration))
      #expect(forest.trees[0].leaves.count == own.leaves, "case \(number)")
      #expect(forest.trees[0].depth == own.depth, "case \(number)")
      #expect(LearnFixture.difference(forest.probabilities(test), own.answers) < 1e-9, "case \(number)")
      #expect(LearnFixture.difference(forest.importances(), own.importances) < 1e-9, "case \(number)")
    }
  }

  @Test("AdaBoost is scikit-learn's")
  func adaBoost() throws {
    let content: Content = try LearnFixture.load("trees")
    let model = try AdaBoost.train(
      LabelledRows(LearnFixture.matrix(Array(content.rows[..<200])), Array(content.labels[..<200])),
      treeCount: 10)
    #expect(LearnFixture.difference(model.votes, content.votes) < 1e-9)
    #expect(model.predict(LearnFixture.matrix(Array(content.rows[200...]))) == content.adaBoost)
  }

  struct ScoreCase: Decodable {
    var name: String
    var rows: [[Double?]]
    var targets: [Double]
    var scores: [String: [Double]]
  }

  struct Scores: Decodable { var cases: [ScoreCase] }

  @Test("Forests score within scikit-learn's spread over ten seeds")
  func scores() throws {
    let content: Scores = try LearnFixture.load("forests")
    for own in content.cases {
      let x = LearnFixture.matrix(own.rows)
      let train = Array(stride(from: 0, to: x.rows, by: 2))
      let test = Array(stride(from: 1, to: x.rows, by: 2))
      let criterion: TreeConfiguration.Criterion = own.name == "iris" ? .gini : .squaredError
      let data = LabelledRows(x.selecting(rows: train), train.map { own.targets[$0] })
      let expected = test.map { own.targets[$0] }
      for (kind, theirs) in own.scores {
        var ours: [Double] = []
        for seed in 0..<5 {
          var configuration =
            kind == "ExtraTrees" ? ForestConfiguration.extraTrees(criterion) : .randomForest(criterion)
          configuration.treeCount = 50
          configuration.tree.seed = UInt64(seed)
          let answers = try Forest.train(data, configuration).predict(x.selecting(rows: test))
          ours.append(own.name == "iris" ? accuracy(answers, expected) : determination(answers, expected))
        }
        let mean = ours.reduce(0, +) / Double(ours.count)
        let margin = max(0.015, (theirs.max() ?? 0) - (theirs.min() ?? 0))
        let center = theirs.reduce(0, +) / Double(theirs.count)
        #expect(abs(mean - center) <= margin, "\(own.name), \(kind): \(mean), scikit-learn \(center)")
      }
    }
  }

  private func accuracy(_ a: [Double], _ b: [Double]) -> Double {
    Double(zip(a, b).filter { $0 == $1 }.count) / Double(b.count)
  }

  private func determination(_ a: [Double], _ b: [Double]) -> Double {
    let mean = b.reduce(0, +) / Double(b.count)
    return 1 - zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      / b.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  @Test("A seed decides a forest")
  func deterministic() throws {
    let (x, _, y) = BoostingTests.table
    var configuration = ForestConfiguration.randomForest(.gini)
    configuration.treeCount = 8
    let data = LabelledRows(x, y)
    let first = try Forest.train(data, configuration)
    #expect(try Forest.train(data, configuration).trees == first.trees)
    configuration.tree.seed = 1
    #expect(try Forest.train(data, configuration).trees != first.trees)
  }

  @Test("Far rows are isolated")
  func isolation() throws {
    let rows = (0..<300).map { [Double($0 % 17) / 17, Double($0 % 23) / 23] } + [[9, 9], [-7, 3]]
    let x = FeatureMatrix(rows)
    let scores = try IsolationForest.train(x, seed: 1).scores(x)
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    #expect(Set(order[..<2]) == [300, 301])
    #expect(scores[300] > 0.65 && scores[..<300].reduce(0, +) / 300 < 0.5)
  }

  @Test("Infinite values are refused by name, and missing ones where outliers are looked for")
  func infinite() {
    let x = FeatureMatrix([[1, .infinity], [2, 3]], names: ["age", "fare"])
    let error = #expect(throws: LatheError.self) {
      _ = try Forest.train(LabelledRows(x, [0, 1]), .randomForest(.gini))
    }
    #expect(error?.message.contains("column 'fare' has infinite values") == true)
    let holes = FeatureMatrix([[1, .nan], [2, 3]], names: ["age", "fare"])
    let other = #expect(throws: LatheError.self) { _ = try IsolationForest.train(holes) }
    #expect(other?.message.contains("column 'fare' has missing values") == true)
  }
}
