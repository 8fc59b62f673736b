import LatheCore
import LatheLearn

/// What models are compared by.
public enum AutoMLMetric: String, Sendable, Hashable, Codable, CaseIterable {
  /// The area under the ROC curve, of two classes.
  case rocAUC = "roc-auc"
  /// The mean of the negative logarithms of the true classes' probabilities.
  case logLoss = "log-loss"
  /// The share of right classes.
  case accuracy
  /// The mean of the classes' shares of right answers.
  case balancedAccuracy = "balanced-accuracy"
  /// The root of the mean squared error.
  case rmse
  /// The mean absolute error.
  case mae
  /// The part of the variance that is explained.
  case r2

  /// Whether it is of classes.
  public var isOfClasses: Bool {
    switch self {
    case .rocAUC, .logLoss, .accuracy, .balancedAccuracy: true
    case .rmse, .mae, .r2: false
    }
  }

  /// Whether more is better.
  public var isHigherBetter: Bool {
    switch self {
    case .rocAUC, .accuracy, .balancedAccuracy, .r2: true
    case .logLoss, .rmse, .mae: false
    }
  }

  /// The metric where nobody names one.
  static func usual(classes: Int) -> AutoMLMetric {
    classes == 0 ? .rmse : classes == 2 ? .rocAUC : .logLoss
  }

  /// A value of which less is better.
  func loss(_ value: Double) -> Double { isHigherBetter ? -value : value }

  /// The value of answers: of classes probabilities, class after class in each row, of numbers one for each row.
  func value(_ answers: [Double], _ targets: [Double], classes: Int) -> Double {
    switch self {
    case .rocAUC: return LearnMetrics.auc(targets.indices.map { answers[2 * $0 + 1] }, targets)
    case .logLoss: return Scores.logLoss(answers, targets, classes)
    case .accuracy: return Scores.accuracy(Scores.classes(answers, classes), targets)
    case .balancedAccuracy: return Scores.balancedAccuracy(Scores.classes(answers, classes), targets)
    case .rmse: return Scores.meanSquare(answers, targets).squareRoot()
    case .mae: return zip(answers, targets).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(targets.count)
    case .r2:
      let mean = targets.reduce(0, +) / Double(targets.count)
      let variance = targets.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(targets.count)
      return variance > 0 ? 1 - Scores.meanSquare(answers, targets) / variance : 0
    }
  }
}

/// Scores of answers.
enum Scores {
  static func classes(_ probabilities: [Double], _ classes: Int) -> [Int] {
    stride(from: 0, to: probabilities.count, by: classes).map { first in
      var best = 0
      for k in 1..<classes where probabilities[first + k] > probabilities[first + best] { best = k }
      return best
    }
  }

  static func logLoss(_ p: [Double], _ targets: [Double], _ classes: Int) -> Double {
    let sum = targets.enumerated().reduce(0.0) {
      $0 - logarithm(min(max(p[$1.offset * classes + Int($1.element)], 1e-15), 1))
    }
    return sum / Double(targets.count)
  }

  static func meanSquare(_ answers: [Double], _ targets: [Double]) -> Double {
    zip(answers, targets).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(targets.count)
  }

  static func accuracy(_ answers: [Int], _ targets: [Double]) -> Double {
    Double(zip(answers, targets).count { Double($0) == $1 }) / Double(targets.count)
  }

  static func balancedAccuracy(_ answers: [Int], _ targets: [Double]) -> Double {
    var (all, right): ([Int: Int], [Int: Int]) = ([:], [:])
    for (answer, target) in zip(answers, targets) {
      all[Int(target), default: 0] += 1
      if Double(answer) == target { right[Int(target), default: 0] += 1 }
    }
    return all.reduce(0) { $0 + Double(right[$1.key] ?? 0) / Double($1.value) } / Double(all.count)
  }

  static func f1(_ answers: [Int], _ targets: [Double]) -> Double {
    let right = zip(answers, targets).count { $0 == 1 && $1 == 1 }
    let said = answers.count { $0 == 1 }
    let there = targets.count { $0 == 1 }
    return said + there > 0 ? 2 * Double(right) / Double(said + there) : 0
  }

  /// All figures of a test, by name.
  static func figures(_ answers: [Double], predicted: [Int]?, _ targets: [Double], classes: Int) -> [String:
    Double]
  {
    guard classes > 0 else {
      return ["rmse": AutoMLMetric.rmse, "mae": .mae, "r2": .r2].mapValues {
        $0.value(answers, targets, classes: 0)
      }
    }
    let predicted = predicted ?? Self.classes(answers, classes)
    var result = [
      "accuracy": accuracy(predicted, targets), "balanced-accuracy": balancedAccuracy(predicted, targets),
      "log-loss": logLoss(answers, targets, classes),
    ]
    if classes == 2 {
      result["f1"] = f1(predicted, targets)
      if Set(targets).count == 2 {
        result["roc-auc"] = AutoMLMetric.rocAUC.value(answers, targets, classes: 2)
      }
    }
    return result
  }
}
