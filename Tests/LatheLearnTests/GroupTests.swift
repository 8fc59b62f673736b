import LatheCore
import LatheLearn
import Testing

/// Mixtures, clusters, decompositions and discriminants beside scikit-learn's.
@Suite("Groups and directions")
struct GroupTests {
  struct Mixture: Decodable {
    var kind: String
    var weights: [Double]
    var means: [[Double]]
    var covariances: [Double]
    var labels: [Int]
    var densities: [Double]
    var bic: Double
    var aic: Double
  }

  struct Density: Decodable {
    var epsilon: Double
    var minSamples: Int
    var labels: [Int]
  }

  struct Stable: Decodable {
    var size: Int
    var labels: [Int]
  }

  struct Hierarchy: Decodable {
    var distances: [Double]
    var labels: [[Int]]
  }

  struct Directions: Decodable {
    var values: [Double]
    var components: [[Double]]
  }

  struct Factors: Decodable {
    var error: Double
    var products: [[Double]]
  }

  struct Discriminant: Decodable {
    var targets: [Double]
    var coefficients: [Double]
    var intercepts: [Double]
    var probabilities: [Double]
    var ratio: [Double]
    var parts: [[Double]]
  }

  struct Content: Decodable {
    var x: [[Double]]
    var start: [Int]
    var mixtures: [Mixture]
    var dbscan: [Density]
    var hdbscan: [Stable]
    var perplexity: Double
    var trees: [String: Hierarchy]
    var batches: [Double]
    var counts: [[Double]]
    var svd: Directions
    var nmf: Factors
    var discriminants: [Discriminant]
  }

  private let content: Content
  private let x: FeatureMatrix

  init() throws {
    content = try LearnFixture.load("groups")
    x = FeatureMatrix(content.x)
  }

  /// Groups numbered in the order of their first rows; those below 0 stay.
  private func renamed(_ labels: [Int]) -> [Int] {
    var names: [Int: Int] = [:]
    return labels.map { label in
      if label < 0 { return label }
      let name = names[label] ?? names.count
      names[label] = name
      return name
    }
  }

