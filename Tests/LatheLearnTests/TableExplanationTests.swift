import LatheCore
import LatheLearn
import LatheTables
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Explanations of models of tables, by the columns' names.
@Suite("Explanations of tables")
struct TableExplanationTests {
  /// Income and port decide, noise does not.
  private func table(_ rows: Int = 300) throws -> Table {
    var random = RandomSource(seed: 8)
    let income = (0..<rows).map { _ in (random.uniform() * 5000).rounded() }
    let port = (0..<rows).map { _ in ["S", "C", "Q"][random.below(3)] }
    let noise = (0..<rows).map { _ in random.normal() }
    let yes = zip(income, port).map { $0 / 1000 + ($1 == "C" ? 2 : 0) + random.normal() * 0.3 > 3 }
    return try Table([
      Column("income", income.map { Int($0) }), Column("port", port.map { Optional($0) }),
      Column("noise", noise.map { Optional($0) }), Column("granted", yes.map { $0 ? "yes" : "no" }),
    ])
  }

  private func models(_ table: Table) throws -> [TableModel] {
    let linear = ColumnTransformer([
      .init(["income", "noise"], [.standardScale]), .init(["port"], [.oneHot(unknown: .ignore)]),
    ])
    let trees = ColumnTransformer([.init(["income", "noise"]), .init(["port"], [.categories])])
    var boosting = BoostingConfiguration(loss: .binary)
    boosting.treeCount = 30
    boosting.leafCount = 7
    return [
      try Pipeline(linear, .logisticRegression(), target: "granted").fit(table),
      try Pipeline(trees, .boostedTrees(boosting), target: "granted").fit(table),
      try Pipeline(linear, .naiveBayes(), target: "granted").fit(table),
    ]
  }

  @Test("Contributions of columns add up, for each kind of model")
  func contributions() throws {
    let table = try table()
    let rows = table.head(12)
    for (model, method) in zip(try models(table), [TableExplainer.Method.linear, .tree, .kernel]) {
      for name in ["yes", "no"] {
        let explainer = try TableExplainer(model, background: table, class: name, mostBackground: 20)
        #expect(explainer.method == method && explainer.columns.sorted() == ["income", "noise", "port"])
        let found = try explainer.contributions(rows)
        let outputs = try model.output(rows, class: name)
        for (own, output) in zip(found, outputs) {
          let sum = own.reduce(explainer.expected, +)
          #expect(abs((method == .kernel ? sum : 1 / (1 + exp(-sum))) - output) < 1e-9)
        }
        let importance = try explainer.importance(rows)
        #expect(importance.last?.column == "noise")
      }
      let importance = try PermutationImportance(model, table, repeats: 2)
      #expect(importance.ranked.last?.column == "noise" && importance.ranked[0].mean > 0.1)
      let port = try PartialDependence(model, table, column: "port", class: "yes")
      #expect(port.points.map(\.text) == ["C", "Q", "S"] && port.average[0] > port.average[1] + 0.1)
      let income = try PartialDependence(model, table, column: "income", resolution: 5)
      #expect(income.average.first ?? 1 < (income.average.last ?? 0) - 0.3)
      #expect(try SurrogateTree(model, table, maxDepth: 4).fidelity > 0.8)
    }
  }

  @Test("Reasons speak against a row, the strongest first")
  func reasons() throws {
    let table = try table()
    let model = try models(table)[0]
    let explainer = try TableExplainer(model, background: table)
    let rows = try table.filter(col("granted") == "no").head(20)
    for own in try explainer.reasons(rows, count: 2) {
      #expect(own.count <= 2 && own.allSatisfy { $0.contribution < 0 })
      #expect(zip(own, own.dropFirst()).allSatisfy { $0.contribution <= $1.contribution })
    }
    let texts = try explainer.reasons(rows).flatMap { $0.map(\.description) }
    #expect(texts.contains { $0.hasPrefix("income = ") && $0.contains("(-") })
  }

