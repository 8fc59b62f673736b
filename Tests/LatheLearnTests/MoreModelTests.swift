import DataTestSupport
import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Discriminants, AdaBoost of numbers, probabilities of kernel machines, and what learns piece by piece, against scikit-learn
/// (scripts/make-model-fixtures.py).
@Suite("More models")
struct MoreModelTests {
  private struct Content: Decodable {
    struct Quadratic: Decodable {
      var target: String
      var regularization: Double
      var probabilities: [Double]
    }
    struct Calibrated: Decodable {
      var target: String
      var kind: String
      var method: String
      var isEnsemble: Bool
      var probabilities: [Double]
    }
    struct Boosting: Decodable {
      struct Case: Decodable {
        var loss: String
        var rate: Double
        var votes: [Double]
        var median: [Double]
      }
      var targets: [Double]
      var weights: [Double]
      var answers: [[Double]]
      var cases: [Case]
    }
    struct Components: Decodable {
      var means: [Double]
      var components: [[Double]]
      var variance: [Double]
      var ratio: [Double]
    }
    var x: [[Double]]
    var weights: [Double]
    var targets: [String: [Double]]
    var quadratic: [Quadratic]
    var calibrated: [Calibrated]
    var boosting: Boosting
    var components: Components
    var start: [[Double]]
    var centers: [[Double]]
  }

  private let content: Content
  private let x: FeatureMatrix

  init() throws {
    content = try LearnFixture.load("models")
    x = FeatureMatrix(content.x)
  }

  private func rows(_ range: Range<Int>) -> FeatureMatrix { x.selecting(rows: Array(range)) }

  private func table() throws -> Table {
    try Table(
      (0..<4).map { j in Column("x\(j)", x.column(j).map { Optional($0) }) }
        + content.targets.sorted { $0.key < $1.key }.map { name, values in
          Column(name, values.map { Optional(Int($0)) })
        } + [Column("number", (0..<x.rows).map { Optional(2 * x[$0, 0] + x[$0, 1] * x[$0, 1]) })])
  }

  private let features = ColumnTransformer([.init(["x0", "x1", "x2", "x3"], [.standardScale])])

  @Test("Quadratic discriminants say what scikit-learn's say, and what they cannot learn from")
  func quadratic() throws {
    for own in content.quadratic {
      let data = LabelledRows(x, try #require(content.targets[own.target]))
      let model = try QuadraticDiscriminant.train(data, .init(regularization: own.regularization))
      #expect(LearnFixture.difference(model.probabilities(x), own.probabilities) < 1e-6, "\(own.target)")
    }
    let flat = FeatureMatrix(content.x.map { $0 + [$0[0] + $0[1]] })
    let data = LabelledRows(flat, try #require(content.targets["two"]))
    #expect(throws: LatheError.self) { try QuadraticDiscriminant.train(data) }
    _ = try QuadraticDiscriminant.train(data, .init(regularization: 0.1))
  }

  @Test("Probabilities of kernel machines and discriminants are scikit-learn's")
  func calibrated() throws {
    var machine = SVC.Configuration()
    machine.tolerance = 1e-9
    for own in content.calibrated {
      let method: CalibrationMethod =
        own.method == "sigmoid" ? .platt : own.method == "isotonic" ? .isotonic : .temperature
      let estimator: Estimator =
        own.kind == "svc"
        ? .svc(machine) : own.kind == "lda" ? .linearDiscriminant : .quadraticDiscriminant()
      let data = LabelledRows(x, try #require(content.targets[own.target]))
      let model = try CalibratedClassifier.train(
        data, estimator, .init(method: method, isEnsemble: own.isEnsemble))
      let found = model.probabilities(rows(0..<40))
      #expect(
        LearnFixture.difference(found, own.probabilities) < 1e-5, "\(own.target) \(own.kind) \(own.method)")
    }
  }

  @Test("AdaBoost.R2 votes and answers as scikit-learn's, from the same answers of its models")
  func boostingRounds() throws {
    let boosting = content.boosting
    for own in boosting.cases {
      var configuration = AdaBoostRegressor.Configuration(treeCount: 5, learningRate: own.rate)
      configuration.loss = try #require(.init(rawValue: own.loss))
      var number = 0
      let votes = try AdaBoostRegressor.rounds(boosting.targets, weights: boosting.weights, configuration) {
        _ in
        number += 1
        return boosting.answers[number - 1]
      }
      #expect(LearnFixture.difference(votes, own.votes) < 1e-9, "\(own.loss) \(own.rate)")
      let medians = boosting.targets.indices.map { row in
        AdaBoostRegressor.median(votes.indices.map { boosting.answers[$0][row] }, votes)
      }
      #expect(LearnFixture.difference(medians, own.median) < 1e-12, "\(own.loss) \(own.rate)")
    }
  }

  @Test("Pieces of rows lead to scikit-learn's components and centers")
  func pieces() throws {
    var components = IncrementalPCA(components: 3)
    var groups = KMeansCounts(centers: content.start)
    for range in [0..<25, 25..<60, 60..<90] {
      try components.partialFit(rows(range))
      try groups.partialFit(rows(range), weights: Array(content.weights[range]))
    }
    let model = try components.model()
    let wanted = content.components
    #expect(LearnFixture.difference(model.means, wanted.means) < 1e-9)
    #expect(LearnFixture.difference(model.explainedVariance, wanted.variance) < 1e-9)
    #expect(LearnFixture.difference(model.explainedVarianceRatio, wanted.ratio) < 1e-9)
    #expect(
      LearnFixture.difference(model.components.flatMap { $0 }, wanted.components.flatMap { $0 }) < 1e-8)
    #expect(
      LearnFixture.difference(groups.model().centers.flatMap { $0 }, content.centers.flatMap { $0 }) < 1e-9)
    #expect(throws: LatheError.self) { try components.partialFit(FeatureMatrix([[1, 2]])) }
    #expect(throws: LatheError.self) { try groups.partialFit(FeatureMatrix([[1, 2]])) }
  }

  @Test("Pipelines train them, store them and read them")
  func pipelines() throws {
    let table = try table()
    let calibrated: [CalibrationMethod] = [.platt, .isotonic, .temperature]
    let plans: [(String, Estimator)] =
      [
        ("two", .linearDiscriminant), ("three", .linearDiscriminant), ("three", .quadraticDiscriminant()),
        ("number", .adaBoostRegressor(.init(treeCount: 10))), ("three", .naiveBayes(.bernoulli())),
        ("two", .calibrated(.svc(), .init(isEnsemble: false, seed: 1))),
      ] + calibrated.map { ("three", .calibrated(.svc(), .init(method: $0, folds: 3))) }
    for (target, estimator) in plans {
      let model = try Pipeline(features, estimator, target: target).fit(table)
      let folder = try TemporaryFolder()
      try model.save(to: folder.path)
      let stored = try TableModel(path: folder.path)
      #expect(try stored.predict(table).strings() == model.predict(table).strings())
      if target != "number" {
        #expect(try stored.probabilities(table) == model.probabilities(table), "\(estimator)")
        let labels = try model.labels(table)
        let right = zip(try stored.predictedClasses(table), labels).count { $0 == $1 }
        #expect(right > 60, "\(estimator): \(right)")
      } else {
        let (found, wanted) = (try stored.predict(table).numbers(), try model.targets(table))
        let mean = wanted.reduce(0, +) / Double(wanted.count)
        let error = zip(found, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        #expect(error < 0.2 * wanted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
      }
    }
  }
}
