import LatheCore
import LatheLearn
import Testing

/// Calibration beside scikit-learn's.
@Suite("Calibration")
struct CalibrationTests {
  struct Isotonic: Decodable {
    struct Case: Decodable {
      var weighted: Bool
      var rising: Bool
      var limits: [Double]?
      var found: [Double]
    }
    var x: [Double]
    var y: [Double]
    var weights: [Double]
    var at: [Double]
    var cases: [Case]
  }

  struct Calibrators: Decodable {
    var scores: [Double]
    var labels: [Double]
    var weights: [Double]
    var platt: [Double]
    var plattWeighted: [Double]
    var logits: [Double]
    var classes: [Int]
    var classWeights: [Double]
    var temperature: Double
    var temperatureWeighted: Double
    var binaryTemperature: Double
    var f1: Double
    var f1Threshold: Double
    var precisionAtRecall: Double
  }

  struct Classifiers: Decodable {
    struct Case: Decodable {
      var target: String
      var model: String
      var method: String
      var ensemble: Bool
      var found: [Double]
    }
    var x: [[Double]]
    var binary: [Double]
    var three: [Double]
    var cases: [Case]
  }

  struct Content: Decodable {
    var isotonic: Isotonic
    var calibrators: Calibrators
    var classifiers: Classifiers
  }

  @Test("Isotonic regression is scikit-learn's")
  func isotonic() throws {
    let content: Content = try LearnFixture.load("calibration")
    let all = content.isotonic
    for own in all.cases {
      let model = try IsotonicRegression(
        fit: all.x, all.y, weights: own.weighted ? all.weights : nil, isIncreasing: own.rising,
        range: own.limits.map { $0[0]...$0[1] })
      #expect(LearnFixture.difference(model.predict(all.at), own.found) < 1e-12)
    }
  }

  @Test("Platt's curve and temperatures are scikit-learn's")
  func curves() throws {
    let content: Content = try LearnFixture.load("calibration")
    let c = content.calibrators
    let labels = c.labels.map { $0 > 0 }
    for (weights, expected) in [(nil, c.platt), (c.weights, c.plattWeighted)] {
      let curve = try PlattCalibration(fit: c.scores, labels: labels, weights: weights)
      #expect(LearnFixture.difference([curve.slope, curve.intercept], expected) < 1e-7)
    }
    // Large scores give the same probabilities.
    let large = c.scores.map { $0 * 1000 }
    let (a, b) = (
      try PlattCalibration(fit: c.scores, labels: labels), try PlattCalibration(fit: large, labels: labels)
    )
    #expect(LearnFixture.difference(a.predict(c.scores), b.predict(large)) < 1e-8)
    for (weights, expected) in [(nil, c.temperature), (c.classWeights, c.temperatureWeighted)] {
      let found = try TemperatureScaling(fit: c.logits, labels: c.classes, classes: 3, weights: weights)
      #expect(abs(found.inverseTemperature - expected) < 1e-6)
    }
    let pairs = try TemperatureScaling(
      fit: c.scores.flatMap { [-$0, $0] }, labels: labels.map { $0 ? 1 : 0 }, classes: 2)
    #expect(abs(pairs.inverseTemperature - c.binaryTemperature) < 1e-6)
  }

  @Test("Calibrated classifiers are scikit-learn's, with folds and without")
  func classifiers() throws {
    let content: Content = try LearnFixture.load("calibration")
    let c = content.classifiers
    let x = FeatureMatrix(c.x)
    var logistic = LogisticRegression.Configuration()
    logistic.tolerance = 1e-12
    logistic.maxIterations = 1000
    for own in c.cases {
      let method: CalibrationMethod =
        own.method == "sigmoid" ? .platt : own.method == "isotonic" ? .isotonic : .temperature
      let model = try CalibratedClassifier.train(
        LabelledRows(x, own.target == "binary" ? c.binary : c.three),
        own.model == "bayes" ? .naiveBayes() : .logisticRegression(logistic),
        .init(method: method, folds: 4, isEnsemble: own.ensemble))
      #expect(model.members.count == (own.ensemble ? 4 : 1))
      let found = Array(model.probabilities(x).prefix(own.found.count))
      // Platt's curve ends earlier at scikit-learn.
      let limit = own.method == "sigmoid" ? 2e-4 : 1e-6
      #expect(LearnFixture.difference(found, own.found) < limit, "\(own.target) \(own.model) \(own.method)")
    }
  }

  @Test("Thresholds by F1, recall and cost")
  func thresholds() throws {
    let content: Content = try LearnFixture.load("calibration")
    let c = content.calibrators
    let labels = c.labels.map { $0 > 0 }
    let f1 = try DecisionThreshold(.f(), scores: c.scores, labels: labels)
    #expect(abs(f1.value - c.f1) < 1e-12 && f1.threshold == c.f1Threshold)
    let found = try DecisionThreshold(.recall(atLeast: 0.8), scores: c.scores, labels: labels)
    #expect(abs(found.value - c.precisionAtRecall) < 1e-12 && found.recall >= 0.8)
    let cost = CostMatrix(falsePositive: 1, falseNegative: 5)
    #expect(try cost.threshold() == 1.0 / 6)
    let cheapest = try DecisionThreshold(.cost(cost), scores: c.scores, labels: labels)
    func mean(_ threshold: Double) -> Double {
      zip(c.scores, labels).reduce(0) {
        $0 + ($1.0 >= threshold ? ($1.1 ? 0.0 : 1.0) : ($1.1 ? 5 : 0))
      } / Double(labels.count)
    }
    #expect(abs(mean(cheapest.threshold) - cheapest.value) < 1e-12)
    #expect(c.scores.allSatisfy { mean($0) >= cheapest.value - 1e-12 })
    #expect(cheapest.decide([cheapest.threshold, -100]) == [true, false])
    let none = try DecisionThreshold(
      .cost(CostMatrix(falsePositive: 100, falseNegative: 0.01)), scores: [1, 2, 3],
      labels: [true, false, false])
    #expect(none.threshold == .infinity && none.decide([3]) == [false])
  }

  @Test("What cannot be calibrated is refused")
  func refusals() throws {
    let x = FeatureMatrix([[1], [2], [3], [4]])
    #expect(throws: LatheError.self) {
      try CalibratedClassifier.train(LabelledRows(x, [0, 1, 0, 1]), .linearRegression())
    }
    let few = #expect(throws: LatheError.self) {
      try CalibratedClassifier.train(LabelledRows(x, [0, 1, 0, 1]), .naiveBayes())
    }
    #expect(few?.message.contains("the rarest class has 2 rows") == true)
    #expect(throws: LatheError.self) { try PlattCalibration(fit: [1, 2], labels: [true, true]) }
    #expect(throws: LatheError.self) { try IsotonicRegression(fit: [1, 2], [1]) }
    #expect(throws: LatheError.self) { try CostMatrix(falsePositive: 0, falseNegative: 1).threshold() }
    #expect(throws: LatheError.self) {
      try DecisionThreshold(.precision(atLeast: 1.1), scores: [1, 2], labels: [true, false])
    }
  }
}
