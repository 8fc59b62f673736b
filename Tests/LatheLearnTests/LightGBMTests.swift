import LatheCore
import LatheLearn
import Testing

/// The trees that LightGBM grows, and its files.
@Suite("LightGBM")
struct LightGBMTests {
  struct Options: Decodable {
    var l1: Double?
    var l2: Double?
    var maxOutput: Double?
    var monotone: [Int]?
    var interactions: [[Int]]?
    var maxDepth: Int?
    var minGain: Double?
    var maxBins: Int?
    var learningRate: Double?

    enum CodingKeys: String, CodingKey {
      case l1 = "lambda_l1"
      case l2 = "lambda_l2"
      case maxOutput = "max_delta_step"
      case monotone = "monotone_constraints"
      case interactions = "interaction_constraints"
      case maxDepth = "max_depth"
      case minGain = "min_gain_to_split"
      case maxBins = "max_bin"
      case learningRate = "learning_rate"
    }
  }

  struct Case: Decodable {
    var objective: String
    var options: Options
    var categorical: Bool
    var weighted: Bool
    var groups: [Int]
    var model: String
    var scores: [Double]
    var predictions: [Double]
  }

  struct Content: Decodable {
    var rows: [[Double?]]
    var targets: [String: [Double]]
    var weights: [Double]
    var cases: [Case]
  }

  private func configuration(_ own: Case) -> BoostingConfiguration {
    let losses: [String: BoostingLoss] = [
      "regression": .squared, "regression_l1": .absolute, "quantile": .quantile(0.9), "huber": .huber(),
      "poisson": .poisson, "binary": .binary, "multiclass": .multiclass(3), "lambdarank": .lambdaRank(),
    ]
    var result = BoostingConfiguration(loss: losses[own.objective] ?? .squared)
    result.treeCount = 8
    result.leafCount = 7
    result.minRowsInGroup = 20
    result.l1 = own.options.l1 ?? 0
    result.l2 = own.options.l2 ?? 0
    result.maxOutput = own.options.maxOutput ?? 0
    result.monotone = own.options.monotone ?? []
    result.interactions = (own.options.interactions ?? []).map { Set($0) }
    result.maxDepth = own.options.maxDepth
    result.minGain = own.options.minGain ?? 0
    result.maxBins = own.options.maxBins ?? 255
    result.learningRate = own.options.learningRate ?? 0.1
    return result
  }

  @Test("Training gives LightGBM's scores")
  func training() throws {
    let content: Content = try LearnFixture.load("lightgbm")
    for (number, own) in content.cases.enumerated() {
      let x = LearnFixture.matrix(content.rows, categorical: own.categorical ? [4] : [])
      let data = LabelledRows(
        x, content.targets[own.objective] ?? [], weights: own.weighted ? content.weights : nil,
        groups: own.groups.isEmpty ? nil : own.groups)
      let model = try BoostedTrees.train(data, configuration(own))
      let scores = Array(model.scores(x).prefix(own.scores.count))
      // Gradients of log losses are rounded in float32, those of ranks come from a table there.
      let difference = LearnFixture.difference(scores, own.scores)
      #expect(difference < 1e-4, "case \(number), \(own.objective): \(difference)")
    }
  }

  @Test("Models are read and written with the same predictions")
  func files() throws {
    let content: Content = try LearnFixture.load("lightgbm")
    for (number, own) in content.cases.enumerated() {
      let x = LearnFixture.matrix(Array(content.rows.prefix(80)))
      let model = try BoostedTrees(lightGBM: own.model)
      #expect(LearnFixture.difference(model.scores(x), own.scores) < 1e-12, "case \(number)")
      let again = try BoostedTrees(lightGBM: model.lightGBMText())
      #expect(LearnFixture.difference(again.scores(x), own.scores) < 1e-12, "case \(number), written")
      if own.objective == "poisson" {
        #expect(LearnFixture.difference(model.predict(x), own.predictions) < 1e-12)
      }
      if own.objective == "binary" || own.objective == "multiclass" {
        #expect(LearnFixture.difference(model.probabilities(x), own.predictions) < 1e-12)
      }
    }
  }

