import LatheNN
import Testing

/// What scikit-learn says; see scripts/make-metric-fixtures.py.
struct MetricFixture: Decodable, Sendable {
  struct Classes: Decodable, Sendable {
    var name: String
    var classes: Int
    var labels: [Int], predicted: [Int]
    var names: [String]
    var accuracy: Double, balanced: Double
    var confusion: [[Int]]
    /// Precision, recall and F1 by kind of average.
    var averages: [String: [Double]]
    /// By number of digits.
    var report: [String: String]
  }

  struct Binary: Decodable, Sendable {
    var name: String
    var scores: [Double]
    var labels: [Int]
    var roc_auc: Double, average_precision: Double, brier: Double
    var predicted: [Double], observed: [Double]
  }

  struct LogLosses: Decodable, Sendable {
    var probabilities: [[Double]]
    var labels: [Int]
    var value: Double
  }

  struct Regression: Decodable, Sendable {
    var predictions: [Double], targets: [Double]
    var mae: Double, rmse: Double, r2: Double
  }

  struct TopK: Decodable, Sendable {
    var logits: [Float]
    var labels: [Int]
    var values: [Double]
  }

  var classes: [Classes]
  var binary: [Binary]
  var log_loss: LogLosses
  var regression: Regression
  var top_k: TopK
}

/// Metrics against scikit-learn's, fed in uneven batches.
@Suite struct MetricFixtureTests {
  private let fixture: MetricFixture

  init() throws { fixture = try #require(try FixtureFile.load("metrics", as: MetricFixture.self).first) }

  private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * max(1, abs(b)) }

  @Test func classes() throws {
    for expected in fixture.classes {
      var matrix = ConfusionMatrix(classes: expected.classes)
      for start in stride(from: 0, to: expected.labels.count, by: 7) {
        let part = start..<min(start + 7, expected.labels.count)
        try matrix.update(predicted: Array(expected.predicted[part]), labels: Array(expected.labels[part]))
      }
      #expect(matrix.counts == expected.confusion, "\(expected.name)")
      #expect(near(matrix.accuracy, expected.accuracy) && near(matrix.balancedAccuracy, expected.balanced))
      for (name, average) in [
        ("micro", ConfusionMatrix.Average.micro), ("macro", .macro), ("weighted", .weighted),
      ] {
        let score = matrix.score(average)
        let found = [score.precision, score.recall, score.f1]
        let wanted = try #require(expected.averages[name])
        #expect(zip(found, wanted).allSatisfy(near), "\(expected.name) \(name): \(found), expected \(wanted)")
      }
      for digits in [2, 4] {
        #expect(matrix.report(names: expected.names, digits: digits) == expected.report[String(digits)])
      }
    }
  }

  @Test func binary() throws {
    for expected in fixture.binary {
      var scores = BinaryScores()
      for (score, label) in zip(expected.scores, expected.labels) {
        try scores.update(scores: [score], labels: [label == 1])
      }
      #expect(near(scores.rocAUC, expected.roc_auc), "\(expected.name)")
      #expect(near(scores.averagePrecision, expected.average_precision), "\(expected.name)")
      #expect(near(scores.brierScore, expected.brier), "\(expected.name)")
      let bins = scores.calibration(bins: 5)
      #expect(bins.count == expected.predicted.count)
      #expect(zip(bins.map(\.predicted), expected.predicted).allSatisfy(near), "\(expected.name)")
      #expect(zip(bins.map(\.observed), expected.observed).allSatisfy(near), "\(expected.name)")
    }
  }

  @Test func others() throws {
    var losses = LogLoss()
    try losses.update(probabilities: fixture.log_loss.probabilities, labels: fixture.log_loss.labels)
    #expect(near(losses.value, fixture.log_loss.value))
    var numbers = RegressionMetrics()
    for (x, y) in zip(fixture.regression.predictions, fixture.regression.targets) {
      try numbers.update(predictions: [x], targets: [y])
    }
    #expect(near(numbers.meanAbsoluteError, fixture.regression.mae))
    #expect(near(numbers.rootMeanSquaredError, fixture.regression.rmse))
    #expect(near(numbers.r2, fixture.regression.r2))
    let logits = Tensor(fixture.top_k.logits, shape: [25, 6], device: .cpu)
    for (k, expected) in zip([1, 3, 5], fixture.top_k.values) {
      var metric = TopKAccuracy(k)
      try metric.update(logits: logits, labels: Tensor(fixture.top_k.labels, device: .cpu))
      #expect(near(metric.value, expected))
    }
    var mean = MeanMetric()
    mean.update(mean: 2, count: 3)
    mean.update(mean: 4, count: 1)
    #expect(mean.value == 2.5 && near(mean.perplexity, 12.182493960703473))
  }

  @Test func wrongCounts() {
    var matrix = ConfusionMatrix(classes: 3)
    #expect(throws: LatheError.self) { try matrix.update(predicted: [1], labels: [1, 2]) }
    #expect(throws: LatheError.self) { try matrix.update(predicted: [3], labels: [1]) }
    #expect(matrix.total == 0)
    var scores = BinaryScores()
    #expect(throws: LatheError.self) { try scores.update(scores: [.nan], labels: [true]) }
    var losses = LogLoss()
    #expect(throws: LatheError.self) { try losses.update(probabilities: [[1, 0]], labels: [2]) }
    var numbers = RegressionMetrics()
    #expect(throws: LatheError.self) { try numbers.update(predictions: [1], targets: []) }
  }
}
