import LatheCore
import LatheTables

/// What fairness costs: for each way of deciding how many decisions are right and how far groups are apart.
public struct FairnessTradeoff: Sendable, Hashable, Codable {
  /// One way of deciding.
  public struct Point: Sendable, Hashable, Codable {
    /// What it is called.
    public let name: String
    /// The share of right decisions.
    public let accuracy: Double
    /// How far groups are apart.
    public let difference: Double

    /// A way of deciding.
    public init(name: String, accuracy: Double, difference: Double) {
      self.name = name
      self.accuracy = accuracy
      self.difference = difference
    }
  }

  /// The ways.
  public var points: [Point]

  /// Ways that were measured elsewhere.
  public init(points: [Point]) { self.points = points }

  /// Logistic regressions with penalties, on rows that they did not learn from.
  ///
  /// - Parameters:
  ///   - train: The rows to learn from, with their groups.
  ///   - test: The rows to measure on, with theirs.
  ///   - penalties: The penalties to try.
  public init(
    train: (rows: LabelledRows, groups: [String]), test: (rows: LabelledRows, groups: [String]),
    penalties: [Double] = [0, 0.1, 1, 10, 100, 1000],
    criterion: FairLogisticRegression.Criterion = .demographicParity
  ) throws {
    let labels = test.rows.targets.map { $0 > 0 }
    points = try penalties.map { penalty in
      let model = try FairLogisticRegression.train(
        train.rows, groups: train.groups, .init(penalty: penalty, criterion: criterion))
      let decisions = model.predict(test.rows.features).map { $0 > 0 }
      let report = try FairnessReport(labels: labels, decisions: decisions, groups: test.groups)
      return Point(
        name: "penalty \(ShortNumber.text(penalty))",
        accuracy: Double(zip(labels, decisions).count { $0 == $1 }) / Double(labels.count),
        difference: criterion == .demographicParity
          ? report.demographicParityDifference : report.equalOpportunityDifference)
    }
  }

  /// The ways that no other one beats in both respects.
  public var best: [Point] {
    points.filter { own in
      !points.contains {
        $0.accuracy >= own.accuracy && $0.difference <= own.difference
          && ($0.accuracy > own.accuracy || $0.difference < own.difference)
      }
    }
  }

  /// A row for each way.
  public var table: Table {
    get throws {
      try Table([
        Column("way", points.map(\.name)), Column("accuracy", points.map { Optional($0.accuracy) }),
        Column("difference", points.map { Optional($0.difference) }),
        Column("best", points.map { Optional(best.contains($0)) }),
      ])
    }
  }

  /// The ways as a picture: accuracy over difference, the best ones joined by a line.
  public var svg: String {
    let line = best.sorted { $0.difference < $1.difference }
    return Chart(
      title: "accuracy and difference of groups", x: "difference of groups", y: "accuracy",
      series: [
        .init(name: "best", points: line.map { ($0.difference, $0.accuracy) }, isLine: true),
        .init(
          name: "all", points: points.map { ($0.difference, $0.accuracy) }, isLine: false,
          labels: points.map(\.name)),
      ]
    ).svg
  }
}
