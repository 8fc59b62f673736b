import DataTestSupport
import LatheML
import Testing

/// The examples of docs/trust.md, run on small data; a test compares the texts.
@Suite("Examples of docs/trust.md")
struct TrustGuideTests {
  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/trust.md", count: 5) }

  /// Income decides, and one group has less of it.
  private func table(_ rows: Int, seed: UInt64) throws -> Table {
    var random = seed
    func next() -> Double {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(random >> 11) * 0x1p-53
    }
    var (income, age, sex, granted): ([Double], [Double], [String], [String]) = ([], [], [], [])
    for _ in 0..<rows {
      let isFemale = next() < 0.5
      income.append(1000 + 3000 * next() - (isFemale ? 500 : 0))
      age.append(20 + 50 * next())
      sex.append(isFemale ? "f" : "m")
      granted.append(income[income.count - 1] + 1000 * next() > 2800 ? "yes" : "no")
    }
    return try Table([
      Column("income", income.map { Optional($0) }), Column("age", age.map { Optional($0) }),
      Column("sex", sex), Column("granted", granted),
    ])
  }

  @Test("Explanations, thresholds, groups")
  func trust() throws {
    let (train, test) = (try table(300, seed: 1), try table(200, seed: 2))
    let features = ColumnTransformer([.init(["income", "age"], [.standardScale])])
    let model = try Pipeline(features, .logisticRegression(), target: "granted").fit(train)
    let row = try model.predict(test).strings().firstIndex { $0 == "no" } ?? 0
    let importance = try PermutationImportance(model, test)
    for entry in importance.ranked { print(entry.column, entry.mean, entry.deviation) }
    let dependence = try PartialDependence(model, test, column: "income", class: "yes")
    let explainer = try TableExplainer(model, background: train, class: "yes")
    let contributions = try explainer.contributions(test)
    for reason in try explainer.reasons(test.head(1))[0] { print(reason) }
    let changes = try Counterfactuals.find(model, test, row: row, wanted: "yes")
    let surrogate = try SurrogateTree(model, test)
    print(surrogate.rules(classes: model.classes), surrogate.fidelity)
    #expect(importance.ranked[0].column == "income" && dependence.average[0] < 0.2)
    #expect(contributions.count == 200 && changes[0].changes[0].column == "income")

    let rows = LabelledRows(try model.features.transform(train), try model.targets(train))
    let balanced = Pipeline(features, .logisticRegression(), target: "granted", resampler: .smote())
    let resampled = try balanced.fit(train)
    let scores = try model.output(test, class: "yes")
    let labels = try model.labels(test).map { $0 == 1 }
    let threshold = try DecisionThreshold(
      .cost(CostMatrix(falsePositive: 5, falseNegative: 1)), scores: scores, labels: labels)
    print(threshold.threshold, threshold.value)
    let calibrated = try CalibratedClassifier.train(rows, .naiveBayes(), .init(method: .isotonic))
    let probabilities = calibrated.probabilities(rows.features)
    #expect(threshold.threshold > 0.5 && probabilities.count == 600)
    #expect(try resampled.predict(test).strings().contains("yes"))

    let groups = try test["sex"].strings().map { $0 ?? "" }
    let report = try FairnessReport(labels: labels, decisions: threshold.decide(scores), groups: groups)
    print(try report.table)
    print(report.demographicParityRatio, report.satisfiesFourFifths, report.equalizedOddsDifference)
    let thresholds = try GroupThresholds(.equalOpportunity, scores: scores, labels: labels, groups: groups)
    let decisions = try thresholds.decide(scores: scores, groups: groups, seed: 42)
    #expect(report.demographicParityDifference > 0.05 && decisions.count == 200)
  }

  @Test("Scorecards")
  func scorecard() throws {
    let (train, test) = (try table(600, seed: 3), try table(100, seed: 4))
    let card = try Scorecard(train, target: "granted", good: "yes")
    print(try card.table)
    let points = try card.points(test)
    let lost = try card.reasons(test, count: 2)
    #expect(points.count == 100 && lost.contains { !$0.isEmpty })
    #expect(card.characteristics[0].bins.column == "income")
  }

  @Test("Causes")
  func causes() throws {
    let base = try table(400, seed: 5)
    let age = try base["age"].numbers()
    let sick = try base["income"].numbers().map { ($0 - 2000) / 1000 }
    let chance = try table(400, seed: 6)["age"].numbers()
    let treated = zip(sick, chance).map { 45 + 10 * $0 > $1 }
    let outcome = age.indices.map { 3 * sick[$0] + age[$0] / 50 + (treated[$0] ? 2 : 0) }
    let noisy = zip(outcome, chance).map { Optional($0 + $1 / 500) }
    let table = try Table([
      Column("age", age.map { Optional($0) }), Column("sick", sick.map { Optional($0) }),
      Column("treated", treated.map { Optional($0) }), Column("outcome", noisy),
    ])
    let confounders = ColumnTransformer([.init(["age", "sick"])])
    let data = try CausalData(table, treatment: "treated", outcome: "outcome", confounders: confounders)
    let effect = try TreatmentEstimator.doublyRobust().effect(data)
    print(effect.effect, effect.interval)
    let refutation = try CausalRefutation(.doublyRobust(), data, repeats: 10)
    print(refutation.placeboEffect, refutation.isPassed)
    let uplift = try MetaLearner(fit: data).effects(data.confounders)
    #expect(abs(effect.effect - 2) < 0.2 && uplift.count == 400)
    #expect(abs(refutation.placeboEffect) < 0.5)
  }
}
