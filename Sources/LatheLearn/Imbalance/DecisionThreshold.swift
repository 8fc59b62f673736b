import LatheCore

/// What each kind of answer costs.
public struct CostMatrix: Sendable, Hashable, Codable {
  /// The cost of a positive that was found.
  public var truePositive: Double
  /// The cost of a negative that was taken for a positive.
  public var falsePositive: Double
  /// The cost of a positive that was missed.
  public var falseNegative: Double
  /// The cost of a negative that was left alone.
  public var trueNegative: Double

  /// Costs; right answers cost nothing unless said otherwise.
  public init(
    falsePositive: Double, falseNegative: Double, truePositive: Double = 0, trueNegative: Double = 0
  ) {
    self.falsePositive = falsePositive
    self.falseNegative = falseNegative
    self.truePositive = truePositive
    self.trueNegative = trueNegative
  }

  /// The probability from which a positive answer costs less, for probabilities that are right (Elkan, 2001).
  ///
  /// - Throws: `LatheError.invalidArgument` where a wrong answer costs no more than the right one.
  public func threshold() throws -> Double {
    let (wrong, missed) = (falsePositive - trueNegative, falseNegative - truePositive)
    guard wrong > 0, missed > 0 else {
      throw LatheError(
        .invalidArgument,
        "cost matrix: a wrong answer must cost more than the right one, for negatives (\(falsePositive) and "
          + "\(trueNegative)) and for positives (\(falseNegative) and \(truePositive))")
    }
    return wrong / (wrong + missed)
  }
}

/// The score from which rows are positive, chosen on rows that were not learned from.
public struct DecisionThreshold: Sendable, Hashable, Codable {
  /// Rows with this score or a larger one are positive; infinite where none shall be.
  public let threshold: Double
  /// What was reached there: the mean cost, F, precision or recall.
  public let value: Double
  /// The share of positive answers that are right; 1 where there are none.
  public let precision: Double
  /// The share of positives that are found.
  public let recall: Double

  /// What is looked for.
  public enum Goal: Sendable, Hashable {
    /// The least mean cost of a row.
    case cost(CostMatrix)
    /// The largest F: `beta` above 1 lets recall count more.
    case f(beta: Double = 1)
    /// The best precision with a recall of at least so much.
    case recall(atLeast: Double)
    /// The best recall with a precision of at least so much.
    case precision(atLeast: Double)
    /// The largest sum of the shares of positives and negatives that are right (Youden, 1950).
    case balancedAccuracy
  }

  /// Whether each row is positive.
  public func decide(_ scores: [Double]) -> [Bool] { scores.map { $0 >= threshold } }

  /// The best threshold; of equally good ones the highest.
  ///
  /// - Throws: `LatheError.invalidArgument` where counts differ, a score is NaN, a class has no row, or no threshold reaches
  ///   what is asked for.
  public init(
    _ goal: Goal, scores: [Double], labels: [Bool], weights: [Double]? = nil
  ) throws {
    let points = try Self.points(scores, labels, weights)
    guard let all = points.last, all.positives > 0, all.negatives > 0 else {
      throw LatheError(.invalidArgument, "decision threshold: rows of both classes are needed")
    }
    var best: DecisionThreshold?
    for point in points {
      let found = point.positives + point.negatives
      let precision = found > 0 ? point.positives / found : 1
      let recall = point.positives / all.positives
      var value: Double
      switch goal {
      case .cost(let cost):
        let sum =
          cost.truePositive * point.positives + cost.falsePositive * point.negatives
          + cost.falseNegative * (all.positives - point.positives)
          + cost.trueNegative * (all.negatives - point.negatives)
        value = -sum / (all.positives + all.negatives)
      case .f(let beta):
        let b = beta * beta
        value = (1 + b) * point.positives / (b * all.positives + found)
      case .recall(let least):
        if recall < least { continue }
        value = precision
      case .precision(let least):
        if precision < least || found == 0 { continue }
        value = recall
      case .balancedAccuracy: value = (recall + 1 - point.negatives / all.negatives) / 2
      }
      if let best, value <= (best.isCost(goal) ? -best.value : best.value) { continue }
      if case .cost = goal { value = -value }
      best = DecisionThreshold(threshold: point.score, value: value, precision: precision, recall: recall)
    }
    guard let best else {
      throw LatheError(.invalidArgument, "decision threshold: no score reaches \(goal); ask for less")
    }
    self = best
  }

  private func isCost(_ goal: Goal) -> Bool {
    if case .cost = goal { return true }
    return false
  }

  private init(threshold: Double, value: Double, precision: Double, recall: Double) {
    self.threshold = threshold
    self.value = value
    self.precision = precision
    self.recall = recall
  }

  /// Positives and negatives at or above each score, from none down.
  private static func points(
    _ scores: [Double], _ labels: [Bool], _ weights: [Double]?
  ) throws -> [(score: Double, positives: Double, negatives: Double)] {
    guard scores.count == labels.count, weights.map({ $0.count == scores.count }) ?? true,
      !scores.contains(where: \.isNaN)
    else {
      throw LatheError(
        .invalidArgument,
        "decision threshold: \(scores.count) scores and \(weights?.count ?? scores.count) weights for \(labels.count) "
          + "labels, none may be NaN")
    }
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var result = [(score: Double.infinity, positives: 0.0, negatives: 0.0)]
    var (positives, negatives) = (0.0, 0.0)
    for (place, row) in order.enumerated() {
      if labels[row] { positives += weights?[row] ?? 1 } else { negatives += weights?[row] ?? 1 }
      if place + 1 == order.count || scores[order[place + 1]] != scores[row] {
        result.append((scores[row], positives, negatives))
      }
    }
    return result
  }
}
