import LatheCore
import LatheLearn
import Testing

/// Naive Bayes, neighbours, components and clusters beside scikit-learn's.
@Suite("Naive Bayes, neighbours, components, clusters")
struct ClassicModelTests {
  struct Bayes: Decodable {
    var kind: String
    var rows: String
    var alpha: Double?
    var threshold: Double?
    var weighted: Bool
    var probabilities: [Double]
  }

  struct Neighbors: Decodable {
    var k: Int
    var weights: String
    var rows: [[Int]]
    var distances: [[Double]]
    var probabilities: [Double]
    var classes: [Double]
    var numbers: [Double]
  }

  struct Components: Decodable {
    var rows: String
    var count: Int
    var components: [[Double]]
    var variance: [Double]
    var ratio: [Double]
    var parts: [[Double]]
    var back: [[Double]]
  }

  struct Clusters: Decodable {
    var start: [[Double]]
    var centers: [[Double]]
    var labels: [Int]
    var inertia: Double
    var iris: [[Double]]
    var inertias: [Double]
  }

  struct Content: Decodable {
    var tables: [String: [[Double]]]
    var labels: [Double]
    var numbers: [Double]
    var weights: [Double]
    var bayes: [Bayes]
    var neighbors: [Neighbors]
    var components: [Components]
    var clusters: Clusters
  }

  private let content: Content

  init() throws { content = try LearnFixture.load("classic") }

  private func table(_ name: String) throws -> FeatureMatrix {
    FeatureMatrix(try #require(content.tables[name]))
  }

  @Test("Naive Bayes' probabilities are scikit-learn's")
  func bayes() throws {
    for (number, own) in content.bayes.enumerated() {
      let x = try table(own.rows)
      let kind: NaiveBayes.Kind =
        switch own.kind {
        case "gaussian": .gaussian()
        case "multinomial": .multinomial(alpha: own.alpha ?? 1)
        default: .bernoulli(alpha: own.alpha ?? 1, threshold: own.threshold ?? 0)
        }
      let model = try NaiveBayes.train(
        LabelledRows(x, content.labels, weights: own.weighted ? content.weights : nil), kind)
      let found = model.probabilities(x.selecting(rows: Array(0..<30)))
      for (a, b) in zip(found, own.probabilities) {
        #expect(abs(exponential(b) - a) < 1e-9, "case \(number), \(own.kind)")
      }
      #expect(model.predict(x).count == x.rows)
    }
    let negative = FeatureMatrix([[-1.0], [2]])
    #expect(throws: LatheError.self) {
      _ = try NaiveBayes.train(LabelledRows(negative, [0, 1]), .multinomial())
    }
  }

  @Test("Neighbours, their distances and answers are scikit-learn's")
  func neighbors() throws {
    let x = try table("x")
    let train = x.selecting(rows: Array(0..<80))
    let test = x.selecting(rows: Array(60..<120))
    for own in content.neighbors {
      let weights: NearestNeighbors.Weights = own.weights == "uniform" ? .uniform : .distance
      let model = try NearestNeighbors(
        LabelledRows(train, Array(content.labels[..<80])), k: own.k, weights: weights)
      let (rows, distances) = model.neighbors(test)
      #expect(rows == own.rows)
      #expect(LearnFixture.difference(distances.flatMap { $0 }, own.distances.flatMap { $0 }) < 1e-9)
      #expect(LearnFixture.difference(model.probabilities(test), own.probabilities) < 1e-9)
      #expect(model.predict(test) == own.classes)
      let numbers = try NearestNeighbors(
        LabelledRows(train, Array(content.numbers[..<80])), k: own.k, weights: weights,
        isClassification: false)
      #expect(LearnFixture.difference(numbers.predict(test), own.numbers) < 1e-9)
    }
    #expect(throws: LatheError.self) { _ = try NearestNeighbors(LabelledRows(train, content.labels), k: 81) }
  }

  @Test("Principal components, their variances and parts are scikit-learn's")
  func components() throws {
    for own in content.components {
      let x = try table(own.rows)
      let model = try PCA(fit: x, components: own.count)
      // A direction's sign is free.
      let signs = zip(model.components, own.components).map { a, b in
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } < 0 ? -1.0 : 1
      }
      let turned = zip(model.components, signs).flatMap { row, sign in row.map { $0 * sign } }
      #expect(LearnFixture.difference(turned, own.components.flatMap { $0 }) < 1e-6, "\(own.rows)")
      #expect(signs == signs.map { _ in 1 }, "\(own.rows): the largest number of each is positive")
      #expect(LearnFixture.difference(model.explainedVariance, own.variance) < 1e-9)
      #expect(LearnFixture.difference(model.explainedVarianceRatio, own.ratio) < 1e-9)
      let parts = model.transform(x)
      let first = (0..<own.parts.count).flatMap { row in zip(parts.row(row), signs).map { $0 * $1 } }
      #expect(LearnFixture.difference(first, own.parts.flatMap { $0 }) < 1e-6)
      let back = model.inverseTransform(parts)
      #expect(
        LearnFixture.difference((0..<own.back.count).flatMap { back.row($0) }, own.back.flatMap { $0 }) < 1e-6
      )
    }
    #expect(throws: LatheError.self) { _ = try PCA(fit: table("wide"), components: 7) }
  }

  @Test("Clusters from given centers are scikit-learn's; chosen ones are as good")
  func clusters() throws {
    let own = content.clusters
    let x = try table("x")
    let model = try KMeans.train(x, from: own.start)
    #expect(LearnFixture.difference(model.centers.flatMap { $0 }, own.centers.flatMap { $0 }) < 1e-6)
    #expect(model.predict(x) == own.labels)
    #expect(abs(model.inertia - own.inertia) < 1e-6 * own.inertia)
    let iris = FeatureMatrix(own.iris)
    let found = try (0..<10).map { seed in
      var configuration = KMeans.Configuration(clusters: 5)
      configuration.seed = UInt64(seed)
      return try KMeans.train(iris, configuration).inertia
    }
    let (mean, center) = (found.reduce(0, +) / 10, own.inertias.reduce(0, +) / 10)
    let spread = (own.inertias.max() ?? 0) - (own.inertias.min() ?? 0)
    #expect(abs(mean - center) <= max(spread, 0.02 * center), "\(mean), scikit-learn \(center)")
    // As many groups as rows: each row is its own.
    let each = try KMeans.train(FeatureMatrix([[0.0], [1], [5]]), .init(clusters: 3))
    #expect(each.inertia < 1e-12)
    // More groups than different rows: some stay without rows.
    #expect(try KMeans.train(FeatureMatrix([[1.0], [1], [1]]), .init(clusters: 2)).inertia == 0)
    #expect(throws: LatheError.self) { _ = try KMeans.train(FeatureMatrix([[1.0]]), .init(clusters: 2)) }
  }
}
