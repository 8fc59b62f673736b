import LatheCore
import LatheTables

/// How decisions treat groups, in the words of fairlearn.
public struct FairnessReport: Sendable, Hashable, Codable {
  /// A share with the interval in which it lies with 95 of 100 (Wilson, 1927).
  public struct Share: Sendable, Hashable, Codable {
    /// The share; NaN of no rows.
    public let value: Double
    /// The lower end of the interval.
    public let low: Double
    /// The upper end of the interval.
    public let high: Double
    /// The rows that it is a share of.
    public let rows: Int

    init(_ count: Int, of rows: Int) {
      self.rows = rows
      guard rows > 0 else {
        (value, low, high) = (.nan, 0, 1)
        return
      }
      let (p, n, z) = (Double(count) / Double(rows), Double(rows), 1.959963984540054)
      let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
      let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
      value = p
      low = max(0, middle - half)
      high = min(1, middle + half)
    }
  }

  /// What happens to one group.
  public struct Group: Sendable, Hashable, Codable {
    /// Its name.
    public let name: String
    /// Its rows.
    public let rows: Int
    /// Rows that are positive in truth.
    public let positives: Int
    /// The share of rows that are decided on positively.
    public let selectionRate: Share
    /// The share of true positives that are found.
    public let truePositiveRate: Share
    /// The share of true negatives that are taken for positives.
    public let falsePositiveRate: Share
    /// The share of positive decisions that are right.
    public let precision: Share
    /// The share of right decisions.
    public let accuracy: Share
  }

  /// The groups by their names.
  public let groups: [Group]

  /// Counts decisions by groups.
  ///
  /// - Parameters:
  ///   - labels: Whether each row is positive in truth.
  ///   - decisions: Whether it was decided on positively.
  ///   - groups: The group of each row.
  /// - Throws: `LatheError.invalidArgument` where counts differ, or there are fewer than two groups.
  public init(labels: [Bool], decisions: [Bool], groups: [String]) throws {
    guard labels.count == decisions.count, labels.count == groups.count else {
      throw LatheError(
        .invalidArgument,
        "fairness: \(labels.count) labels, \(decisions.count) decisions and \(groups.count) groups; there must be one of each "
          + "for each row")
    }
    let names = Set(groups).sorted()
    guard names.count >= 2 else {
      throw LatheError(.invalidArgument, "fairness: \(counted(names.count, "groups")); two are the least")
    }
    self.groups = names.map { name in
      let rows = groups.indices.filter { groups[$0] == name }
      let positives = rows.filter { labels[$0] }
      let chosen = rows.filter { decisions[$0] }
      let right = positives.count { decisions[$0] }
      return Group(
        name: name, rows: rows.count, positives: positives.count,
        selectionRate: Share(chosen.count, of: rows.count),
        truePositiveRate: Share(right, of: positives.count),
        falsePositiveRate: Share(chosen.count - right, of: rows.count - positives.count),
        precision: Share(right, of: chosen.count),
        accuracy: Share(rows.count { labels[$0] == decisions[$0] }, of: rows.count))
    }
  }

  private func spread(_ share: (Group) -> Share) -> (least: Double, most: Double) {
    let values = groups.map { share($0).value }.filter { !$0.isNaN }
    return (values.min() ?? .nan, values.max() ?? .nan)
  }

  private func difference(_ share: (Group) -> Share) -> Double {
    let found = spread(share)
    return found.most - found.least
  }

  /// The largest difference of selection rates.
  public var demographicParityDifference: Double { difference(\.selectionRate) }

  /// The least selection rate over the largest.
  public var demographicParityRatio: Double {
    let found = spread(\.selectionRate)
    return found.most > 0 ? found.least / found.most : .nan
  }

  /// Whether no group's selection rate is below four fifths of the largest: the 80 % rule.
  public var satisfiesFourFifths: Bool { demographicParityRatio >= 0.8 }

  /// The largest difference of true positive rates.
  public var equalOpportunityDifference: Double { difference(\.truePositiveRate) }

  /// The larger of the largest differences of true and of false positive rates.
  public var equalizedOddsDifference: Double {
    max(difference(\.truePositiveRate), difference(\.falsePositiveRate))
  }

  /// The largest difference of precisions.
  public var predictiveParityDifference: Double { difference(\.precision) }

  /// A row for each group.
  public var table: Table {
    get throws {
      func column(_ name: String, _ share: (Group) -> Share) -> [Column] {
        let shares = groups.map(share)
        return [
          Column(name, shares.map { $0.value.isNaN ? nil : $0.value }),
          Column("\(name)_low", shares.map(\.low)),
          Column("\(name)_high", shares.map(\.high)),
        ]
      }
      return try Table(
        [
          Column("group", groups.map(\.name)), Column("rows", groups.map { Optional($0.rows) }),
          Column("positives", groups.map { Optional($0.positives) }),
        ] + column("selection_rate", \.selectionRate) + column("true_positive_rate", \.truePositiveRate)
          + column("false_positive_rate", \.falsePositiveRate) + column("precision", \.precision)
          + column("accuracy", \.accuracy))
    }
  }
}

/// Weights of rows with which group and class are independent (Kamiran and Calders, 2012).
public enum Reweighing {
  /// The weight of each row: the share of its group times that of its class, over the share of both together.
  ///
  /// - Throws: `LatheError.invalidArgument` where counts differ.
  public static func weights(labels: [Int], groups: [String]) throws -> [Double] {
    guard labels.count == groups.count, !labels.isEmpty else {
      throw LatheError(
        .invalidArgument, "reweighing: \(labels.count) labels for rows of \(groups.count) groups")
    }
    struct Pair: Hashable {
      var label: Int
      var group: String
    }
    var ofLabel: [Int: Double] = [:]
    var ofGroup: [String: Double] = [:]
    var ofBoth: [Pair: Double] = [:]
    for (label, group) in zip(labels, groups) {
      ofLabel[label, default: 0] += 1
      ofGroup[group, default: 0] += 1
      ofBoth[Pair(label: label, group: group), default: 0] += 1
    }
    let count = Double(labels.count)
    return zip(labels, groups).map { label, group in
      (ofLabel[label] ?? 0) * (ofGroup[group] ?? 0)
        / (count * (ofBoth[Pair(label: label, group: group)] ?? 1))
    }
  }
}
