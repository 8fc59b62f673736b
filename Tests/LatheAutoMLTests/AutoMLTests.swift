import DataTestSupport
import LatheAutoML
import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Tables of known relations, and a search that is short.
enum Tables {
  /// Two columns that decide, one that is missing at times, noise, an identifier and a constant.
  static func classes(rows: Int = 240, seed: UInt64 = 1) throws -> Table {
    var random = RandomSource(seed: seed)
    let ages = (0..<rows).map { _ in random.uniform() < 0.1 ? nil : 20 + 50 * random.uniform() }
    let ports = (0..<rows).map { _ -> String? in ["Oslo", "Rome", "Kiel", nil][random.below(4)] }
    let labels = (0..<rows).map { row -> String in
      let score = ((ages[row] ?? 45) - 45) / 10 + (ports[row] == "Rome" ? 2 : 0) + 0.6 * random.normal()
      return score > 0.5 ? "yes" : "no"
    }
    return try Table([
      Column("age", ages), Column("port", ports), Column("name", (0..<rows).map { Optional("n\($0)") }),
      Column("flat", (0..<rows).map { _ in Optional(1) }),
      Column("noise", (0..<rows).map { _ in Optional(random.normal()) }), Column("label", labels),
    ])
  }

  /// A number that a column bends and another adds to.
  static func numbers(rows: Int = 240) throws -> Table {
    var random = RandomSource(seed: 2)
    let x = (0..<rows).map { _ in 4 * random.uniform() - 2 }
    let y = (0..<rows).map { _ in random.normal() }
    return try Table([
      Column("x", x.map { Optional($0) }), Column("y", y.map { Optional($0) }),
      Column(
        "value", (0..<rows).map { Optional(100 + 3 * x[$0] * x[$0] + 2 * y[$0] + 0.3 * random.normal()) }),
    ])
  }

  static func short(_ target: String, seconds: Double = 600, trials: Int = 2) -> AutoML.Configuration {
    var configuration = AutoML.Configuration(target: target)
    configuration.timeLimit = seconds
    configuration.trialsPerModel = trials
    return configuration
  }

  static func message(_ body: () throws -> Void) -> String {
    do { try body() } catch let error as LatheError { return error.message } catch { return "\(error)" }
    return ""
  }
}

@Suite("AutoML")
struct AutoMLTests {
  @Test("Classes are told better than by chance, and the stored model and report say what was found")
  func classes() throws {
    let table = try Tables.classes()
    var configuration = Tables.short("label")
    configuration.thresholdGoal = .f1
    var stages: [String] = []
    let result = try AutoML.run(
      table, configuration, progress: { if stages.last != $0.stage { stages.append($0.stage) } })
    #expect(stages == ["candidates", "tuning", "ensemble", "training", "report"])
    let report = result.report
    #expect(report.metric == .rocAUC && report.classes == ["no", "yes"])
    #expect(abs(report.baseline - 0.5) < 0.01 && report.score > 0.9)
    let test = try #require(report.test)
    #expect(test.rows == 48 && test.reads == 1 && test.figures["roc-auc"] ?? 0 > 0.85)
    #expect(test.figures["f1"] ?? 0 > 0.7)
    #expect(report.rowsLearned == 192 && report.evaluated >= 13)
    #expect(report.leaderboard.map(\.score) == report.leaderboard.map(\.score).sorted(by: >))
    #expect(report.notes.contains { $0.contains("column 'name' is left out") })
    #expect(report.notes.contains { $0.contains("column 'flat' is left out: all rows say '1'") })
    #expect(report.learningCurve.map(\.rows) == report.learningCurve.map(\.rows).sorted())
    #expect(!report.slices.isEmpty && report.slices.allSatisfy { $0.error > report.error && $0.rows >= 20 })
    #expect(report.modelBytes > 100 && report.limitsHold && !report.wasStopped)
    let folder = try TemporaryFolder()
    try result.model.save(to: folder.path)
    try report.save(to: folder.path)
    let again = try TableModel(path: folder.path)
    #expect(try again.probabilities(table) == result.model.probabilities(table))
    #expect(try again.predict(table).strings() == result.model.predict(table).strings())
    let page = String(decoding: try folder.read("report.html"), as: UTF8.self)
    #expect(page.contains("<svg") && page.contains("roc-auc") && !page.contains("http"))
    #expect(String(decoding: try folder.read("report.json"), as: UTF8.self).contains("\"leaderboard\""))
  }

