import LatheCore

/// Thresholds of scores for each group, with which groups are treated alike and most decisions are right: fairlearn's
/// `ThresholdOptimizer` (Hardt, Price and Srebro, 2016).
///
/// Where no threshold gives the exact share, a group's decision is drawn between two.
public struct GroupThresholds: Sendable, Hashable, Codable {
  /// What groups share.
  public enum Constraint: String, Sendable, Hashable, Codable, CaseIterable {
    /// The share of positive decisions.
    case demographicParity
    /// The share of true positives that are found.
    case equalOpportunity
    /// The share of true negatives that are taken for positives.
    case falsePositiveRateParity
    /// Both of the latter.
    case equalizedOdds
  }

  /// How a group is decided on: positive above `first` with the probability `share`, above `second` with the rest; with the
  /// probability `ignoring` by a coin that says yes with the probability `coin`.
  public struct Rule: Sendable, Hashable, Codable {
    /// One threshold; scores above it are positive.
    public var first: Double
    /// The other threshold.
    public var second: Double
    /// How often the first one is taken.
    public var share: Double
    /// How often a coin decides.
    public var ignoring = 0.0
    /// How often the coin says yes.
    public var coin = 0.0
  }

  /// What groups share.
  public let constraint: Constraint
  /// Each group's rule.
  public let rules: [String: Rule]
  /// The share that groups have in common; of equalised odds that of false positives.
  public let common: Double
  /// The expected share of right decisions on the rows that thresholds were chosen on.
  public let accuracy: Double

  private struct Point {
    var x: Double
    var y: Double
    var threshold: Double
  }

  private struct Place {
    var y: Double
    var rule: Rule
  }

  /// Chooses thresholds on rows that were not learned from.
  ///
  /// - Parameter steps: How finely shares are tried out.
  /// - Throws: `LatheError.invalidArgument` where counts differ, scores are not finite, or a group has rows of one class only.
  public init(
    _ constraint: Constraint, scores: [Double], labels: [Bool], groups: [String], steps: Int = 1000
  ) throws {
    guard scores.count == labels.count, scores.count == groups.count, scores.allSatisfy(\.isFinite), steps > 0
    else {
      throw LatheError(
        .invalidArgument,
        "group thresholds: \(scores.count) scores, \(labels.count) labels, \(groups.count) groups; scores must be finite"
      )
    }
    let names = Set(groups).sorted()
    let grid = (0...steps).map { Double($0) / Double(steps) }
    var curves: [[Place]] = []
    var shares: [Double] = []
    for name in names {
      let rows = groups.indices.filter { groups[$0] == name }
      let positives = rows.count { labels[$0] }
      guard positives > 0, positives < rows.count else {
        throw LatheError(
          .invalidArgument,
          "group thresholds: group '\(printable(name))' has \(positives) positive of \(rows.count) rows; both kinds are needed"
        )
      }
      curves.append(Self.interpolated(Self.hull(Self.points(constraint, rows, scores, labels)), grid))
      shares.append(Double(rows.count) / Double(scores.count))
    }
    let positive = Double(labels.count { $0 }) / Double(labels.count)
    var best = (k: 0, value: -Double.infinity)
    for k in grid.indices {
      let value: Double
      if constraint == .equalizedOdds {
        let found = curves.map { $0[k].y }.min() ?? 0
        value = found * positive + (1 - grid[k]) * (1 - positive)
      } else {
        value = zip(curves, shares).reduce(0) { $0 + $1.0[k].y * $1.1 }
      }
      if value > best.value { best = (k, value) }
    }
    let least = curves.map { $0[best.k].y }.min() ?? 0
    var rules: [String: Rule] = [:]
    for (name, curve) in zip(names, curves) {
      var rule = curve[best.k].rule
      if constraint == .equalizedOdds {
        let above = curve[best.k].y - grid[best.k]
        rule.ignoring = above > 0 ? (curve[best.k].y - least) / above : 0
        rule.coin = grid[best.k]
      }
      rules[name] = rule
    }
    self.constraint = constraint
    self.rules = rules
    common = grid[best.k]
    accuracy = best.value
  }

