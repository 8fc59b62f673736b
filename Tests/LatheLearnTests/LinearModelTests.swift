import LatheCore
import LatheLearn
import Testing

/// Linear models beside scikit-learn's.
@Suite("Linear models")
struct LinearModelTests {
  struct Options: Decodable {
    var alpha: Double?
    var l1_ratio: Double?
    var C: Double?
    var fit_intercept: Bool?
    var class_weight: String?
  }

  struct Case: Decodable {
    var kind: String
    var rows: String
    var target: String
    var options: Options
    var weighted: Bool
    var coefficients: [[Double]]
    var intercepts: [Double]
    var answers: [Double]
  }

  struct Content: Decodable {
    var tables: [String: [[Double?]]]
    var targets: [String: [Double]]
    var weights: [Double]
    var cases: [Case]
  }

  struct Found {
    var coefficients: [[Double]]
    var intercepts: [Double]
    var answers: [Double]
  }

  private func train(_ own: Case, _ data: LabelledRows) throws -> Found {
    let options = own.options
    let fitsIntercept = options.fit_intercept ?? true
    let weights = options.class_weight == nil ? ClassWeights.none : .balanced
    let x = data.features
    switch own.kind {
    case "linear":
      let model = try LinearRegression.train(
        data, .init(alpha: options.alpha ?? 0, fitsIntercept: fitsIntercept))
      return Found(
        coefficients: [model.coefficients], intercepts: [model.intercept], answers: model.predict(x))
    case "elastic":
      var configuration = ElasticNet.Configuration(
        alpha: options.alpha ?? 1, l1Ratio: options.l1_ratio ?? 0.5)
      configuration.fitsIntercept = fitsIntercept
      configuration.tolerance = 1e-12
      configuration.maxIterations = 100_000
      let model = try ElasticNet.train(data, configuration)
      #expect(model.hasConverged)
      return Found(
        coefficients: [model.coefficients], intercepts: [model.intercept], answers: model.predict(x))
    case "logistic":
      var configuration = LogisticRegression.Configuration(c: options.C ?? 1, l1Ratio: options.l1_ratio ?? 0)
      configuration.fitsIntercept = fitsIntercept
      configuration.classWeights = weights
      configuration.tolerance = 1e-10
      configuration.maxIterations = 1000
      let model = try LogisticRegression.train(data, configuration)
      #expect(model.hasConverged, "\(model.iterations)")
      return Found(
        coefficients: model.coefficients, intercepts: model.intercepts, answers: model.probabilities(x))
    case "poisson":
      var configuration = PoissonRegressor.Configuration(alpha: options.alpha ?? 1)
      configuration.tolerance = 1e-10
      let model = try PoissonRegressor.train(data, configuration)
      #expect(model.hasConverged)
      return Found(
        coefficients: [model.coefficients], intercepts: [model.intercept], answers: model.predict(x))
    default:
      var configuration = LinearSVC.Configuration(c: options.C ?? 1)
      configuration.tolerance = 1e-10
      let model = try LinearSVC.train(data, configuration)
      #expect(model.hasConverged)
      return Found(
        coefficients: model.coefficients, intercepts: model.intercepts, answers: model.predict(x))
    }
  }