  @Test("A seed decides all, as long as time does not")
  func seed() throws {
    let table = try Tables.numbers(rows: 120)
    let configuration = Tables.short("value", seconds: 300, trials: 1)
    let (a, b) = (try AutoML.run(table, configuration), try AutoML.run(table, configuration))
    #expect(a.report.leaderboard.map(\.name) == b.report.leaderboard.map(\.name))
    #expect(a.report.score == b.report.score && a.report.test?.figures == b.report.test?.figures)
    #expect(try a.model.predict(table).numbers() == b.model.predict(table).numbers())
    #expect(a.report.metric == .rmse && a.report.test?.figures["r2"] ?? 0 > 0.8)
    #expect(a.report.score < 0.5 * a.report.baseline)
  }

  @Test("Three classes, rows for the test of one's own, and only what can be followed")
  func explainable() throws {
    var random = RandomSource(seed: 9)
    func rows(_ count: Int) throws -> Table {
      let x = (0..<count).map { _ in random.uniform() }
      let kinds = x.map {
        ["low", "middle", "high"][min(2, Int(3 * ($0 + 0.02 * random.normal()).magnitude))]
      }
      return try Table([Column("x", x.map { Optional($0) }), Column("kind", kinds)])
    }
    let (table, test) = (try rows(150), try rows(60))
    var configuration = Tables.short("kind")
    configuration.isExplainable = true
    let result = try AutoML.run(table, configuration, test: test)
    #expect(result.report.rowsLearned == 150 && result.report.test?.rows == 60)
    #expect(result.report.metric == .logLoss && result.report.test?.figures["accuracy"] ?? 0 > 0.85)
    let known: [ModelFamily] = [.logistic, .naiveBayes, .linearDiscriminant, .decisionTree]
    #expect(result.report.leaderboard.allSatisfy { known.contains($0.family) })
    #expect(result.report.kind == "single")
  }

  @Test("Limits of size hold, or it is said that none does")
  func limits() throws {
    let table = try Tables.classes(rows: 150)
    var configuration = Tables.short("label", trials: 0)
    configuration.maxSize = 4000
    let small = try AutoML.run(table, configuration).report
    #expect(small.limitsHold && small.modelBytes <= 4000 && small.kind == "single")
    configuration.maxSize = 10
    let none = try AutoML.run(table, configuration).report
    #expect(!none.limitsHold && none.notes.contains { $0.contains("no model holds the limits") })
  }

  @Test("A stop ends with the best so far, and a time limit holds")
  func stopped() throws {
    let table = try Tables.classes(rows: 150)
    var asked = 0
    let result = try AutoML.run(
      table, Tables.short("label", seconds: 600, trials: 40),
      shouldStop: {
        asked += 1
        return asked > 25
      })
    #expect(result.report.wasStopped && result.report.evaluated < 13 && result.report.evaluated > 0)
    #expect(try result.model.predict(table).count == 150)
    #expect(
      Tables.message { _ = try AutoML.run(table, Tables.short("label"), shouldStop: { true }) }
        .contains("stopped before a model was compared"))
    let quick = try AutoML.run(table, Tables.short("label", seconds: 0.5, trials: 1000)).report
    #expect(quick.seconds < 20 && quick.evaluated > 0)
  }

  @Test("A random target stays at chance, and it is said")
  func chance() throws {
    var random = RandomSource(seed: 5)
    let columns = (0..<4).map { Column("x\($0)", (0..<300).map { _ in Optional(random.normal()) }) }
    let table = try Table(columns + [Column("y", (0..<300).map { _ in Optional(random.below(2)) })])
    let report = try AutoML.run(table, Tables.short("y", trials: 3)).report
    #expect(abs((report.test?.figures["roc-auc"] ?? 0) - 0.5) < 0.2)
    #expect(report.score < 0.65)
    let advice = try ModelAdvice.of(table, target: "y")
    #expect(advice.isHopeless && abs((advice.baseline ?? 0) - 0.5) < 1e-9)
    #expect(
      advice.notes.contains { $0.contains("no model is clearly better than always the most frequent class") })
    #expect(advice.entries.allSatisfy { !$0.reasons.contains { $0.contains("finds what bends") } })
  }

  @Test("A sealed part that is read twice says so")
  func sealed() throws {
    let rows = SealedRows(try Tables.numbers(rows: 20))
    #expect(rows.open().warning == nil)
    let again = rows.open()
    #expect(again.warning?.contains("read for the second time") == true && again.rows.rowCount == 20)
    #expect(rows.reads == 2)
  }
}

