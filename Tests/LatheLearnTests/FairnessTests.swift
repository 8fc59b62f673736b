import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Group fairness beside fairlearn's.
@Suite("Fairness")
struct FairnessTests {
  struct Content: Decodable {
    struct Found: Decodable {
      var p: [Double]
      var x: Double
      var y: Double
    }
    var groups: [String]
    var scores: [Double]
    var labels: [Double]
    var thresholds: [String: Found]
    var demographicParityDifference: Double
    var demographicParityRatio: Double
    var equalOpportunityDifference: Double
    var equalizedOddsDifference: Double
  }

  @Test("Differences of groups are fairlearn's")
  func report() throws {
    let content: Content = try LearnFixture.load("fairness")
    let labels = content.labels.map { $0 > 0 }
    let report = try FairnessReport(
      labels: labels, decisions: content.scores.map { $0 > 0.2 }, groups: content.groups)
    #expect(abs(report.demographicParityDifference - content.demographicParityDifference) < 1e-12)
    #expect(abs(report.demographicParityRatio - content.demographicParityRatio) < 1e-12)
    #expect(abs(report.equalOpportunityDifference - content.equalOpportunityDifference) < 1e-12)
    #expect(abs(report.equalizedOddsDifference - content.equalizedOddsDifference) < 1e-12)
    #expect(!report.satisfiesFourFifths && report.predictiveParityDifference >= 0)
    for group in report.groups {
      #expect(group.rows == content.groups.count { $0 == group.name })
      let share = group.selectionRate
      #expect(share.low < share.value && share.value < share.high)
    }
    // Wilson's interval of 10 of 20.
    let half = try FairnessReport(
      labels: .init(repeating: true, count: 40), decisions: (0..<40).map { $0 % 2 == 0 },
      groups: (0..<40).map { $0 < 20 ? "a" : "b" })
    #expect(abs(half.groups[0].selectionRate.low - 0.299298) < 1e-5)
    #expect(abs(half.groups[0].selectionRate.high - 0.700702) < 1e-5)
    #expect(half.groups[0].falsePositiveRate.value.isNaN && half.satisfiesFourFifths)
    #expect(try report.table.rowCount == 3)
  }

  @Test("Thresholds of groups are as good as fairlearn's, and treat groups alike")
  func thresholds() throws {
    let content: Content = try LearnFixture.load("fairness")
    let labels = content.labels.map { $0 > 0 }
    let names: [(GroupThresholds.Constraint, String)] = [
      (.demographicParity, "demographic_parity"), (.equalOpportunity, "true_positive_rate_parity"),
      (.falsePositiveRateParity, "false_positive_rate_parity"), (.equalizedOdds, "equalized_odds"),
    ]
    for (constraint, name) in names {
      let own = try GroupThresholds(
        constraint, scores: content.scores, labels: labels, groups: content.groups)
      let expected = try #require(content.thresholds[name])
      // Of equalised odds fairlearn keeps the share of true positives.
      if constraint != .equalizedOdds { #expect(abs(own.accuracy - expected.y) < 1e-9, "\(name)") }
      #expect(abs(own.common - expected.x) < 1e-9, "\(name)")
      let p = try own.probabilities(scores: content.scores, groups: content.groups)
      #expect(LearnFixture.difference(p, expected.p) < 1e-6, "\(name)")
      func shares(_ counts: (Int) -> Bool) -> [Double] {
        ["a", "b", "c"].map { name in
          let rows = content.groups.indices.filter { content.groups[$0] == name && counts($0) }
          return rows.reduce(0) { $0 + p[$1] } / Double(rows.count)
        }
      }
      let alike: [[Double]]
      switch constraint {
      case .demographicParity: alike = [shares { _ in true }]
      case .equalOpportunity: alike = [shares { labels[$0] }]
      case .falsePositiveRateParity: alike = [shares { !labels[$0] }]
      case .equalizedOdds: alike = [shares { labels[$0] }, shares { !labels[$0] }]
      }
      for values in alike { #expect((values.max() ?? 1) - (values.min() ?? 0) < 1e-9, "\(name)") }
      #expect(throws: LatheError.self) { try own.probabilities(scores: [1], groups: ["z"]) }
    }
  }

  /// Group b has lower scores for reasons that a column tells of.
  private func data(_ rows: Int, seed: UInt64) -> (rows: LabelledRows, groups: [String]) {
    var random = RandomSource(seed: seed)
    let groups = (0..<rows).map { _ in random.uniform() < 0.5 ? "a" : "b" }
    let x = groups.map { [random.normal() + ($0 == "a" ? 1 : -1), random.normal()] }
    let y = x.map { random.uniform() < 1 / (1 + exponential(-1.2 * $0[0] - 1.5 * $0[1])) ? 1.0 : 0 }
    return (LabelledRows(FeatureMatrix(x), y), groups)
  }

  @Test("A penalty brings groups together, and costs accuracy")
  func penalty() throws {
    let (train, test) = (data(800, seed: 1), data(800, seed: 2))
    let plain = try LogisticRegression.train(train.rows)
    let zero = try FairLogisticRegression.train(train.rows, groups: train.groups, .init(penalty: 0))
    #expect(LearnFixture.difference(plain.coefficients[0], zero.coefficients[0]) < 1e-9)
    let tradeoff = try FairnessTradeoff(train: train, test: test, penalties: [0, 1, 1000])
    let differences = tradeoff.points.map(\.difference)
    #expect(differences[0] > 0.35 && differences[1] < differences[0] && differences[2] < 0.12)
    #expect(tradeoff.points[0].accuracy > tradeoff.points[2].accuracy)
    #expect(tradeoff.best.count >= 2 && tradeoff.svg.contains("penalty 1000"))
    let equal = try FairnessTradeoff(
      train: train, test: test, penalties: [0, 1000], criterion: .equalOpportunity)
    #expect(equal.points[1].difference < equal.points[0].difference)
    #expect(throws: LatheError.self) {
      try FairLogisticRegression.train(
        train.rows, groups: .init(repeating: "a", count: 800), .init(penalty: 1))
    }
  }

  @Test("With weights group and class are independent")
  func weights() throws {
    let groups = (0..<100).map { $0 < 70 ? "a" : "b" }
    let labels = (0..<100).map { $0 < 50 || $0 >= 95 ? 1 : 0 }
    let weights = try Reweighing.weights(labels: labels, groups: groups)
    func sum(_ group: String, _ label: Int) -> Double {
      groups.indices.filter { groups[$0] == group && labels[$0] == label }.reduce(0) { $0 + weights[$1] }
    }
    #expect(abs(sum("a", 1) / (sum("a", 1) + sum("a", 0)) - 0.55) < 1e-12)
    #expect(abs(sum("b", 1) / (sum("b", 1) + sum("b", 0)) - 0.55) < 1e-12)
    #expect(abs(weights.reduce(0, +) - 100) < 1e-9)
  }
}