  @Test("Coefficients and predictions are scikit-learn's to 1e-6")
  func coefficients() throws {
    let content: Content = try LearnFixture.load("linear")
    for (number, own) in content.cases.enumerated() {
      let x = LearnFixture.matrix(try #require(content.tables[own.rows]))
      let y = Array(try #require(content.targets[own.target]).prefix(x.rows))
      let data = LabelledRows(x, y, weights: own.weighted ? Array(content.weights.prefix(x.rows)) : nil)
      let found = try train(own, data)
      let worst = max(
        LearnFixture.difference(found.coefficients.flatMap { $0 }, own.coefficients.flatMap { $0 }),
        LearnFixture.difference(found.intercepts, own.intercepts),
        LearnFixture.difference(
          Array(found.answers.prefix(60)), Array(own.answers.prefix(found.answers.count))))
      #expect(worst < 1e-6, "case \(number), \(own.kind): \(worst)")
    }
  }

  @Test("The order in memory and float32 change nothing")
  func storage() throws {
    let content: Content = try LearnFixture.load("linear")
    let rows = try #require(content.tables["x"])
    let y = try #require(content.targets["label"])
    let x = LearnFixture.matrix(rows)
    let model = try LogisticRegression.train(LabelledRows(x, y))
    let columns = FeatureMatrix(
      (0..<x.columns).flatMap { x.column($0) }, rows: x.rows, columns: x.columns, order: .columnMajor)
    #expect(try LogisticRegression.train(LabelledRows(columns, y)) == model)
    let narrow = FeatureMatrix(
      rows.flatMap { $0.map { Float($0 ?? 0) } }, rows: x.rows, columns: x.columns)
    let other = try LogisticRegression.train(LabelledRows(narrow, y))
    #expect(LearnFixture.difference(other.coefficients[0], model.coefficients[0]) < 1e-4)
    #expect(model.predict(x).count { $0 == 0 || $0 == 1 } == x.rows)
  }

  @Test("A weight of two is a row twice")
  func weights() throws {
    let content: Content = try LearnFixture.load("linear")
    let x = LearnFixture.matrix(try #require(content.tables["x"]))
    let y = try #require(content.targets["number"])
    let twice = x.selecting(rows: Array(0..<x.rows) + Array(0..<20))
    let weights = (0..<x.rows).map { $0 < 20 ? 2.0 : 1.0 }
    let a = try LinearRegression.train(LabelledRows(x, y, weights: weights))
    let b = try LinearRegression.train(LabelledRows(twice, y + y[..<20]))
    #expect(LearnFixture.difference(a.coefficients, b.coefficients) < 1e-10)
  }

  @Test("Least squares keep the digits that a product X^T X would lose")
  func digits() throws {
    // Läuchli's matrix: the square of 1e-7 beside 1 is near the rounding of float64.
    let e = 1e-7
    let x = FeatureMatrix([[1, 1], [e, 0], [0, e]])
    let model = try LinearRegression.train(
      LabelledRows(x, [3, e, 2 * e]), .init(fitsIntercept: false, tolerance: 1e-12))
    #expect(LearnFixture.difference(model.coefficients, [1, 2]) < 1e-6)
  }

  @Test("What cannot be learned from is refused by name")
  func refused() {
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    let x = FeatureMatrix([[1, .nan], [2, 3], [4, 5]], names: ["age", "fare"])
    #expect(message { _ = try LinearRegression.train(LabelledRows(x, [1, 2, 3])) }.contains("'fare'"))
    let infinite = FeatureMatrix([[1, 2], [.infinity, 3]], names: ["age", "fare"])
    #expect(
      message { _ = try LogisticRegression.train(LabelledRows(infinite, [0, 1])) }.contains("'age' is inf"))
    let sound = FeatureMatrix([[1.0], [2], [3]])
    #expect(
      message { _ = try LogisticRegression.train(LabelledRows(sound, [1, 1, 1])) }.contains(
        "no row is of class 0"))
    #expect(
      message { _ = try LogisticRegression.train(LabelledRows(sound, [0, 0, 0])) }.contains("one class"))
    #expect(
      message { _ = try LogisticRegression.train(LabelledRows(sound, [0, 1.5, 0])) }.contains("classes 0, 1"))
    #expect(message { _ = try PoissonRegressor.train(LabelledRows(sound, [-1, 2, 3])) }.contains("negative"))
    #expect(
      message { _ = try ElasticNet.train(LabelledRows(sound, [1, 2, 3]), .init(l1Ratio: 2)) }.contains(
        "l1Ratio"))
    #expect(
      message { _ = try LinearRegression.train(LabelledRows(sound, [1, 2, 3], weights: [0, 0, 0])) }.contains(
        "not all zero"))
  }
}
