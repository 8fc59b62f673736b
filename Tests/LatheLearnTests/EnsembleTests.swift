import DataTestSupport
import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Voting and stacking, against scikit-learn.
@Suite("Ensembles")
struct EnsembleTests {
  private static let names = (0..<4).map { "x\($0)" }
  private static let plain = ColumnTransformer([.init(names)])

  private static func table(_ content: EnsembleFixture) throws -> Table {
    try Table(
      names.enumerated().map { place, name in Column(name, content.rows.map { $0[place] }) } + [
        Column("three", content.three.map { Optional(Int($0)) }),
        Column("two", content.two.map { Optional(Int($0)) }),
        Column("number", content.numbers.map { Optional($0) }),
      ])
  }

  private static let logistic: Estimator = {
    var configuration = LogisticRegression.Configuration()
    configuration.tolerance = 1e-10
    configuration.maxIterations = 2000
    return .logisticRegression(configuration)
  }()

  private static let classifiers: [Ensemble.Member] = [
    .init(plain, .naiveBayes()), .init(plain, logistic),
    .init(plain, .nearestNeighbors(.init(k: 7, isClassification: true))),
  ]
  private static let regressors: [Ensemble.Member] = [
    .init(plain, .linearRegression()), .init(plain, .nearestNeighbors(.init(k: 7, isClassification: false))),
  ]

  @Test("Stacking is scikit-learn's, of two classes, three and numbers")
  func stacked() throws {
    let content: EnsembleFixture = try LearnFixture.load("ensembles")
    let table = try Self.table(content)
    let (train, test) = (table.head(200), table.tail(60))
    for target in ["two", "three"] {
      let model = try Ensemble(Self.classifiers, .stacked(final: Self.logistic), target: target).fit(train)
      let found = try model.probabilities(test).flatMap { $0 }
      #expect(LearnFixture.difference(found, content.stacked[target] ?? []) < 1e-5, "\(target)")
    }
    let model = try Ensemble(Self.regressors, .stacked(), target: "number").fit(train)
    let found = try model.predict(test).numbers()
    #expect(LearnFixture.difference(found, content.stacked["number"] ?? []) < 1e-9)
  }

  @Test("Voting is scikit-learn's, by probabilities, classes and numbers")
  func voted() throws {
    let content: EnsembleFixture = try LearnFixture.load("ensembles")
    let table = try Self.table(content)
    let (train, test) = (table.head(200), table.tail(60))
    let soft = try Ensemble(Self.classifiers, .mean(weights: [1, 2, 0.5]), target: "three").fit(train)
    #expect(
      LearnFixture.difference(try soft.probabilities(test).flatMap { $0 }, content.voted["soft"] ?? []) < 1e-5
    )
    let hard = try Ensemble(Self.classifiers, .votes(), target: "three").fit(train)
    #expect(try hard.predictedClasses(test).map { Double($0) } == content.voted["hard"] ?? [])
    #expect(throws: LatheError.self) { try hard.probabilities(test) }
    let mean = try Ensemble(Self.regressors, .mean(weights: [1, 3]), target: "number").fit(train)
    #expect(LearnFixture.difference(try mean.predict(test).numbers(), content.voted["mean"] ?? []) < 1e-9)
  }

  /// Members with features of their own, two of which share some.
  private static func mixed(_ combination: Ensemble.Combination) -> Ensemble {
    let linear = ColumnTransformer([
      .init(["age"], [.impute(.median), .standardScale]), .init(["port"], [.oneHot(unknown: .ignore)]),
    ])
    let trees = ColumnTransformer([.init(["age"]), .init(["port"], [.categories])])
    let forests = ColumnTransformer([.init(["age"]), .init(["port"], [.oneHot(unknown: .ignore)])])
    var boosting = BoostingConfiguration(loss: .binary)
    boosting.treeCount = 10
    var forest = ForestConfiguration.randomForest(.gini)
    forest.treeCount = 5
    return Ensemble(
      [
        .init(linear, .logisticRegression()), .init(trees, .boostedTrees(boosting)),
        .init(forests, .forest(forest)), .init(linear, .linearSVC()),
      ], combination, target: "label")
  }

  @Test("Members with features of their own are stored together and predict the same")
  func stored() throws {
    let folder = try TemporaryFolder()
    let table = try PipelineTests.table()
    for (number, combination) in [Ensemble.Combination.stacked(seed: 1), .votes(weights: [1, 1, 1, 2])]
      .enumerated()
    {
      let model = try Self.mixed(combination).fit(table)
      try model.save(to: "\(folder.path)/\(number)")
      let again = try TableModel(path: "\(folder.path)/\(number)")
      let other = try table.select("port", "age")
      #expect(try again.predict(other).strings() == model.predict(table).strings())
      #expect(model.features.columnNames == ["age", "port"])
      if number == 0 { #expect(try again.probabilities(other) == model.probabilities(table)) }
      let right = zip(try model.predict(table).strings(), try table["label"].strings()).count { $0 == $1 }
      #expect(right > 90, "\(right)")
    }
    // Nothing is made twice: ages and ports of the linear members, ages and ports of trees.
    let model = try Self.mixed(.votes()).fit(table)
    guard case .ensemble(let ensemble) = model.estimator else { return #expect(Bool(false)) }
    #expect(ensemble.members.map(\.columns.count) == [2, 2, 2, 2])
    #expect(ensemble.columns == 1 + 4 + 1 + 1)
  }

  @Test("What does not fit is said")
  func refused() throws {
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    let table = try PipelineTests.table()
    func fit(_ combination: Ensemble.Combination, _ change: (inout Ensemble) -> Void = { _ in }) -> String {
      var ensemble = Self.mixed(combination)
      change(&ensemble)
      return message { _ = try ensemble.fit(table) }
    }
    #expect(fit(.mean(weights: [1])).contains("1 weights for 4 members"))
    #expect(fit(.mean(weights: [0, 0, 0, 0])).contains("nor all zero"))
    #expect(fit(.stacked(final: .linearRegression())).contains("must tell what the members tell"))
    #expect(fit(.stacked(folds: 1)).contains("1 folds"))
    #expect(
      fit(.mean()) { $0.members[0].estimator = .linearRegression() }.contains(
        "all tell classes or all numbers"))
    #expect(fit(.mean()) { $0.members = [] }.contains("members must be there"))
    let folder = try TemporaryFolder()
    try Self.mixed(.stacked()).fit(table).save(to: folder.path)
    let text = String(decoding: try folder.read(TableModel.fileName), as: UTF8.self)
    for (old, new) in [
      ("\"combination\" : \"stacked\"", "\"combination\" : \"mean\""),
      ("\"temperature\" : 1", "\"temperature\" : 0"),
      ("\"threshold\" : 0.5", "\"threshold\" : 7"), ("\"final\" : [", "\"final\" : [], \"was\" : ["),
      ("\"columns\" : 7", "\"columns\" : 6"), ("\"members\" : [", "\"members\" : [], \"were\" : ["),
    ] {
      #expect(text.contains(old), "\(old)")
      try folder.write(Array(text.replacing(old, with: new).utf8), TableModel.fileName)
      #expect(message { _ = try TableModel(path: folder.path) }.contains(TableModel.fileName), "\(new)")
    }
  }
}
