import LatheCore
import LatheLearn
import LatheTables
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Explanations of any model, beside scikit-learn's and shap's.
@Suite("Explanations")
struct ExplanationTests {
  struct Content: Decodable {
    struct Dependence: Decodable {
      var column: Int
      var values: [Double]
      var average: [Double]
      var individual: [[Double]]
    }
    var rows: [[Double]]
    var labels: [Double]
    var coefficients: [Double]
    var intercept: Double
    var kernel: [[Double]]
    var kernelExpected: Double
    var linear: [[Double]]
    var linearExpected: Double
    var dependence: [Dependence]
    var importance: [Double]
    var deviation: [Double]
  }

  private static func function(_ x: FeatureMatrix) -> [Double] {
    (0..<x.rows).map { row in
      let v = x.row(row)
      return v[0] * v[1] + sin(v[2]) + (v[4] > 0 ? 0.5 * v[3] : 0) + 0.1 * v[0] * v[0]
    }
  }

  private static func probability(_ content: Content, _ x: FeatureMatrix) -> [Double] {
    (0..<x.rows).map { row in
      let score = zip(x.row(row), content.coefficients).reduce(content.intercept) { $0 + $1.0 * $1.1 }
      return 1 / (1 + exp(-score))
    }
  }

  @Test("Kernel SHAP of few columns is shap's, and exact")
  func kernel() throws {
    let content: Content = try LearnFixture.load("explanations")
    let background = FeatureMatrix(Array(content.rows[..<20]))
    let explainer = try KernelSHAP(background: background) { Self.function($0) }
    let x = FeatureMatrix(Array(content.rows[20..<26]))
    let found = try explainer.contributions(x)
    #expect(abs(explainer.expected - content.kernelExpected) < 1e-10)
    #expect(LearnFixture.difference(found.flatMap { $0 }, content.kernel.flatMap { $0 }) < 1e-6)
    for (row, answer) in Self.function(x).enumerated() {
      #expect(abs(found[row].reduce(explainer.expected, +) - answer) < 1e-10)
    }
  }

