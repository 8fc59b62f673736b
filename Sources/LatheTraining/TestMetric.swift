import Foundation
import Lathe
import LatheNN

/// A figure of each test besides loss and accuracy, taken batch by batch of the outputs that give those.
public struct TestMetric: Sendable {
  /// What it is called in reports and by monitors, such as `f1-macro`.
  public let name: String
  /// Whether a larger value is a better one.
  public let largerIsBetter: Bool
  /// The outputs that it is a figure of.
  public let kind: OutputKind
  /// How many classes there may be.
  public let classes: ClosedRange<Int>
  private let begin: @Sendable () -> Pass

  /// The metric of one pass over a test set.
  struct Pass {
    let update: (TestOutput) throws -> Void
    let value: () -> Double
  }

  /// A metric of one's own.
  ///
  /// - Parameters:
  ///   - name: What it is called in reports.
  ///   - kind: What outputs it is of.
  ///   - classes: How many classes there may be.
  ///   - largerIsBetter: Which way is up.
  ///   - start: The metric of no examples.
  ///   - update: Adds a batch.
  ///   - value: The figure; one that is not finite is left out of reports.
  public init<Metric: Sendable>(
    _ name: String, of kind: OutputKind, classes: ClosedRange<Int> = 1...Int.max, largerIsBetter: Bool,
    start: Metric, update: @escaping @Sendable (_ metric: inout Metric, _ batch: TestOutput) throws -> Void,
    value: @escaping @Sendable (_ metric: Metric) -> Double
  ) {
    self.name = name
    self.kind = kind
    self.classes = classes
    self.largerIsBetter = largerIsBetter
    begin = {
      var metric = start
      return Pass(update: { try update(&metric, $0) }, value: { value(metric) })
    }
  }

  /// The metric of no examples yet.
  func pass() -> Pass { begin() }
}

// MARK: Those that are there

extension TestMetric {
  /// F1 over all classes.
  public static func f1(_ average: ConfusionMatrix.Average = .macro) -> TestMetric {
    confusion("f1-\(average)") { $0.score(average).f1 }
  }

  /// Precision over all classes.
  public static func precision(_ average: ConfusionMatrix.Average = .macro) -> TestMetric {
    confusion("precision-\(average)") { $0.score(average).precision }
  }

  /// Recall over all classes.
  public static func recall(_ average: ConfusionMatrix.Average = .macro) -> TestMetric {
    confusion("recall-\(average)") { $0.score(average).recall }
  }

  /// The mean recall of the classes that have examples.
  public static let balancedAccuracy = confusion("balanced-accuracy", \.balancedAccuracy)

  /// The share of examples whose class is among the k largest logits; of more than k classes.
  public static func topK(_ k: Int) -> TestMetric {
    TestMetric(
      "top-\(k)", of: .classes, classes: k + 1...Int.max, largerIsBetter: true, start: TopKAccuracy(k)
    ) {
      try $0.update(logits: $1.output, labels: $1.targets)
    } value: {
      $0.value
    }
  }

  /// The area under the receiver operating characteristic: of class 1 of two, or the mean over each of more classes
  /// against all others.
  public static let rocAUC = ranking("roc-auc", \.rocAUC) { $0.rocAUC(oneVersusRest: .macro) }
  /// The area under precision over recall: of class 1 of two, or the mean over each of more classes against all others.
  public static let averagePrecision = ranking("pr-auc", \.averagePrecision) { $0.averagePrecision(.macro) }

  /// The squared differences of probabilities from 1 for the right class and 0 for others: of class 1 of two, or the sum
  /// over more classes.
  public static let brierScore = TestMetric(
    "brier", of: .classes, classes: 2...Int.max, largerIsBetter: false, start: MulticlassScores?.none
  ) {
    try $0.update($1)
  } value: {
    $0?.brierScore() ?? .nan
  }

