import DataTestSupport
import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Support vector machines, quantile regression, stochastic gradient descent and partial fitting beside scikit-learn's.
@Suite("Kernels, quantiles, stochastic descent")
struct KernelModelTests {
  struct Options: Decodable {
    var kernel: String?
    var C: Double?
    var coef0: Double?
    var gamma: Gamma?
    var degree: Int?
    var class_weight: String?
    var epsilon: Double?
    var loss: String?
    var alpha: Double?
    var quantile: Double?
    var penalty: String?
    var l1_ratio: Double?
    var learning_rate: String?
    var eta0: Double?
  }

  enum Gamma: Decodable {
    case auto
    case value(Double)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Double.self) { self = .value(value) } else { self = .auto }
    }
  }

  struct Machine: Decodable {
    var kind: String
    var target: String
    var options: Options
    var weighted: Bool
    var answers: [Double]
    var scores: [Double]?
  }

  struct Descent: Decodable {
    var loss: String
    var target: String
    var options: Options
    var weighted: Bool
    var coefficients: [Double]
    var intercepts: [Double]
    var partial: [Double]
    var partialIntercepts: [Double]
  }

  struct Bayes: Decodable {
    var name: String
    var probabilities: [Double]
  }

  struct Content: Decodable {
    var x: [[Double]]
    var targets: [String: [Double]]
    var weights: [Double]
    var machines: [Machine]
    var descents: [Descent]
    var bayes: [Bayes]
  }

  private let content: Content
  private let x: FeatureMatrix

  init() throws {
    content = try LearnFixture.load("kernels")
    x = FeatureMatrix(content.x)
  }

  private func data(_ target: String, weighted: Bool) throws -> LabelledRows {
    LabelledRows(x, try #require(content.targets[target]), weights: weighted ? content.weights : nil)
  }

  private func kernel(_ options: Options) -> KernelConfiguration {
    var kernel = KernelConfiguration(
      options.kernel == "linear"
        ? .linear : options.kernel == "poly" ? .polynomial : options.kernel == "sigmoid" ? .sigmoid : .rbf)
    switch options.gamma {
    case .auto: kernel.gamma = .auto
    case .value(let value): kernel.gamma = .value(value)
    case nil: break
    }
    kernel.constant = options.coef0 ?? 0
    kernel.degree = options.degree ?? 3
    return kernel
  }

  @Test("Kernel machines say what scikit-learn's say")
  func machines() throws {
    for (number, own) in content.machines.enumerated() {
      let data = try data(own.target, weighted: own.weighted)
      let options = own.options
      switch own.kind {
      case "svc":
        var configuration = SVC.Configuration(c: options.C ?? 1, kernel: kernel(options))
        configuration.classWeights = options.class_weight == nil ? .none : .balanced
        let quick = try SVC.train(data, configuration)
        configuration.tolerance = 1e-9
        let model = try SVC.train(data, configuration)
        #expect(LearnFixture.difference(model.scores(x), try #require(own.scores)) < 1e-5, "case \(number)")
        #expect(LearnFixture.difference(quick.scores(x), try #require(own.scores)) < 5e-3, "case \(number)")
        #expect(model.predict(x) == own.answers, "case \(number)")
        #expect(model.hasConverged)
      case "svr":
        var configuration = SVR.Configuration(
          c: options.C ?? 1, epsilon: options.epsilon ?? 0.1, kernel: kernel(options))
        configuration.tolerance = 1e-9
        let model = try SVR.train(data, configuration)
        #expect(LearnFixture.difference(model.predict(x), own.answers) < 1e-5, "case \(number)")
        #expect(model.supportVectorCount > 0 && model.supportVectorCount <= 90)
      default: continue
      }
    }
  }

  @Test("The linear regression machine's predictions are scikit-learn's")
  func linear() throws {
    for (number, own) in content.machines.enumerated() where own.kind == "linearSVR" {
      var configuration = LinearSVR.Configuration(c: own.options.C ?? 1, epsilon: own.options.epsilon ?? 0)
      configuration.isSquared = own.options.loss != nil
      (configuration.tolerance, configuration.maxIterations) = (1e-10, 1_000_000)
      let model = try LinearSVR.train(data(own.target, weighted: own.weighted), configuration)
      #expect(LearnFixture.difference(model.predict(x), own.answers) < 1e-6, "case \(number)")
    }
  }

  @Test("Quantile regression's objective and predictions are scikit-learn's")
  func quantiles() throws {
    for (number, own) in content.machines.enumerated() where own.kind == "quantile" {
      let configuration = QuantileRegressor.Configuration(
        quantile: own.options.quantile ?? 0.5, alpha: own.options.alpha ?? 1)
      let model = try QuantileRegressor.train(data(own.target, weighted: own.weighted), configuration)
      #expect(model.hasConverged, "case \(number)")
      #expect(LearnFixture.difference(model.predict(x), own.answers) < 1e-6, "case \(number)")
    }
    let bad = LabelledRows(FeatureMatrix([[1.0], [2]]), [1, 2])
    #expect(throws: LatheError.self) { _ = try QuantileRegressor.train(bad, .init(quantile: 1)) }
  }

  @Test("Stochastic descent without a random order takes scikit-learn's steps")
  func descent() throws {
    for (number, own) in content.descents.enumerated() {
      let loss: SGDLoss =
        switch own.loss {
        case "hinge": .hinge
        case "log_loss": .logLoss
        case "modified_huber": .modifiedHuber
        case "squared_hinge": .squaredHinge
        case "squared_error": .squaredError
        case "huber": .huber(epsilon: own.options.epsilon ?? 0.1)
        default: .epsilonInsensitive()
        }
      var configuration = SGDConfiguration(loss)
      configuration.seed = nil
      configuration.alpha = own.options.alpha ?? 1e-4
      configuration.l1Ratio = own.options.penalty == "l1" ? 1 : own.options.l1_ratio ?? 0
      if let rate = own.options.learning_rate {
        configuration.learningRate =
          rate == "adaptive" ? .adaptive(0.01) : .constant(own.options.eta0 ?? 0.01)
      }
      let data = try data(own.target, weighted: own.weighted)
      func rows(_ range: Range<Int>) -> LabelledRows {
        LabelledRows(x.selecting(rows: Array(range)), Array(data.targets[range]))
      }
      let (weights, intercepts, part, partIntercepts): ([Double], [Double], [Double], [Double])
      if own.target == "number" {
        let model = try SGDRegressor.train(data, configuration)
        var pieces = try SGDRegressor(columns: 4, configuration)
        for range in [0..<50, 50..<90] { try pieces.partialFit(rows(range)) }
        (weights, intercepts) = (model.coefficients, [model.intercept])
        (part, partIntercepts) = (pieces.coefficients, [pieces.intercept])
      } else {
        let model = try SGDClassifier.train(data, configuration)
        var pieces = try SGDClassifier(classes: own.target == "label" ? 2 : 3, columns: 4, configuration)
        for range in [0..<50, 50..<90] { try pieces.partialFit(rows(range)) }
        (weights, intercepts) = (model.coefficients.flatMap { $0 }, model.intercepts)
        (part, partIntercepts) = (pieces.coefficients.flatMap { $0 }, pieces.intercepts)
        #expect((model.probabilities(x) != nil) == (own.loss == "log_loss"))
      }
      #expect(LearnFixture.difference(weights, own.coefficients) < 1e-6, "case \(number)")
      #expect(LearnFixture.difference(intercepts, own.intercepts) < 1e-6, "case \(number)")
      #expect(LearnFixture.difference(part, own.partial) < 1e-6, "case \(number), pieces")
      #expect(LearnFixture.difference(partIntercepts, own.partialIntercepts) < 1e-6, "case \(number), pieces")
    }
    // A random order is as good.
    let label = try data("label", weighted: false)
    let found = try SGDClassifier.train(label, .init(.logLoss)).predict(x)
    #expect(zip(found, label.targets).count { $0 == $1 } >= 72)
  }

  @Test("Naive Bayes counts piece by piece as scikit-learn's")
  func bayes() throws {
    let classes = try #require(content.targets["classes"])
    for own in content.bayes {
      let kind: NaiveBayes.Kind =
        own.name == "gaussian" ? .gaussian() : own.name == "bernoulli" ? .bernoulli() : .multinomial()
      let rows =
        own.name == "multinomial"
        ? FeatureMatrix(content.x.map { $0.map { abs($0.rounded(.toNearestOrEven)) } }) : x
      var counts = NaiveBayesCounts(classes: 3, columns: 4, kind)
      for range in [0..<30, 30..<90] {
        try counts.partialFit(
          LabelledRows(
            rows.selecting(rows: Array(range)), Array(classes[range]), weights: Array(content.weights[range]))
        )
      }
      let found = try counts.model().probabilities(rows.selecting(rows: Array(0..<30)))
      #expect(LearnFixture.difference(found, own.probabilities) < 1e-6, "\(own.name)")
    }
  }

  @Test("Pipelines train, store and read them")
  func pipelines() throws {
    let columns = (0..<4).map { j in Column("x\(j)", x.column(j).map { Optional($0) }) }
    let features = ColumnTransformer([.init(["x0", "x1", "x2", "x3"], [.standardScale])])
    var fixed = GaussianProcessRegressor.Configuration(.rbf() + .white(0.1))
    var fixedClasses = GaussianProcessClassifier.Configuration()
    (fixed.isOptimized, fixedClasses.isOptimized) = (false, false)
    let plans: [(String, Estimator)] = [
      ("label", .svc()), ("classes", .svc()), ("number", .svr()), ("number", .linearSVR()),
      ("number", .quantile(.init(alpha: 0.1))), ("classes", .sgd(.init(.logLoss))),
      ("number", .sgd(.init(.huber()))),
      ("number", .gaussianProcess(fixed)), ("classes", .gaussianProcessClassifier(fixedClasses)),
    ]
    for (target, estimator) in plans {
      let values = try #require(content.targets[target])
      let column =
        target == "number"
        ? Column("y", values.map { Optional($0) }) : Column("y", values.map { Optional(Int($0)) })
      let table = try Table(columns + [column])
      let model = try Pipeline(features, estimator, target: "y").fit(table)
      let folder = try TemporaryFolder()
      try model.save(to: folder.path)
      let stored = try TableModel(path: folder.path)
      #expect(try stored.predict(table).strings() == model.predict(table).strings())
      #expect(stored.classes.count == model.classes.count)
    }
  }
}
