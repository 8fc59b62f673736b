import LatheCore
import LatheLearn
import Testing

/// Pictures of rows beside scikit-learn's t-SNE and umap-learn's, and contributions of columns that go together beside shap's
/// (scripts/make-picture-fixtures.py).
@Suite("Pictures of rows")
struct PictureTests {
  private struct Content: Decodable {
    struct Row: Decodable {
      var row: Int
      var places: [Int]
      var weights: [Double]
    }
    struct Correlated: Decodable {
      var x: [[Double]]
      var coefficients: [Double]
      var intercept: Double
      var contributions: [Double]
      var expected: Double
    }
    var digits: [[Double]]
    var labels: [Int]
    var tsne: [Double]
    var divergence: [Double]
    var umap: [Double]
    var picture: [[Double]]
    var pictureTrust: Double
    var graph: [Row]
    var graphSum: Double
    var graphEdges: Int
    var curve: [Double]
    var otherCurve: [Double]
    var correlated: Correlated
  }

  private let content: Content
  private let x: FeatureMatrix

  init() throws {
    content = try LearnFixture.load("pictures")
    x = FeatureMatrix(content.digits)
  }

  private func few(_ count: Int) -> FeatureMatrix { x.selecting(rows: Array(0..<count)) }

  @Test("Trustworthiness is scikit-learn's")
  func trust() throws {
    let found = try Trustworthiness.score(
      FeatureMatrix(content.correlated.x), points: FeatureMatrix(content.picture), neighbors: 7)
    #expect(abs(found - content.pictureTrust) < 1e-9)
    #expect(throws: LatheError.self) { try Trustworthiness.score(few(8), points: few(8)) }
  }

  @Test("t-SNE by a tree keeps neighbours as scikit-learn's does")
  func tree() throws {
    let (points, divergence) = try TSNE.fitted(x, .init())
    let trust = try Trustworthiness.score(x, points: points)
    #expect(trust > content.tsne[0] - 0.005, "\(trust)")
    #expect(divergence < 1.05 * content.divergence[0], "\(divergence)")
  }

  @Test("Forces of a tree of no cells are those of all pairs")
  func pairs() throws {
    var configuration = TSNE.Configuration()
    (configuration.perplexity, configuration.maxIterations) = (19.7, 5)
    configuration.theta = 0
    let pairs = try TSNE.points(few(60), configuration)
    // Three times the perplexity are all rows, and a cell this small is a point.
    configuration.theta = 1e-9
    let tree = try TSNE.points(few(60), configuration)
    for k in 0..<2 {
      let (a, b) = (pairs.column(k), tree.column(k))
      #expect(LearnFixture.difference(a.map { $0 * 1e4 }, b.map { $0 * 1e4 }) < 1e-4)
    }
    configuration.components = 4
    #expect(throws: LatheError.self) { try TSNE.points(few(60), configuration) }
    // Equal rows do not end it.
    let same = FeatureMatrix((0..<40).map { [Double($0 / 20), Double($0 / 10 % 2)] })
    (configuration.perplexity, configuration.theta, configuration.components) = (5, 0.5, 2)
    #expect(try TSNE.points(same, configuration).column(0).allSatisfy(\.isFinite))
  }

  @Test("UMAP's graph and curve are umap-learn's, and neighbours stay as near")
  func umap() throws {
    let graph = try FuzzyGraph(x, neighbors: 15)
    #expect(graph.edges.count == content.graphEdges)
    #expect(abs(graph.edges.reduce(0) { $0 + $1.weight } - content.graphSum) < 1e-3 * content.graphSum)
    for own in content.graph {
      let found = Dictionary(
        uniqueKeysWithValues: graph.edges.filter { Int($0.from) == own.row }.map { (Int($0.to), $0.weight) })
      for (place, weight) in zip(own.places, own.weights) {
        // Theirs are float32, and end a search at 1e-5.
        #expect(abs((found[place] ?? 0) - weight) < 1e-4, "\(own.row) \(place)")
      }
    }
    for (wanted, (spread, distance)) in [(content.curve, (1.0, 0.1)), (content.otherCurve, (1.5, 0.3))] {
      let (a, b) = UMAP.curve(minDistance: distance, spread: spread)
      #expect(LearnFixture.difference([a, b], wanted) < 1e-3)
    }
    let points = try UMAP.points(x)
    let trust = try Trustworthiness.score(x, points: points)
    #expect(trust > (content.umap.min() ?? 1) - 0.01, "\(trust)")
    var configuration = UMAP.Configuration()
    configuration.epochs = 20
    let again = try UMAP.points(x, configuration)
    #expect(try UMAP.points(x, configuration).column(1) == again.column(1))
    configuration.neighbors = 301
    #expect(throws: LatheError.self) { try UMAP.points(x, configuration) }
  }

  @Test("Contributions of columns that go together are shap's over all orders")
  func correlated() throws {
    let own = content.correlated
    let rows = FeatureMatrix(own.x)
    let explainer = try CorrelatedLinearSHAP(
      coefficients: [own.coefficients], intercepts: [own.intercept], background: rows)
    let asked = rows.selecting(rows: Array(0..<6))
    let found = explainer.contributions(asked)
    #expect(LearnFixture.difference(found, own.contributions) < 1e-6)
    #expect(abs(explainer.expected[0] - own.expected) < 1e-9)
    for row in 0..<6 {
      let score = zip(own.coefficients, asked.row(row)).reduce(own.intercept) { $0 + $1.0 * $1.1 }
      #expect(abs(found[row * 5..<(row + 1) * 5].reduce(explainer.expected[0], +) - score) < 1e-9)
    }
    // Drawn orders add up as well, whatever the columns; one that does not vary contributes nothing.
    let wide = FeatureMatrix(own.x.map { row in row + row.map { $0 * $0 } + row.map { -$0 } + [3] })
    let weights = (0..<16).map { Double($0 % 5) - 2 }
    let drawn = try CorrelatedLinearSHAP(
      coefficients: [weights], intercepts: [1], background: wide,
      {
        var configuration = CorrelatedLinearSHAP.Configuration()
        configuration.orders = 20
        return configuration
      }())
    let parts = drawn.contributions(wide.selecting(rows: [4]))
    let score = zip(weights, wide.row(4)).reduce(1) { $0 + $1.0 * $1.1 }
    #expect(parts[15] == 0)
    #expect(abs(parts.reduce(drawn.expected[0], +) - score) < 1e-3, "\(parts)")
  }
}
