import DataTestSupport
import LatheAutoML
import LatheML
import Testing

/// The examples of docs/automl.md, run on small data; a test compares the texts.
@Suite("Examples of docs/automl.md")
struct AutoMLGuideTests {
  private let folder: TemporaryFolder
  private var output: String { folder.file("run") }

  init() throws { folder = try TemporaryFolder() }

  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/automl.md", count: 4) }

  /// Numbers that a seed decides.
  private struct Draws {
    var state: UInt64 = 11

    mutating func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
  }

  /// A thousand applicants with ten columns, three in four of whom paid back.
  private func credit() throws -> String {
    var draws = Draws()
    var lines = [
      "age,income,duration,amount,savings,employment,housing,purpose,guarantors,telephone,creditability"
    ]
    for _ in 0..<1000 {
      let (age, income, duration) = (
        20 + 50 * draws.next(), 1000 + 5000 * draws.next(), 6 + 60 * draws.next()
      )
      let savings = ["none", "some", "much"][Int(3 * draws.next())]
      let risk =
        duration / 30 - income / 3000 - (savings == "much" ? 1 : 0) + (age < 25 ? 0.7 : 0) + 1.5
        * draws.next()
      let values = [
        "\(Int(age))", draws.next() < 0.05 ? "" : "\(Int(income))", "\(Int(duration))",
        "\(Int(8000 * draws.next()))",
        savings, ["short", "long"][Int(2 * draws.next())], ["own", "rent"][Int(2 * draws.next())],
        ["car", "house", "study"][Int(3 * draws.next())], "\(Int(3 * draws.next()))", "\(draws.next() < 0.4)",
        risk > 1.1 ? "bad" : "good",
      ]
      lines.append(values.joined(separator: ","))
    }
    return try folder.write(Array(lines.joined(separator: "\n").utf8), "credit.csv")
  }

  @Test("In a program")
  func program() throws {
    var draws = Draws()
    var lines = ["a,b,label"]
    for _ in 0..<150 {
      let (a, b) = (draws.next(), draws.next())
      lines.append("\(a),\(b),\(a + b + 0.2 * draws.next() > 1.1 ? "yes" : "no")")
    }
    let path = try folder.write(Array(lines.joined(separator: "\n").utf8), "data.csv")
    var wish = AutoML.Configuration(target: "label")
    wish.timeLimit = 60
    wish.trialsPerModel = 2
    let found = try AutoML.run(try Table(csv: path), wish) { progress in
      print(progress.stage, progress.best ?? .nan)
    }
    print(found.report.leaderboard.map { "\($0.name): \($0.score)" })
    try found.model.save(to: output)
    try found.report.save(to: output)
    #expect(found.report.score > 0.95 && folder.names.contains("run"))
  }

  @Test("Credit")
  func credits() throws {
    let path = try credit()
    let applicants = try Table(csv: path)
    var credit = AutoML.Configuration(target: "creditability")
    credit.timeLimit = 60
    credit.trialsPerModel = 5
    credit.isExplainable = true
    credit.thresholdGoal = .balancedAccuracy
    let decision = try AutoML.run(applicants, credit)
    print(decision.report.members[0].name, decision.report.test?.figures ?? [:])
    try decision.model.save(to: output)
    let stored = try TableModel(path: output)
    let chances = try stored.probabilities(applicants.head())
    #expect(chances.count == 5 && stored.classes == ["bad", "good"])
    #expect(decision.report.test?.figures["balanced-accuracy"] ?? 0 > 0.7)
    let numbers = ColumnTransformer([.init(["age", "income"], [.impute(.median), .standardScale])])
    let plain = ColumnTransformer([.init(["age", "income"])])
    let ensemble = Ensemble(
      [.init(numbers, .logisticRegression()), .init(plain, .forest(.randomForest(.gini)))], .stacked(),
      target: "creditability")
    let joined = try ensemble.fit(applicants)
    #expect(try joined.predict(applicants).count == 1000)
  }

  @Test("Breast cancer")
  func cancer() throws {
    var draws = Draws()
    var lines = ["radius,texture,smoothness,diagnosis"]
    for _ in 0..<200 {
      let isMalignant = draws.next() < 0.4
      let radius = (isMalignant ? 17 : 12) + 5 * (draws.next() - 0.5) + 3 * (draws.next() - 0.5)
      lines.append(
        "\(radius),\(10 + 20 * draws.next()),\(0.1 * draws.next()),\(isMalignant ? "malignant" : "benign")")
    }
    let path = try folder.write(Array(lines.joined(separator: "\n").utf8), "samples.csv")
    let samples = try Table(csv: path)
    var medical = AutoML.Configuration(target: "diagnosis")
    medical.timeLimit = 60
    medical.trialsPerModel = 2
    medical.metric = .logLoss
    let study = try AutoML.run(samples, medical)
    print("not for clinical use:", study.report.test?.figures ?? [:])
    for slice in study.report.slices { print(slice.name, slice.rows, slice.error) }
    #expect(study.report.test?.figures["roc-auc"] ?? 0 > 0.9)
  }
}
