import Lathe

/// Scores of a two-class problem with their labels, for figures that depend on the order of all of them.
public struct BinaryScores: Sendable {
  private var scores: [Double] = []
  private var labels: [Bool] = []

  /// No examples.
  public init() {}

  /// Examples known to be as many scores as labels, and numbers.
  init(scores: [Double], labels: [Bool]) {
    self.scores = scores
    self.labels = labels
  }

  /// Adds examples: the larger the score, the likelier the positive class.
  ///
  /// - Throws: `LatheError.invalidArgument` where the counts differ or a score is not a number.
  public mutating func update(scores: [Double], labels: [Bool]) throws {
    guard scores.count == labels.count, !scores.contains(where: \.isNaN) else {
      throw LatheError(
        .invalidArgument, "BinaryScores: \(scores.count) scores for \(labels.count) labels, none may be NaN")
    }
    self.scores += scores
    self.labels += labels
  }

  /// Adds a batch: scores [n] and labels [n] of 0 and 1.
  public mutating func update(scores: Tensor, labels: Tensor) throws {
    try update(
      scores: scores.scalars(as: Float.self).map(Double.init),
      labels: labels.scalars(as: Float.self).map { $0 != 0 })
  }

  /// Positives and negatives found at each threshold, from the highest score down; equal scores count together.
  private func thresholds() -> [(score: Double, positives: Int, negatives: Int)] {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var result: [(score: Double, positives: Int, negatives: Int)] = []
    var (positives, negatives) = (0, 0)
    for (place, index) in order.enumerated() {
      if labels[index] { positives += 1 } else { negatives += 1 }
      if place + 1 == order.count || scores[order[place + 1]] != scores[index] {
        result.append((scores[index], positives, negatives))
      }
    }
    return result
  }

  /// The receiver operating characteristic: shares of negatives and of positives at or above each threshold.
  public var rocCurve: [(falsePositiveRate: Double, truePositiveRate: Double, threshold: Double)] {
    let points = thresholds()
    guard let last = points.last else { return [] }
    return [(0, 0, .infinity)]
      + points.map {
        (
          Double($0.negatives) / Double(last.negatives), Double($0.positives) / Double(last.positives),
          $0.score
        )
      }
  }

  /// The area under the receiver operating characteristic; NaN where one of the classes has no example.
  public var rocAUC: Double {
    let curve = rocCurve
    return zip(curve, curve.dropFirst()).reduce(curve.isEmpty ? .nan : 0) { area, pair in
      let (a, b) = pair
      return area + (b.falsePositiveRate - a.falsePositiveRate) * (a.truePositiveRate + b.truePositiveRate)
        / 2
    }
  }

  /// Precision and recall at each threshold, from the highest score down; without positives the recall is 1.
  public var precisionRecallCurve: [(precision: Double, recall: Double, threshold: Double)] {
    let points = thresholds()
    let all = points.last?.positives ?? 0
    return points.map {
      (
        Double($0.positives) / Double($0.positives + $0.negatives),
        all == 0 ? 1 : Double($0.positives) / Double(all), $0.score
      )
    }
  }

  /// The area under precision over recall as scikit-learn's average precision: the sum of precision times the step in
  /// recall; 0 without positives, NaN without examples.
  public var averagePrecision: Double {
    var before = 0.0
    var sum = 0.0
    for point in precisionRecallCurve {
      sum += point.precision * (point.recall - before)
      before = point.recall
    }
    return scores.isEmpty ? .nan : sum
  }

  /// The mean squared difference of probabilities and labels (Brier, 1950).
  public var brierScore: Double {
    zip(scores, labels).reduce(0) { $0 + ($1.0 - ($1.1 ? 1 : 0)) * ($1.0 - ($1.1 ? 1 : 0)) }
      / Double(scores.count)
  }

  /// A bin of the calibration curve.
  public struct CalibrationBin: Sendable, Hashable {
    /// The mean probability given.
    public let predicted: Double
    /// The share of positives.
    public let observed: Double
    /// Examples.
    public let count: Int
  }

  /// Probabilities in equal bins of 0...1 against the shares of positives, empty bins left out, as scikit-learn's
  /// `calibration_curve`.
  public func calibration(bins: Int = 5) -> [CalibrationBin] {
    require(bins > 0, "calibration: \(bins) bins")
    var sums = Array(repeating: (probability: 0.0, positives: 0, count: 0), count: bins)
    for (score, label) in zip(scores, labels) {
      // Bins are closed on the right, but for the first.
      var bin = min(max(Int((score * Double(bins)).rounded(.up)) - 1, 0), bins - 1)
      while bin > 0 && score <= Double(bin) / Double(bins) { bin -= 1 }
      while bin < bins - 1 && score > Double(bin + 1) / Double(bins) { bin += 1 }
      sums[bin].probability += score
      sums[bin].positives += label ? 1 : 0
      sums[bin].count += 1
    }
    return sums.filter { $0.count > 0 }.map {
      CalibrationBin(
        predicted: $0.probability / Double($0.count), observed: Double($0.positives) / Double($0.count),
        count: $0.count)
    }
  }

  /// The mean distance of calibration bins from the diagonal, by their examples (Naeini et al., 2015).
  public func calibrationError(bins: Int = 10) -> Double {
    calibration(bins: bins).reduce(0) { $0 + Double($1.count) * abs($1.predicted - $1.observed) }
      / Double(scores.count)
  }
}