  /// The mean cross-entropy without label smoothing.
  public static let logLoss = entropy("log-loss", \.value)
  /// e to the mean cross-entropy, without label smoothing.
  public static let perplexity = entropy("perplexity", \.perplexity)
  /// The mean of |output - target|.
  public static let meanAbsoluteError = regression("mae", \.meanAbsoluteError)
  /// The mean of (output - target)^2.
  public static let meanSquaredError = regression("mse", \.meanSquaredError)
  /// The root of the mean of (output - target)^2.
  public static let rootMeanSquaredError = regression("rmse", \.rootMeanSquaredError)
  /// The coefficient of determination.
  public static let r2 = regression("r2", largerIsBetter: true, \.r2)

  /// Those that a name without a number stands for.
  private static let named: [TestMetric] =
    [f1(.macro), f1(.micro), f1(.weighted), precision(.macro), precision(.micro), precision(.weighted)]
    + [recall(.macro), recall(.micro), recall(.weighted), balancedAccuracy, rocAUC, averagePrecision]
    + [brierScore, logLoss, perplexity, meanAbsoluteError, meanSquaredError, rootMeanSquaredError, r2]

  /// The metric of a name such as `f1-macro`, `top-5` or `rmse`; nil where there is none.
  public init?(name: String) {
    if name.hasPrefix("top-"), let k = Int(name.dropFirst("top-".count)), (1...1_000_000).contains(k) {
      self = .topK(k)
    } else if let found = TestMetric.named.first(where: { $0.name == name }) {
      self = found
    } else {
      return nil
    }
  }

  /// The names that `init(name:)` takes of outputs of a kind, with `top-K` for any number.
  public static func names(of kind: OutputKind) -> [String] {
    named.filter { $0.kind == kind }.map(\.name) + (kind == .classes ? ["top-K"] : [])
  }

  private static func confusion(
    _ name: String, _ value: @escaping @Sendable (ConfusionMatrix) -> Double
  ) -> TestMetric {
    TestMetric(name, of: .classes, largerIsBetter: true, start: ConfusionMatrix?.none) { matrix, batch in
      var counted = matrix ?? ConfusionMatrix(classes: batch.classes)
      try counted.update(predicted: batch.predictions(), labels: batch.labels())
      matrix = counted
    } value: {
      $0.map(value) ?? .nan
    }
  }

  private static func ranking(
    _ name: String, _ ofTwo: @escaping @Sendable (BinaryScores) -> Double,
    _ ofSeveral: @escaping @Sendable (MulticlassScores) -> Double
  ) -> TestMetric {
    TestMetric(
      name, of: .classes, classes: 2...Int.max, largerIsBetter: true,
      start: (two: BinaryScores(), several: MulticlassScores?.none)
    ) {
      // Differences of logits rank two classes where both probabilities round to 1.
      if $1.classes == 2 {
        try $0.two.update(scores: $1.margins(), labels: $1.labels().map { $0 == 1 })
      } else {
        try $0.several.update($1)
      }
    } value: {
      $0.several.map(ofSeveral) ?? ofTwo($0.two)
    }
  }

  private static func entropy(
    _ name: String, _ value: @escaping @Sendable (MeanMetric) -> Double
  ) -> TestMetric {
    TestMetric(name, of: .classes, largerIsBetter: false, start: MeanMetric()) {
      $0.update(mean: try $1.meanCrossEntropy(), count: $1.targets.count)
    } value: {
      value($0)
    }
  }

  private static func regression(
    _ name: String, largerIsBetter: Bool = false, _ value: @escaping @Sendable (RegressionMetrics) -> Double
  ) -> TestMetric {
    TestMetric(name, of: .numbers, largerIsBetter: largerIsBetter, start: RegressionMetrics()) {
      try $0.update(predictions: $1.output, targets: $1.targets)
    } value: {
      value($0)
    }
  }
}

extension MulticlassScores? {
  /// Adds a batch, the first of which says how many classes there are.
  fileprivate mutating func update(_ batch: TestOutput) throws {
    var scores = self ?? MulticlassScores(classes: batch.classes)
    try scores.update(probabilities: batch.probabilities(), labels: batch.labels())
    self = scores
  }
}