  @Test("Gaussian mixtures from given groups are scikit-learn's")
  func mixtures() throws {
    for own in content.mixtures {
      let kind = try #require(GaussianMixture.Covariance(rawValue: own.kind))
      var configuration = GaussianMixture.Configuration(components: 3, kind)
      (configuration.tolerance, configuration.maxIterations) = (1e-8, 500)
      let model = try GaussianMixture.train(x, configuration, from: content.start)
      #expect(model.hasConverged)
      #expect(LearnFixture.difference(model.weights, own.weights) < 1e-5, "\(own.kind)")
      #expect(
        LearnFixture.difference(model.means.flatMap { $0 }, own.means.flatMap { $0 }) < 1e-4, "\(own.kind)")
      #expect(
        LearnFixture.difference(model.covariances.flatMap { $0 }, own.covariances) < 1e-4, "\(own.kind)")
      #expect(LearnFixture.difference(try model.logDensities(x), own.densities) < 1e-4, "\(own.kind)")
      #expect(try model.predict(x) == own.labels, "\(own.kind)")
      #expect(
        try abs(model.bic(x) - own.bic) < 1e-4 * own.bic && abs(model.aic(x) - own.aic) < 1e-4 * own.aic)
    }
    let chosen = try GaussianMixture.train(x, .init(components: 3))
    #expect(try chosen.bic(x) < GaussianMixture.train(x).bic(x))
    #expect(throws: LatheError.self) {
      _ = try GaussianMixture.train(FeatureMatrix([[1.0]]), .init(components: 2))
    }
  }

  @Test("Groups by density are scikit-learn's")
  func density() throws {
    for own in content.dbscan {
      #expect(try DBSCAN.labels(x, epsilon: own.epsilon, minSamples: own.minSamples) == own.labels)
    }
    for own in content.hdbscan {
      #expect(renamed(try HDBSCAN.labels(x, minClusterSize: own.size)) == renamed(own.labels), "\(own.size)")
    }
  }

  @Test("Joined groups and their distances are scikit-learn's")
  func hierarchy() throws {
    for (name, own) in content.trees {
      let linkage = try #require(AgglomerativeClustering.Linkage(rawValue: name))
      let model = try AgglomerativeClustering(x, linkage: linkage)
      #expect(LearnFixture.difference(model.merges.map(\.distance), own.distances) < 1e-6, "\(name)")
      for (count, labels) in zip([3, 7], own.labels) {
        #expect(model.labels(clusters: count) == renamed(labels), "\(name), \(count)")
      }
      #expect(Set(model.labels(distance: own.distances[80])).count == 10)
    }
  }

  @Test("Groups from few rows at a time are as good as scikit-learn's")
  func batches() throws {
    let found = try (0..<10).map { seed in
      var configuration = KMeans.Configuration(clusters: 3)
      configuration.seed = UInt64(seed)
      return try KMeans.trainInBatches(x, configuration, batch: 32).inertia
    }
    let (mean, wanted) = (found.reduce(0, +) / 10, content.batches.reduce(0, +) / 10)
    #expect(mean < 1.1 * wanted, "\(mean), scikit-learn \(wanted)")
  }

  @Test("Singular directions, of sparse rows too, are scikit-learn's; random ones keep distances")
  func directions() throws {
    let counts = FeatureMatrix(content.counts)
    let exact = try TruncatedSVD(fit: counts, components: 3)
    #expect(LearnFixture.difference(exact.singularValues, content.svd.values) < 1e-6)
    let wanted = content.svd.components.flatMap { row -> [Double] in
      (row.max { abs($0) < abs($1) } ?? 1) < 0 ? row.map { -$0 } : row
    }
    #expect(LearnFixture.difference(exact.components.flatMap { $0 }, wanted) < 1e-6)
    let sparse = SparseRows(counts)
    let random = try TruncatedSVD(fit: sparse, components: 3)
    #expect(LearnFixture.difference(random.singularValues, content.svd.values) < 1e-6)
    #expect(LearnFixture.difference(random.transform(sparse).row(3), exact.transform(counts).row(3)) < 1e-5)
    for projection in [
      RandomProjection.gaussian(columns: 12, components: 400), .sparse(columns: 12, components: 400),
    ] {
      let moved = projection.transform(counts)
      for (a, b) in [(0, 1), (5, 9), (20, 33)] {
        func distance(_ m: FeatureMatrix) -> Double {
          zip(m.row(a), m.row(b)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        }
        #expect(abs(distance(moved) / distance(counts) - 1) < 0.25)
      }
    }
    #expect(RandomProjection.leastComponents(rows: 1000) == 5920)
  }

  @Test("Parts that are not negative lack as little as scikit-learn's")
  func factors() throws {
    let counts = FeatureMatrix(content.counts)
    let (model, parts) = try NMF.fitTransform(counts, components: 3, maxIterations: 5000, tolerance: 1e-8)
    #expect(abs(model.reconstructionError / content.nmf.error - 1) < 1e-5)
    for (row, wanted) in content.nmf.products.enumerated() {
      let found = (0..<12).map { j in (0..<3).reduce(0.0) { $0 + parts[row, $1] * model.components[$1][j] } }
      #expect(LearnFixture.difference(found, wanted) < 1e-3)
    }
    let again = try model.transform(counts, maxIterations: 5000, tolerance: 1e-10)
    #expect(LearnFixture.difference(again.row(4), parts.row(4)) < 1e-3)
    #expect(throws: LatheError.self) { _ = try NMF.fitTransform(FeatureMatrix([[-1.0, 1]]), components: 1) }
  }

  @Test("Discriminants, their probabilities and directions are scikit-learn's")
  func discriminants() throws {
    for own in content.discriminants {
      let model = try LinearDiscriminant.train(LabelledRows(x, own.targets))
      #expect(LearnFixture.difference(model.coefficients.flatMap { $0 }, own.coefficients) < 1e-6)
      #expect(LearnFixture.difference(model.intercepts, own.intercepts) < 1e-6)
      #expect(LearnFixture.difference(model.probabilities(x), own.probabilities) < 1e-6)
      #expect(LearnFixture.difference(model.explainedVarianceRatio, own.ratio) < 1e-6)
      let parts = model.transform(x)
      for (row, wanted) in own.parts.enumerated() {
        // A direction's sign is free.
        #expect(LearnFixture.difference(parts.row(row).map { abs($0) }, wanted.map { abs($0) }) < 1e-6)
      }
    }
  }

  @Test("Topics are as likely as scikit-learn's")
  func topics() throws {
    let counts = SparseRows(FeatureMatrix(content.counts))
    let found = try (0..<3).map { seed in
      try LatentDirichlet(fit: counts, topics: 3, maxIterations: 30, seed: UInt64(seed)).perplexity(counts)
    }
    #expect(found.allSatisfy { abs($0 / content.perplexity - 1) < 0.05 }, "\(found), \(content.perplexity)")
    let parts = try LatentDirichlet(fit: counts, topics: 3).transform(counts)
    #expect(abs(parts.row(5).reduce(0, +) - 1) < 1e-9)
  }

  @Test("Neighbours stay neighbours in t-SNE's picture")
  func picture() throws {
    var configuration = TSNE.Configuration()
    (configuration.perplexity, configuration.maxIterations) = (15, 400)
    let points = try TSNE.points(x, configuration)
    let labels = try KMeans.train(points, .init(clusters: 3)).predict(points)
    // Groups of the picture are those of the rows, for nearly all of them.
    var counts: [[Int]: Int] = [:]
    for pair in zip(labels, content.start) { counts[[pair.0, pair.1], default: 0] += 1 }
    let agreeing = Set(labels).reduce(0) { sum, group in
      sum + (0..<3).reduce(0) { max($0, counts[[group, $1]] ?? 0) }
    }
    #expect(agreeing >= 75, "\(agreeing)")
  }
}
