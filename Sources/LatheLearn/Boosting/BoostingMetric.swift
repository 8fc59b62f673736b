import LatheCore

/// How well scores fit, on rows that were not trained on.
public enum BoostingMetric: Sendable, Hashable {
  /// The mean of what is minimised; for rankings NDCG, which is best at 1.
  case loss
  /// The area under the ROC curve, of two classes.
  case auc
  /// The share of wrong classes.
  case error

  /// Whether more is better.
  func isHigherBetter(_ loss: BoostingLoss) -> Bool {
    switch self {
    case .auc: return true
    case .error: return false
    case .loss:
      if case .lambdaRank = loss { return true }
      return false
    }
  }

  /// The metric by scores, output after output.
  func value(_ loss: BoostingLoss, scores: [Double], _ data: LabelledRows) -> Double {
    switch self {
    case .auc: return LearnMetrics.auc(scores, data.targets, weights: data.weights)
    case .error: return error(loss, scores: scores, data)
    case .loss: break
    }
    if case .lambdaRank(let truncation) = loss {
      return LearnMetrics.ndcg(
        scores, data.targets, groups: data.groups ?? [data.targets.count], places: truncation)
    }
    let rows = data.targets.count
    var (sum, weights) = (0.0, 0.0)
    var p = [Double](repeating: 0, count: loss.outputs)
    for i in 0..<rows {
      let weight = data.weights?[i] ?? 1
      for k in p.indices { p[k] = scores[k * rows + i] }
      sum += weight * Self.rowLoss(loss, &p, data.targets[i])
      weights += weight
    }
    return weights > 0 ? sum / weights : 0
  }

  private static func rowLoss(_ loss: BoostingLoss, _ p: inout [Double], _ target: Double) -> Double {
    let difference = p[0] - target
    switch loss {
    case .squared, .lambdaRank: return difference * difference
    case .absolute: return abs(difference)
    case .quantile(let alpha): return difference < 0 ? -alpha * difference : (1 - alpha) * difference
    case .huber(let limit):
      let size = abs(difference)
      return size <= limit ? 0.5 * size * size : limit * (size - 0.5 * limit)
    case .poisson: return exponential(p[0]) - target * p[0]
    case .binary: return -logarithm(max(logistic(target > 0 ? p[0] : -p[0]), 1e-15))
    case .multiclass:
      softmax(&p)
      return -logarithm(max(p[Int(target)], 1e-15))
    }
  }

  private func error(_ loss: BoostingLoss, scores: [Double], _ data: LabelledRows) -> Double {
    let rows = data.targets.count
    var (wrong, all) = (0.0, 0.0)
    for i in 0..<rows {
      let weight = data.weights?[i] ?? 1
      all += weight
      let answer: Int
      if loss.outputs == 1 {
        answer = scores[i] > 0 ? 1 : 0
      } else {
        answer = (0..<loss.outputs).max { scores[$0 * rows + i] < scores[$1 * rows + i] } ?? 0
      }
      if answer != Int(data.targets[i]) { wrong += weight }
    }
    return all > 0 ? wrong / all : 0
  }
}

/// Scores of answers on tables.
public enum LearnMetrics {
  /// The area under the ROC curve; targets above 0 are the positive ones.
  public static func auc(_ scores: [Double], _ targets: [Double], weights: [Double]? = nil) -> Double {
    require(scores.count == targets.count, "auc: \(scores.count) scores for \(targets.count) targets")
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var (negatives, positives, area) = (0.0, 0.0, 0.0)
    var i = 0
    while i < order.count {
      var (tiedNegative, tiedPositive) = (0.0, 0.0)
      let score = scores[order[i]]
      while i < order.count, scores[order[i]] == score {
        let weight = weights?[order[i]] ?? 1
        if targets[order[i]] > 0 { tiedPositive += weight } else { tiedNegative += weight }
        i += 1
      }
      area += tiedPositive * (negatives + tiedNegative / 2)
      negatives += tiedNegative
      positives += tiedPositive
    }
    return negatives > 0 && positives > 0 ? area / (negatives * positives) : 1
  }

  /// The mean of NDCG over queries, whose rows lie behind each other; one without a relevant row counts as 1.
  public static func ndcg(_ scores: [Double], _ targets: [Double], groups: [Int], places: Int) -> Double {
    var (first, sum) = (0, 0.0)
    for group in groups {
      let labels = targets[first..<first + group].map { Int($0) }
      let order = (0..<group).sorted { (scores[first + $1], $0) < (scores[first + $0], $1) }
      let best = Ranking.bestDCG(labels[...], truncation: places)
      let own = order.prefix(places).enumerated().reduce(0) {
        $0 + Ranking.gain(labels[$1.element]) * Ranking.discount($1.offset)
      }
      sum += best > 0 ? own / best : 1
      first += group
    }
    return groups.isEmpty ? 0 : sum / Double(groups.count)
  }
}

/// Rows with what is to be predicted of them.
public struct LabelledRows: Sendable {
  /// The features.
  public var features: FeatureMatrix
  /// What is to be predicted: numbers, or classes from 0 on.
  public var targets: [Double]
  /// How much each row counts.
  public var weights: [Double]?
  /// For rankings, how many rows each query has; they lie behind each other.
  public var groups: [Int]?

  /// Rows with their targets.
  public init(_ features: FeatureMatrix, _ targets: [Double], weights: [Double]? = nil, groups: [Int]? = nil)
  {
    self.features = features
    self.targets = targets
    self.weights = weights
    self.groups = groups
  }
}