@Suite("What AutoML is given")
struct AutoMLInputTests {
  private func refused(_ table: Table, _ configuration: AutoML.Configuration) -> String {
    Tables.message { _ = try AutoML.run(table, configuration) }
  }

  @Test("Targets that nothing can be learned from are refused by name")
  func targets() throws {
    let table = try Tables.classes(rows: 60)
    #expect(refused(table, Tables.short("lable")).contains("no column 'lable'; there are age"))
    #expect(refused(table, Tables.short("flat")).contains("all rows"))
    #expect(refused(table, Tables.short("name")).contains("each of the 60 rows has a class of its own"))
    #expect(refused(table.head(1), Tables.short("label")).contains("1 row with a value of 'label' left"))
    #expect(
      refused(try table.select("label"), Tables.short("label")).contains("no column to learn 'label' from"))
    #expect(refused(try table.select("label", "name"), Tables.short("label")).contains("left"))
    var configuration = Tables.short("label")
    configuration.task = .regression
    #expect(refused(table, configuration).contains("classes need a classifier"))
    configuration.task = nil
    configuration.metric = .rmse
    #expect(refused(table, configuration).contains("rmse is not for 2 classes"))
    configuration.timeLimit = 0
    #expect(refused(table, configuration).contains("the time is 0.0 seconds"))
    let numbers = try Tables.numbers(rows: 40)
    let large = try numbers.with(Column("value", (0..<40).map { Optional(1e307 * Double($0 % 7)) }))
    #expect(refused(large, Tables.short("value")).contains("square is too large to compute with"))
    let unlike = Tables.message {
      _ = try AutoML.run(table, Tables.short("label"), test: try table.drop("age"))
    }
    #expect(unlike.contains("the test rows have no column 'age'"))
  }

  @Test("Holes in the target, doubles, infinite values, leaks, mixed columns and rare classes are said")
  func warnings() throws {
    let rows = 120
    var random = RandomSource(seed: 3)
    let x = (0..<rows).map { _ in random.normal() }
    let labels = (0..<rows).map { row -> String? in
      row % 40 == 7 ? nil : row % 40 == 3 ? "rare" : x[row] > 0 ? "yes" : "no"
    }
    var table = try Table([
      Column("x", x.enumerated().map { $0.offset == 5 ? .infinity : $0.element }),
      Column("mixed", (0..<rows).map { Optional($0 % 30 == 0 ? "none" : "\($0 % 9)") }),
      Column("copy", labels.map { $0.map { ["yes": 1, "no": 2, "rare": 3][$0] ?? 0 } }),
      Column("label", labels),
    ])
    table = try Table.concatenate([table, table.head(10)])
    let report = try AutoML.run(table, Tables.short("label", trials: 0)).report
    for what in [
      "4 rows without a target left out", "9 rows equal to another left out", "column 'x': 2 infinite values",
      "column 'mixed' has numbers and texts", "column 'copy' tells the target in each row",
      "class 'rare' has",
    ] { #expect(report.notes.contains { $0.contains(what) }, "\(what): \(report.notes)") }
    #expect(report.rowsLeftOut == ["without a target": 4, "equal to another": 9])
    #expect(report.cleaning.map(\.removed) == [4, 9])
    #expect(report.cleaning[1].examples.first == "row 121: equal to row 1")
  }

  @Test("More columns than rows, many categories, and names that pages could trip over")
  func shapes() throws {
    var random = RandomSource(seed: 4)
    let labels = (0..<40).map { Optional($0 % 2 == 0 ? "<b>&" : "\"x\", y") }
    let numbers = (0..<60).map { place in
      Column(
        "c<\(place)>\n", (0..<40).map { Optional(random.normal() + ($0 % 2 == 0 && place == 0 ? 3 : 0)) })
    }
    let names = Column("town", (0..<40).map { _ in Optional("t\(random.below(1_000_000))") })
    let table = try Table(numbers + [names, Column("a,\"b\" <i>", labels)])
    let report = try AutoML.run(table, Tables.short("a,\"b\" <i>", trials: 0)).report
    #expect(report.notes.contains { $0.contains("more columns than rows") })
    #expect(report.notes.contains { $0.contains("column 'town' is left out") })
    #expect(!report.page.contains("<i>") && !report.page.contains("c<0>"))
    #expect(report.test?.figures["accuracy"] ?? 0 > 0.6)
  }

  @Test("Whole numbers that are all different are numbers, few of them classes")
  func tasks() throws {
    var random = RandomSource(seed: 8)
    let x = (0..<16).map { _ in random.normal() }
    let table = try Table([
      Column("x", x.map { Optional($0) }), Column("count", x.map { Optional(Int(1000 * $0)) }),
      Column("kind", x.map { Optional($0 > 0 ? 1 : 0) }),
    ])
    #expect(try AutoML.run(table.drop("kind"), Tables.short("count", trials: 0)).report.task == .regression)
    #expect(try ModelAdvice.of(table.drop("count"), target: "kind").task == "classification")
  }

  @Test("A test with new categories and missing values is answered, and memory limits make it fewer rows")
  func unseen() throws {
    let table = try Tables.classes(rows: 200)
    let test = try table.head(20).with(Column("port", (0..<20).map { $0 < 10 ? "Lima" : nil }))
    var configuration = Tables.short("label", trials: 0)
    configuration.memoryLimit = 60_000
    let report = try AutoML.run(table, configuration, test: test).report
    #expect(report.test?.rows == 20)
    #expect(report.notes.contains { $0.contains("models are compared by fewer rows") })
  }
}

