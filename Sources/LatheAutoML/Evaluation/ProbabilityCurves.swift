import LatheCore
import LatheLearn

/// Curves that make probabilities right: which one helps is found by rows that it was not made by.
package struct ProbabilityCurves {
  private let answers: [Double]
  private let known: [Double]
  private let classes: Int
  private let parts: EnsembleParts

  package init(_ answers: [Double], _ known: [Double], classes: Int, _ parts: EnsembleParts) {
    (self.answers, self.known, self.classes, self.parts) = (answers, known, classes, parts)
  }

  /// The curve of the least log loss, with what it makes of the answers; nil where none is half a per cent better than none.
  ///
  /// - Parameter keepingOrder: Whether curves are left out that make different probabilities equal.
  package func best(keepingOrder: Bool) throws -> (
    CalibratedClassifier.Curve, answers: [Double], loss: Double
  )? {
    var best: (method: CalibrationMethod, loss: Double)?
    let plain = Scores.logLoss(answers, known, classes)
    for method in CalibrationMethod.allCases {
      // Steps need rows, and make different probabilities equal.
      if method == .isotonic && (keepingOrder || known.count < Self.rowsForSteps) { continue }
      let whole = try curve(method, Array(known.indices))
      // Where few rows are all told right the best factor is without end, and the first error after it costs as much.
      if case .temperature(let factor) = whole, !Self.factors.contains(factor.inverseTemperature) { continue }
      let loss = try crossValidated(method)
      if loss < 0.995 * plain, loss < best?.loss ?? .infinity { best = (method, loss) }
    }
    guard let best else { return nil }
    let curve = try curve(best.method, Array(known.indices))
    return (curve, apply(curve, Array(known.indices)), best.loss)
  }

  private static let rowsForSteps = 1000
  private static let factors = 0.25...4.0

  private func crossValidated(_ method: CalibrationMethod) throws -> Double {
    var sum = 0.0
    var count = 0
    for part in parts.all {
      // A class may be in the part alone.
      guard Set(part.others.map { known[$0] }).count == classes else { return .infinity }
      let found = apply(try curve(method, part.others), part.tested)
      let targets = part.tested.map { known[$0] }
      sum += Scores.logLoss(found, targets, classes) * Double(targets.count)
      count += targets.count
    }
    return count > 0 ? sum / Double(count) : .infinity
  }

  private func curve(_ method: CalibrationMethod, _ places: [Int]) throws -> CalibratedClassifier.Curve {
    let targets = places.map { known[$0] }
    let none = FeatureMatrix([Double](repeating: 0, count: targets.count), rows: targets.count, columns: 1)
    return try CalibratedClassifier.curve(
      scores(places, method), LabelledRows(none, targets), classes, method)
  }

  private func apply(_ curve: CalibratedClassifier.Curve, _ places: [Int]) -> [Double] {
    curve.probabilities(scores(places, curve.method), rows: places.count, classes: classes)
  }

  /// What curves start from, as of a stored ensemble: of two classes the probability of the second, else all of them.
  private func scores(_ places: [Int], _ method: CalibrationMethod) -> [Double] {
    let own = places.flatMap { answers[$0 * classes..<($0 + 1) * classes] }
    if method == .temperature { return TemperatureScaling.logits(own) }
    return classes == 2 ? stride(from: 1, to: own.count, by: 2).map { own[$0] } : own
  }
}

/// The probability above which the second of two classes is told.
enum DecisionLimit {
  /// The threshold that is best for a goal, in the middle of the gap between two rows' probabilities.
  static func best(_ p: [Double], _ known: [Double], _ goal: AutoML.ThresholdGoal) -> Double {
    let order = p.indices.sorted { p[$0] < p[$1] }
    let positives = known.count { $0 == 1 }
    let negatives = known.count - positives
    // Rows up to a place are taken for the first class.
    var (missed, spared) = (0, 0)
    var best = (value: -Double.infinity, threshold: 0.5)
    func consider(_ threshold: Double) {
      let (hits, alarms) = (positives - missed, negatives - spared)
      let value: Double
      switch goal {
      case .accuracy: value = Double(hits + spared)
      case .balancedAccuracy:
        value = Double(hits) / Double(max(1, positives)) + Double(spared) / Double(max(1, negatives))
      case .f1: value = 2 * Double(hits) / Double(max(1, 2 * hits + alarms + missed))
      }
      if value > best.value + 1e-12 { best = (value, threshold) }
    }
    consider(max(0, (p[order[0]]) / 2))
    for (place, row) in order.enumerated() {
      if known[row] == 1 { missed += 1 } else { spared += 1 }
      let next = place + 1 < order.count ? p[order[place + 1]] : 1
      if next > p[row] { consider((p[row] + next) / 2) }
    }
    return best.threshold
  }
}
