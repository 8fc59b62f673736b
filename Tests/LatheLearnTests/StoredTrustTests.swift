import DataTestSupport
import Foundation
import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Decisions, rules and scorecards that are stored with a model.
@Suite("Stored decisions")
struct StoredTrustTests {
  private let features = ColumnTransformer([
    .init(["age"], [.impute(.median), .standardScale]), .init(["port"], [.oneHot(unknown: .ignore)]),
  ])

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return ""
  }

  private func stored(_ model: TableModel) throws -> TableModel {
    let folder = try TemporaryFolder()
    try model.save(to: folder.path)
    return try TableModel(path: folder.path)
  }

  @Test("Expressions are read from text as they are written in Swift")
  func expressions() throws {
    let table = try Table([
      Column("age", [10, 20, 30, nil]), Column("the city", ["Oslo", "Rome", nil, "Kiel"]),
      Column("ok", [true, false, true, true]), Column("x.y", [1.5, -2, 3, 4]),
    ])
    let texts: [(String, ColumnExpression)] = [
      ("age < 18", col("age") < 18), ("age>=20 and x.y != 3", col("age") >= 20 && col("x.y") != 3),
      (
        "`the city` in (\"Oslo\", 'Kiel') || age == 30",
        col("the city").isIn(["Oslo", "Kiel"]) || col("age") == 30
      ),
      ("not (ok) or missing(`the city`)", !col("ok") || col("the city").isMissing),
      ("!ok == false", !(col("ok") == false)),
      ("-x.y + 2 * age / 4 > -1e1", 0 - col("x.y") + 2 * col("age") / 4 > -10),
      ("contains(`the city`, 'l')", col("the city").contains("l")), ("abs(x.y) <= 2", col("x.y").abs <= 2),
      ("1 + 2 * 3 == 7", .comparison(.equal, 1 + 2 * 3, 7)),
    ]
    for (text, wanted) in texts {
      let parsed = try ColumnExpression(parsing: text)
      #expect(try table.evaluate(parsed).strings() == table.evaluate(wanted).strings(), "\(text)")
    }
    #expect(try ColumnExpression(parsing: "a < b && abs(c) in (1, 2)").columnNames == ["a", "b", "c"])
    let wrong: [(String, String)] = [
      ("age <", "missing"), ("age < 18)", "one too many"), ("(age", "not closed"),
      ("f(age)", "no function 'f'"),
      ("'open", "quote is not closed"), ("1.2.3 < age", "no number"), ("", "missing"),
      ("age in 3", "parentheses"),
      (String(repeating: "(", count: 300), "200 parentheses"), ("# < 1", "no column"),
    ]
    for (text, what) in wrong {
      let found = message { _ = try ColumnExpression(parsing: text) }
      #expect(found.contains(what), "\(text): \(found)")
    }
  }

  @Test("Rules of experts are stored with a model and decide before it")
  func rules() throws {
    let table = try PipelineTests.table()
    let model = try Pipeline(features, .logisticRegression(), target: "label").fit(table)
    let ruled = try model.ruled(by: [
      ExpertRule("age < 30", "no", because: "too young"), ExpertRule("port == 'Rome'", "yes"),
    ])
    let again = try stored(ruled)
    #expect(again.rules == ruled.rules && again.ruleColumns == ["age", "port"])
    let (found, alone) = (try again.predict(table).strings(), try model.predict(table).strings())
    let deciding = try again.decidingRules(table)
    let ages = try table["age"].numbers(missing: 99)
    for row in 0..<table.rowCount {
      let isRome = try table["port"].strings()[row] == "Rome"
      let wanted = ages[row] < 30 ? "no" : isRome ? "yes" : alone[row]
      #expect(found[row] == wanted)
      #expect(deciding[row]?.reason == (ages[row] < 30 ? "too young" : nil))
    }
    #expect(try again.predictedClasses(table).map { again.classes[$0] } == found.compactMap { $0 })
    #expect(message { _ = try model.ruled(by: [ExpertRule("age <", "no")]) }.contains("rule 1: expression"))
    #expect(
      message { _ = try model.ruled(by: [ExpertRule("age < 3", "maybe")]) }.contains(
        "rule 1: 'maybe' is no answer"))
    let mistyped = Data(#"[{"if": "age < 3", "then": "no", "becuase": "x"}]"#.utf8)
    do {
      _ = try JSONDecoder().decode([ExpertRule].self, from: mistyped)
      Issue.record("a mistyped key was taken")
    } catch let error as DecodingError {
      #expect("\(error)".contains("becuase") && "\(error)".contains("there are if, then, because"))
    }
  }

  @Test("Thresholds, weights and costs decide, in files as before")
  func decisions() throws {
    let p = [0.2, 0.5, 0.3, 0.6, 0.1, 0.3]
    #expect(DecisionRule.weights([1, 0.3, 1]).classes(p, of: 3) == [2, 0])
    // Telling 0 where 2 is true costs ten.
    let costs = DecisionRule.costs([[0, 1, 1], [1, 0, 1], [10, 1, 0]])
    #expect(costs.classes(p, of: 3) == [1, 2])
    #expect(DecisionRule.threshold(0.3).classes([0.8, 0.2, 0.7, 0.3], of: 2) == [0, 1])
    #expect(try DecisionRule.balanced(labels: [0, 0, 0, 1], classes: 2) == .weights([2.0 / 3, 2]))
    let table = try PipelineTests.table()
    let model = try Pipeline(features, .logisticRegression(), target: "label").fit(table)
    for rule in [DecisionRule.threshold(0.8), .weights([3, 1]), .costs([[0, 5], [1, 0]])] {
      let decided = try stored(model.deciding(by: rule))
      #expect(decided.decision == rule)
      let wanted = rule.classes(try model.probabilities(table).flatMap { $0 }, of: 2).map { Int($0) }
      #expect(try decided.predictedClasses(table) == wanted)
      #expect(try wanted != model.predictedClasses(table))
    }
    #expect(message { _ = try model.deciding(by: .weights([1])) }.contains("2 classes"))
    let machine = try Pipeline(features, .linearSVC(), target: "label").fit(table)
    #expect(message { _ = try machine.deciding(by: .threshold(0.3)) }.contains("knows no probabilities"))
  }

  @Test("A scorecard is a model that is stored with its points")
  func scorecard() throws {
    let table = try PipelineTests.table(rows: 400)
    let rows = try table.drop("number")
    for good in ["yes", "no"] {
      let card = try Scorecard(rows, target: "label", good: good)
      let model = try stored(card.tableModel(["no", "yes"]))
      #expect(model.scorecard == card)
      let place = good == "yes" ? 1 : 0
      let found = try model.probabilities(table).map { $0[place] }
      #expect(LearnFixture.difference(found, try card.probabilities(table)) < 1e-9)
      let right = zip(try model.predictedClasses(table), try model.labels(table)).count { $0 == $1 }
      #expect(right > 260, "\(right)")
      #expect(try model.scorecard?.points(table).count == 400)
    }
    #expect(
      message { _ = try Scorecard(rows, target: "label", good: "yes").tableModel(["a", "b"]) }.contains(
        "'yes'"))
  }
}