@Suite("Advice on models")
struct ModelAdviceTests {
  @Test("Bent relations want trees, straight ones weighted sums, and no target groups")
  func advice() throws {
    let bent = try ModelAdvice.of(Tables.numbers(), target: "value")
    #expect(bent.task == "regression" && bent.metric == .rmse)
    let first = try #require(bent.entries.first)
    #expect(["boosted-trees", "random-forest"].contains(first.model))
    #expect(
      bent.entries.first { $0.model == "ridge" }?.reasons.contains { $0.contains("relation bends") } == true)
    var random = RandomSource(seed: 6)
    let x = (0..<300).map { _ in (random.normal(), random.normal()) }
    let straight = try Table([
      Column("a", x.map { Optional($0.0) }), Column("b", x.map { Optional($0.1) }),
      Column("y", x.map { Optional($0.0 + 2 * $0.1 + random.normal() > 0 ? "up" : "down") }),
    ])
    let advice = try ModelAdvice.of(straight, target: "y")
    #expect(["logistic", "naive-bayes"].contains(advice.entries.first?.model ?? ""))
    #expect(advice.facts.contains { $0.contains("2 classes") })
    let groups = try ModelAdvice.of(straight, target: nil)
    #expect(groups.task == "grouping" && groups.entries.first?.model == "k-means")
    #expect(Tables.message { _ = try ModelAdvice.of(straight, target: "z") }.contains("no column 'z'"))
  }
}