  /// What each threshold of a group gives, from none positive to all.
  private static func points(
    _ constraint: Constraint, _ rows: [Int], _ scores: [Double], _ labels: [Bool]
  ) -> [Point] {
    let order = rows.sorted { scores[$0] > scores[$1] }
    let (all, positives) = (Double(rows.count), Double(rows.count { labels[$0] }))
    var (right, wrong) = (0.0, 0.0)
    func point(_ threshold: Double) -> Point {
      let accuracy = (right + all - positives - wrong) / all
      switch constraint {
      case .demographicParity: return Point(x: (right + wrong) / all, y: accuracy, threshold: threshold)
      case .equalOpportunity: return Point(x: right / positives, y: accuracy, threshold: threshold)
      case .falsePositiveRateParity:
        return Point(x: wrong / (all - positives), y: accuracy, threshold: threshold)
      case .equalizedOdds:
        return Point(x: wrong / (all - positives), y: right / positives, threshold: threshold)
      }
    }
    var result = [point(.infinity)]
    for (place, row) in order.enumerated() {
      if labels[row] { right += 1 } else { wrong += 1 }
      let next = place + 1 < order.count ? scores[order[place + 1]] : -.infinity
      if next < scores[row] { result.append(point(next.isFinite ? (scores[row] + next) / 2 : -.infinity)) }
    }
    return result.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
  }

  /// The upper hull of rising points (Andrew, 1979).
  private static func hull(_ points: [Point]) -> [Point] {
    var result: [Point] = []
    for point in points {
      while let last = result.last {
        if last.x == point.x {
          result.removeLast()
          continue
        }
        guard result.count > 1 else { break }
        let before = result[result.count - 2]
        let turn = (last.x - before.x) * (point.y - before.y) - (last.y - before.y) * (point.x - before.x)
        if turn < 0 { break }
        result.removeLast()
      }
      result.append(point)
    }
    return result
  }

  /// The hull at each place of a grid, and the two thresholds that lead there.
  private static func interpolated(_ hull: [Point], _ grid: [Double]) -> [Place] {
    var k = 0
    return grid.map { x in
      while k + 2 < hull.count, hull[k + 1].x < x { k += 1 }
      let (a, b) = (hull[k], hull[min(k + 1, hull.count - 1)])
      let width = b.x - a.x
      let share = width > 0 ? min(max((b.x - x) / width, 0), 1) : 1
      return Place(
        y: share * a.y + (1 - share) * b.y,
        rule: Rule(first: a.threshold, second: b.threshold, share: share))
    }
  }

  /// How likely each row is decided on positively.
  ///
  /// - Throws: `LatheError.invalidArgument` for a group that was not there.
  public func probabilities(scores: [Double], groups: [String]) throws -> [Double] {
    guard scores.count == groups.count else {
      throw LatheError(
        .invalidArgument, "group thresholds: \(scores.count) scores for rows of \(groups.count) groups")
    }
    return try zip(scores, groups).map { score, group in
      guard let rule = rules[group] else {
        throw LatheError(
          .invalidArgument,
          "group thresholds: group '\(printable(group))' was not there; known are "
            + rules.keys.sorted().prefix(20).joined(separator: ", "))
      }
      let own = (score > rule.first ? rule.share : 0) + (score > rule.second ? 1 - rule.share : 0)
      return rule.ignoring * rule.coin + (1 - rule.ignoring) * own
    }
  }

  /// Whether each row is decided on positively; what is drawn depends on the seed.
  public func decide(scores: [Double], groups: [String], seed: UInt64) throws -> [Bool] {
    var random = RandomSource(seed: seed)
    return try probabilities(scores: scores, groups: groups).map { random.uniform() < $0 }
  }
}