  @Test("Kernel SHAP of many columns adds up and is near the exact values")
  func sampledKernel() throws {
    var random = RandomSource(seed: 4)
    let rows = (0..<12).map { _ in (0..<14).map { _ in random.normal() } }
    // A weighted sum and one product: the values are known.
    @Sendable func f(_ x: FeatureMatrix) -> [Double] {
      (0..<x.rows).map { row in
        (0..<14).reduce(x[row, 0] * x[row, 1]) { $0 + Double($1) * x[row, $1] }
      }
    }
    let background = FeatureMatrix(Array(rows[..<10]))
    let x = FeatureMatrix(Array(rows[10...]))
    let explainer = try KernelSHAP(background: background, samples: 1500, seed: 1) { f($0) }
    let found = try explainer.contributions(x)
    let means = (0..<14).map { k in rows[..<10].reduce(0) { $0 + $1[k] } / 10 }
    for row in 0..<2 {
      #expect(abs(found[row].reduce(explainer.expected, +) - f(x)[row]) < 1e-9)
      for k in 2..<14 { #expect(abs(found[row][k] - Double(k) * (x[row, k] - means[k])) < 0.15) }
    }
  }

  @Test("Linear SHAP is shap's")
  func linear() throws {
    let content: Content = try LearnFixture.load("explanations")
    let x = FeatureMatrix(content.rows)
    let explainer = try LinearSHAP(
      coefficients: [content.coefficients], intercepts: [content.intercept], background: x)
    let found = explainer.contributions(x.selecting(rows: Array(20..<26)))
    #expect(LearnFixture.difference(found, content.linear.flatMap { $0 }) < 1e-9)
    #expect(abs(explainer.expected[0] - content.linearExpected) < 1e-9)
  }

  @Test("Partial dependence and its rows are scikit-learn's")
  func dependence() throws {
    let content: Content = try LearnFixture.load("explanations")
    let x = FeatureMatrix(content.rows)
    for own in content.dependence {
      let found = try PartialDependence(
        x, column: x.names[own.column], resolution: 15, keepsIndividual: true
      ) { Self.probability(content, $0) }
      #expect(LearnFixture.difference(found.points.compactMap(\.number), own.values) < 1e-12)
      #expect(LearnFixture.difference(found.average, own.average) < 1e-9)
      for (row, expected) in own.individual.enumerated() {
        #expect(LearnFixture.difference(found.individual[row], expected) < 1e-9)
      }
    }
  }

  @Test("Permutation importance agrees with scikit-learn's")
  func importance() throws {
    let content: Content = try LearnFixture.load("explanations")
    let x = FeatureMatrix(content.rows)
    let found = try PermutationImportance(x, repeats: 60, seed: 2) { x in
      let right = zip(Self.probability(content, x), content.labels).count { ($0 > 0.5) == ($1 > 0) }
      return Double(right) / Double(x.rows)
    }
    for (own, (mean, deviation)) in zip(found.entries, zip(content.importance, content.deviation)) {
      // Both means are drawn, with this error each.
      #expect(abs(own.mean - mean) < 5 * (1.0 / 60 + 1.0 / 200).squareRoot() * max(deviation, 1e-3))
    }
    #expect(found.ranked[0].column == "Column_1")
  }

  @Test(
    "Accumulated effects of a weighted sum are its lines, and a product of columns that go together is seen")
  func effects() throws {
    let content: Content = try LearnFixture.load("explanations")
    let x = FeatureMatrix(content.rows)
    let found = try AccumulatedEffects(x, column: "Column_1", intervals: 8) { x in
      (0..<x.rows).map { 3 * x[$0, 1] - x[$0, 0] }
    }
    for (a, b) in zip(found.edges.indices, found.edges.indices.dropFirst()) {
      let slope = (found.effects[b] - found.effects[a]) / (found.edges[b] - found.edges[a])
      #expect(abs(slope - 3) < 1e-9)
    }
    let mean = zip(found.counts, found.effects.indices).reduce(0) {
      $0 + Double($1.0) * (found.effects[$1.1] + found.effects[$1.1 + 1]) / 2
    }
    #expect(abs(mean) < 1e-9 && found.counts.reduce(0, +) == 120)
  }

  @Test("A way down a tree in words, and a small tree that imitates")
  func words() throws {
    var random = RandomSource(seed: 1)
    let rows = (0..<400).map { _ in [random.uniform() * 60 + 18, random.uniform() * 100] }
    let x = FeatureMatrix(rows, names: ["age", "income"])
    let answers = rows.map { $0[0] <= 30 && $0[1] > 50 ? 1.0 : 0 }
    let surrogate = try SurrogateTree(imitating: answers, of: x, areClasses: true, maxDepth: 2)
    #expect(surrogate.fidelity > 0.97 && surrogate.trainFidelity == 1)
    let rules = surrogate.rules(classes: ["no", "yes"])
    #expect(rules.count == 3 && rules.contains { $0.contains("then yes") })
    let path = DecisionPath(surrogate.tree, row: [25, 80], names: x.names)
    #expect(path.conditions.count == 2 && path.values[1] == 1)
    #expect(path.words.contains("age <= ") && path.words.contains("income > "))
    let number = try SurrogateTree(imitating: rows.map { $0[1] }, of: x, areClasses: false, maxDepth: 5)
    #expect(number.fidelity > 0.95)
  }

  @Test("What cannot be explained is refused")
  func refusals() throws {
    let x = FeatureMatrix([[1, 2], [3, 4]], names: ["a", "b"])
    let none: (FeatureMatrix) -> [Double] = { $0.column(0) }
    let unknown = #expect(throws: LatheError.self) {
      try PartialDependence(x, column: "c", predict: none)
    }
    #expect(unknown?.message == "no column 'c'; there are a, b")
    #expect(throws: LatheError.self) { try PermutationImportance(x, repeats: 0) { _ in 0 } }
    #expect(throws: LatheError.self) {
      try LinearSHAP(coefficients: [[1]], intercepts: [0], background: x)
    }
    let same = FeatureMatrix([[1], [1]], names: ["a"])
    #expect(throws: LatheError.self) { try AccumulatedEffects(same, column: "a", predict: none) }
  }
}