  @Test("Broken files are refused")
  func broken() throws {
    let content: Content = try LearnFixture.load("lightgbm")
    let text = content.cases[0].model
    for (old, new) in [
      ("tree\n", "forest\n"), ("max_feature_idx=4", "max_feature_idx=x"), ("num_leaves=7", "num_leaves=9"),
      ("left_child=", "left_child=99 "), ("objective=regression", "objective=unknown"),
      ("num_tree_per_iteration=1", "num_tree_per_iteration=3"),
      // What a reader must not believe: sizes without bounds, and what no number is.
      ("num_tree_per_iteration=1", "num_tree_per_iteration=9223372036854775807"),
      ("max_feature_idx=4", "max_feature_idx=2147483646"), ("num_leaves=7", "num_leaves=-1"),
      ("objective=regression", "objective=multiclass num_class:1e300"),
      ("objective=regression", "objective=multiclass num_class:nan"),
    ] {
      var changed = text
      guard let range = changed.firstRange(of: old) else {
        Issue.record("the fixture lacks \(old)")
        continue
      }
      changed.replaceSubrange(range, with: new)
      #expect(throws: LatheError.self, "\(new)") { _ = try BoostedTrees(lightGBM: changed) }
    }
  }
}

/// XGBoost's files.
@Suite("XGBoost")
struct XGBoostTests {
  struct Case: Decodable {
    var objective: String
    var model: String
    var scores: [Double]
    var shap: [[Double]]?
  }

  struct Content: Decodable {
    var rows: [[Double?]]
    var cases: [Case]
  }

  @Test("Models are read and written with the same scores")
  func files() throws {
    let content: Content = try LearnFixture.load("xgboost")
    let x = LearnFixture.matrix(content.rows)
    for (number, own) in content.cases.enumerated() {
      let model = try BoostedTrees(xgboostJSON: own.model)
      #expect(LearnFixture.difference(model.scores(x), own.scores) < 1e-6, "case \(number)")
      let again = try BoostedTrees(xgboostJSON: model.xgboostJSON())
      #expect(LearnFixture.difference(again.scores(x), own.scores) < 1e-6, "case \(number), written")
    }
  }

  @Test("Contributions are XGBoost's")
  func contributions() throws {
    let content: Content = try LearnFixture.load("xgboost")
    let own = try #require(content.cases.first { $0.shap != nil })
    let expected = try #require(own.shap)
    let explainer = try TreeSHAP(BoostedTrees(xgboostJSON: own.model))
    let found = explainer.contributions(LearnFixture.matrix(Array(content.rows.prefix(expected.count))))
    let flat = expected.flatMap { $0.dropLast() }
    #expect(LearnFixture.difference(found, flat) < 1e-5)
    #expect(LearnFixture.difference(explainer.expected, [expected[0].last ?? 0]) < 1e-5)
  }

  @Test("Broken files are refused")
  func broken() throws {
    for text in ["", "[]", "{\"learner\":{}}", String(repeating: "[", count: 10000)] {
      #expect(throws: LatheError.self) { _ = try BoostedTrees(xgboostJSON: text) }
    }
    let content: Content = try LearnFixture.load("xgboost")
    let text = content.cases[0].model
    for (old, new) in [
      ("reg:squarederror", "multi:softprob"), ("\"num_feature\":\"5\"", "\"num_feature\":\"2147483646\""),
      ("\"left_children\":[1,", "\"left_children\":[99,"), ("\"tree_info\":[0,", "\"tree_info\":[1,"),
    ] {
      let changed = text.replacing(old, with: new)
      #expect(changed != text, "the fixture lacks \(old)")
      #expect(throws: LatheError.self, "\(new)") { _ = try BoostedTrees(xgboostJSON: changed) }
    }
  }
}
