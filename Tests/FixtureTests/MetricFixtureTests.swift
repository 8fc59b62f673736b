import LatheML
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

  struct Multiclass: Decodable, Sendable {
    var name: String
    var probabilities: [[Double]]
    var labels: [Int]
    /// By class, and by kind of average; nil where scikit-learn says NaN.
    var roc_aucs: [Double?], ovr: [String: Double?], ovo: [String: Double?]
    var average_precisions: [Double], average_precision: [String: Double]
    var brier: Double, brier_half: Double
    /// Of the top label.
    var predicted: [Double], observed: [Double], calibration_error: Double
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
  var multiclass: [Multiclass]
  var log_loss: LogLosses
  var regression: Regression
  var top_k: TopK
}

/// Metrics against scikit-learn's, fed in uneven batches.
@Suite struct MetricFixtureTests {
  private let fixture: MetricFixture

  init() throws { fixture = try #require(try FixtureFile.load("metrics", as: MetricFixture.self).first) }

  private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * max(1, abs(b)) }

  private func same(_ a: Double, _ b: Double?) -> Bool { b.map { near(a, $0) } ?? a.isNaN }

  private static let averages: [(name: String, average: ConfusionMatrix.Average)] = [
    ("micro", .micro), ("macro", .macro), ("weighted", .weighted),
  ]

  @Test func classes() throws {
    for expected in fixture.classes {
      var matrix = ConfusionMatrix(classes: expected.classes)
      for start in stride(from: 0, to: expected.labels.count, by: 7) {
        let part = start..<min(start + 7, expected.labels.count)
        try matrix.update(predicted: Array(expected.predicted[part]), labels: Array(expected.labels[part]))
      }
      #expect(matrix.counts == expected.confusion, "\(expected.name)")
      #expect(near(matrix.accuracy, expected.accuracy) && near(matrix.balancedAccuracy, expected.balanced))
      for (name, average) in Self.averages {
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

  @Test func multiclass() throws {
    for expected in fixture.multiclass {
      let classes = expected.roc_aucs.count
      var scores = MulticlassScores(classes: classes)
      for start in stride(from: 0, to: expected.labels.count, by: 7) {
        let part = start..<min(start + 7, expected.labels.count)
        try scores.update(
          probabilities: Array(expected.probabilities[part]), labels: Array(expected.labels[part]))
      }
      #expect(scores.total == expected.labels.count)
      #expect(zip(scores.rocAUCs, expected.roc_aucs).allSatisfy(same), "\(expected.name)")
      #expect(zip(scores.averagePrecisions, expected.average_precisions).allSatisfy(near), "\(expected.name)")
      for (name, average) in Self.averages {
        let area = try #require(expected.ovr[name])
        #expect(same(scores.rocAUC(oneVersusRest: average), area), "\(expected.name) \(name)")
        let precision = try #require(expected.average_precision[name])
        #expect(near(scores.averagePrecision(average), precision), "\(expected.name) \(name)")
      }
      for (name, average) in [("macro", MulticlassScores.PairAverage.macro), ("weighted", .weighted)] {
        let area = try #require(expected.ovo[name])
        #expect(same(scores.rocAUC(oneVersusOne: average), area), "\(expected.name) \(name)")
      }
      #expect(near(scores.brierScore(), expected.brier))
      #expect(near(scores.brierScore(scaledByHalf: true), expected.brier_half))
      let bins = scores.topLabel.calibration(bins: 5)
      #expect(bins.count == expected.predicted.count)
      #expect(zip(bins.map(\.predicted), expected.predicted).allSatisfy(near), "\(expected.name)")
      #expect(zip(bins.map(\.observed), expected.observed).allSatisfy(near), "\(expected.name)")
      #expect(near(scores.topLabel.calibrationError(), expected.calibration_error), "\(expected.name)")
    }
  }

  @Test("Two classes are those of the binary scores", arguments: Device.all)
  func multiclassTensors(_ device: Device) throws {
    let expected = try #require(fixture.binary.first)
    var scores = MulticlassScores(classes: 2)
    var binary = BinaryScores()
    for start in stride(from: 0, to: expected.labels.count, by: 16) {
      let part = start..<min(start + 16, expected.labels.count)
      let labels = Tensor(expected.labels[part].map(Int32.init), device: device)
      let positive = Tensor(expected.scores[part].map(Float.init), device: device)
      try scores.update(probabilities: Tensor.stack([1 - positive, positive], axis: 1), labels: labels)
      try binary.update(scores: positive, labels: labels)
    }
    #expect(
      same(scores.rocAUCs[1], binary.rocAUC) && same(scores.averagePrecisions[1], binary.averagePrecision))
    #expect(abs(scores.rocAUC(oneVersusOne: .macro) - binary.rocAUC) < 1e-6)
    #expect(abs(scores.brierScore() - binary.brierScore) < 1e-6)
    #expect(abs(scores.brierScore(scaledByHalf: false) - 2 * binary.brierScore) < 1e-6)
    #expect(throws: LatheError.self) {
      try scores.update(
        probabilities: Tensor.zeros([3, 3], device: device),
        labels: Tensor.zeros([3], dtype: .int32, device: device))
    }
    #expect(throws: LatheError.self) {
      try scores.update(
        probabilities: Tensor.full([3, 2], Float(0.5), device: device),
        labels: Tensor.zeros([2], dtype: .int32, device: device))
    }
    #expect(scores.total == expected.labels.count)
  }

  @Test("What is no probability, and classes without examples")
  func multiclassErrors() throws {
    var scores = MulticlassScores(classes: 3)
    #expect(scores.rocAUC(oneVersusRest: .macro).isNaN && scores.rocAUC(oneVersusOne: .macro).isNaN)
    #expect(scores.averagePrecision(.weighted).isNaN && scores.brierScore().isNaN)
    let row = [0.2, 0.3, 0.5]
    for (rows, labels, words) in [
      ([row, row], [0], "2 rows of probabilities for 1 labels"), ([row], [3], "class 3 is not in 0..<3"),
      ([row], [-1], "class -1"), ([row, [0.5, 0.5]], [0, 0], "row 1 has 2 probabilities, expected 3"),
      ([[0.2, 0.3, 0.6]], [0], "has the sum 1.1, not 1"), ([[-0.1, 0.6, 0.5]], [0], "-0.1 in row 0"),
      ([[.nan, 0.5, 0.5]], [0], "nan in row 0"), ([[2, -0.5, -0.5]], [0], "2.0 in row 0"),
    ] {
      let error = #expect(throws: LatheError.self) { try scores.update(probabilities: rows, labels: labels) }
      #expect(error?.kind == .invalidArgument && error?.message.contains(words) == true, "\(words)")
    }
    #expect(scores.total == 0)
    // Sums of float32 softmaxes are near 1 only.
    try scores.update(probabilities: [[0.200001, 0.3, 0.5], row], labels: [2, 2])
    #expect(scores.rocAUC(oneVersusRest: .weighted).isNaN && scores.rocAUC(oneVersusOne: .weighted).isNaN)
    #expect(scores.averagePrecisions == [0, 0, 1])
    var binary = BinaryScores()
    try binary.update(scores: [0.1, 0.7], labels: [false, false])
    #expect(binary.averagePrecision == 0 && binary.precisionRecallCurve.allSatisfy { $0.recall == 1 })
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
