import LatheCore
import LatheLearn
import Testing

/// Gaussian processes beside scikit-learn's.
@Suite("Gaussian processes")
struct ProcessTests {
  struct Regression: Decodable {
    var name: String
    var mean: [Double]
    var deviation: [Double]
    var likelihood: Double
    var best: Double
    var theta: [Double]
  }

  struct Classification: Decodable {
    var target: String
    var probabilities: [Double]
    var likelihood: Double
    var best: Double
    var bestProbabilities: [Double]
  }

  struct Content: Decodable {
    var x: [[Double]]
    var targets: [String: [Double]]
    var processes: [Regression]
    var classifiers: [Classification]
  }

  private let content: Content
  private let train: FeatureMatrix
  private let test: FeatureMatrix

  init() throws {
    content = try LearnFixture.load("kernels")
    train = FeatureMatrix(Array(content.x[..<60]))
    test = FeatureMatrix(Array(content.x[60...]))
  }

  private func targets(_ name: String) throws -> [Double] {
    Array(try #require(content.targets[name])[..<60])
  }

  @Test("Means, deviations and likelihoods are scikit-learn's; the search finds as likely settings")
  func regression() throws {
    let all = try #require(content.targets["number"])
    let mean = all.reduce(0, +) / Double(all.count)
    let data = LabelledRows(train, all[..<60].map { $0 - mean })
    let kernels: [String: ProcessKernel] = [
      "rbf": .rbf(lengths: [1.5]), "scaled": .constant(2) * .rbf(lengths: [1, 2, 1.5, 3]) + .white(0.5),
      "matern15": .constant() * .matern(lengths: [2]) + .white(0.3),
      "matern25": .matern(lengths: [2], .fiveHalves) + .white(0.3),
      "matern05": .matern(lengths: [1], .half) + .white(0.3),
    ]
    for own in content.processes {
      let kernel = try #require(kernels[own.name])
      #expect(LearnFixture.difference(kernel.theta, own.theta) < 1e-12)
      #expect(kernel.with(theta: kernel.theta).theta.count == own.theta.count)
      var configuration = GaussianProcessRegressor.Configuration(kernel)
      (configuration.alpha, configuration.isOptimized) = (1e-6, false)
      let fixed = try GaussianProcessRegressor.train(data, configuration)
      #expect(LearnFixture.difference(fixed.predict(test), own.mean) < 1e-6, "\(own.name)")
      #expect(LearnFixture.difference(try fixed.deviations(test), own.deviation) < 1e-6, "\(own.name)")
      #expect(abs(fixed.logMarginalLikelihood - own.likelihood) < 1e-6 * abs(own.likelihood), "\(own.name)")
      guard own.name == "scaled" || own.name == "matern25" else { continue }
      configuration.isOptimized = true
      let best = try GaussianProcessRegressor.train(data, configuration)
      #expect(best.logMarginalLikelihood > own.best - 1e-2, "\(own.name)")
    }
    #expect(throws: LatheError.self) {
      _ = try GaussianProcessRegressor.train(data, .init(.rbf(lengths: [1, 2])))
    }
  }

  @Test("Probabilities and likelihoods of classes are scikit-learn's")
  func classification() throws {
    for own in content.classifiers {
      let data = LabelledRows(train, try targets(own.target))
      var configuration = GaussianProcessClassifier.Configuration(.constant(2) * .rbf(lengths: [1.5]))
      configuration.isOptimized = false
      let fixed = try GaussianProcessClassifier.train(data, configuration)
      #expect(
        LearnFixture.difference(fixed.probabilities(test), own.probabilities) < 1e-6, "\(own.target)")
      #expect(abs(fixed.logMarginalLikelihood - own.likelihood) < 1e-6 * abs(own.likelihood), "\(own.target)")
      guard own.target == "label" else { continue }
      configuration.isOptimized = true
      let best = try GaussianProcessClassifier.train(data, configuration)
      #expect(best.logMarginalLikelihood > own.best - 1e-2, "\(own.target)")
    }
  }
}