  @Test("Counterfactuals turn the decision, by few allowed changes")
  func counterfactuals() throws {
    let table = try table()
    for model in try models(table) {
      let predicted = try model.predict(table).strings()
      guard let row = predicted.firstIndex(of: "no") else { continue }
      let free = try Counterfactuals.find(model, table, row: row, wanted: "yes")
      #expect(!free.isEmpty && free[0].changes.count <= 2)
      for own in free {
        var columns = try table.take([row]).columns
        for change in own.changes {
          let place = columns.firstIndex { $0.name == change.column } ?? 0
          columns[place] =
            change.to.number.map { Column(change.column, [Optional($0)]) }
            ?? Column(change.column, [change.to.text])
        }
        #expect(try model.predict(Table(columns)).strings() == ["yes"], "\(own)")
      }
      var constraints = Counterfactuals.Constraints()
      constraints.immutable = ["port"]
      constraints.rising = ["income"]
      constraints.ranges = ["noise": -1...1]
      for own in try Counterfactuals.find(model, table, row: row, wanted: "yes", constraints: constraints) {
        #expect(own.changes.allSatisfy { $0.column != "port" })
        for change in own.changes where change.column == "income" {
          #expect(change.to.number ?? 0 >= change.from.number ?? 0)
          #expect(change.to.number == change.to.number?.rounded())
        }
      }
      constraints.immutable = ["port", "income", "noise"]
      #expect(
        try Counterfactuals.find(model, table, row: row, wanted: "yes", constraints: constraints).isEmpty)
      #expect(throws: LatheError.self) {
        try Counterfactuals.find(model, table, row: row, wanted: "no")
      }
    }
  }

  @Test("A scorecard's points say the odds, by evidence that rises or falls")
  func scorecard() throws {
    let table = try table(1500)
    let card = try Scorecard(table, target: "granted", good: "yes")
    #expect(
      card.characteristics.map(\.bins.column) == ["income", "port"] && card.leftOut.keys.contains("noise"))
    let income = card.characteristics[0].bins
    let evidence = income.bins.map(\.evidence)
    #expect(evidence.count > 2 && zip(evidence, evidence.dropFirst()).allSatisfy { $0 < $1 })
    let points = try card.points(table)
    let p = try card.probabilities(table)
    // 20 points more double the odds, 600 points are odds of 50.
    for (own, share) in zip(points, p).prefix(20) {
      #expect(abs(share / (1 - share) / (50 * exp2((own - 600) / 20)) - 1) < 1e-9)
    }
    let good = try table["granted"].strings().map { $0 == "yes" ? 1.0 : 0 }
    #expect(LearnMetrics.auc(points, good) > 0.97)
    // Probabilities are right on average, as logistic regression's are.
    #expect(abs(Sums.mean(p) - Sums.mean(good)) < 1e-3)
    #expect(try card.table.rowCount == card.characteristics.reduce(0) { $0 + $1.points.count })
    let reasons = try card.reasons(table, count: 1)
    #expect(zip(reasons, points).allSatisfy { $0.isEmpty == ($1 >= (points.max() ?? 0) - 1e-9) })
    // By hand: the evidence of a bin.
    let bin = income.bins[0]
    let (allGood, allBad) = (good.reduce(0, +), Double(good.count) - good.reduce(0, +))
    if bin.good > 0, bin.bad > 0 {
      #expect(abs(bin.evidence - log(bin.good / allGood / (bin.bad / allBad))) < 1e-12)
    }
    #expect(throws: LatheError.self) { try Scorecard(table, target: "granted", good: "maybe") }
    #expect(throws: LatheError.self) {
      try Scorecard(table.select("noise", "granted"), target: "granted", good: "yes")
    }
  }

  @Test("Unknown categories and missing values of a scorecard have bins, or no evidence")
  func scorecardBins() throws {
    var table = try table(600)
    let ports = try table["port"].strings().enumerated().map { $0 % 10 == 0 ? nil : $1 }
    table = try table.with(Column("port", ports))
    let card = try Scorecard(table, target: "granted", good: "yes")
    #expect(try card.points(table).allSatisfy(\.isFinite))
    let other = try table.head(3).with(Column("port", ["X", "C", "S"]))
    // What says nothing has the points between the bins': those of no evidence.
    let known = try table.head(3).with(Column("port", ["C", "C", "S"]))
    let port = try #require(card.characteristics.first { $0.bins.column == "port" })
    let place = try #require(port.bins.bins.firstIndex { $0.texts.contains("C") })
    let difference = try card.points(known)[0] - card.points(other)[0]
    #expect(abs(difference - card.factor * port.coefficient * port.bins.bins[place].evidence) < 1e-9)
    // A column that tells all rows apart is kept, in two bins.
    let sure = try Table([
      Column("size", (0..<200).map { Double($0) }),
      Column("granted", (0..<200).map { $0 > 120 ? "yes" : "no" }),
    ])
    let card2 = try Scorecard(sure, target: "granted", good: "yes")
    #expect(card2.characteristics.map(\.bins.bins.count) == [2])
    #expect(try LearnMetrics.auc(card2.points(sure), (0..<200).map { $0 > 120 ? 1 : 0 }) > 0.95)
  }

  @Test("Rules of experts decide before the model")
  func rules() throws {
    let table = try table(60)
    let model = try models(table)[0]
    let ruled = try RuledModel(
      model, [.init(col("income") < 1000, "no"), .init(col("port") == "C" && col("income") > 500, "yes")])
    let incomes = try table["income"].numbers()
    let ports = try table["port"].strings()
    let (own, plain) = (try ruled.predict(table).strings(), try model.predict(table).strings())
    let probabilities = try ruled.probabilities(table)
    let decided = try ruled.deciding(table)
    for row in 0..<60 {
      let rule = incomes[row] < 1000 ? 0 : ports[row] == "C" ? 1 : nil
      #expect(decided[row] == rule)
      #expect(own[row] == (rule.map { ["no", "yes"][$0] } ?? plain[row]))
      if let rule { #expect(probabilities[row] == (rule == 0 ? [1, 0] : [0, 1])) }
    }
    #expect(throws: LatheError.self) { try RuledModel(model, [.init(col("income") < 1, "maybe")]) }
    #expect(throws: LatheError.self) { try RuledModel(model, [.init(col("wage") < 1, "no")]).predict(table) }
  }
}
