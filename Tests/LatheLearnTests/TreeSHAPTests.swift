import LatheLearn
import Testing

/// Contributions of columns to scores.
@Suite("TreeSHAP")
struct TreeSHAPTests {
  struct Case: Decodable {
    var model: String
    var path: Nested
    var expected: [Double]
    var interventional: Nested?
    var interventionalExpected: [Double]?
  }

  struct Content: Decodable {
    var rows: [[Double?]]
    var cases: [Case]
  }

  /// Rows x columns, or rows x columns x classes.
  enum Nested: Decodable {
    case two([[Double]])
    case three([[[Double]]])

    init(from decoder: any Decoder) throws {
      if let two = try? [[Double]](from: decoder) {
        self = .two(two)
      } else {
        self = .three(try [[[Double]]](from: decoder))
      }
    }

    /// In our order: row after row, in each class after class.
    var flat: [Double] {
      switch self {
      case .two(let rows): rows.flatMap { $0 }
      case .three(let rows):
        rows.flatMap { row in (row.first ?? []).indices.flatMap { k in row.map { $0[k] } } }
      }
    }
  }

  @Test("Contributions are shap's, and add up")
  func contributions() throws {
    let content: Content = try LearnFixture.load("shap")
    let x = LearnFixture.matrix(Array(content.rows.prefix(25)))
    let background = LearnFixture.matrix(Array(content.rows[200..<230]))
    for own in content.cases {
      let model = try BoostedTrees(lightGBM: own.model)
      let scores = model.scores(x)
      let explainers: [(TreeSHAP, [Double]?, [Double]?)] = [
        (try TreeSHAP(model), own.path.flat, own.expected),
        (
          try TreeSHAP(model, .interventional(background)), own.interventional?.flat,
          own.interventionalExpected
        ),
      ]
      for (explainer, expected, base) in explainers {
        let found = explainer.contributions(x)
        if let expected, let base {
          #expect(LearnFixture.difference(found, expected) < 1e-5)
          #expect(LearnFixture.difference(explainer.expected, base) < 1e-5)
        }
        let columns = x.columns
        for i in scores.indices {
          let sum = found[i * columns..<(i + 1) * columns].reduce(explainer.expected[i % model.outputs], +)
          #expect(abs(sum - scores[i]) < 1e-10)
        }
      }
    }
  }

  @Test("Values are those of the definition, coalition by coalition")
  func definition() throws {
    // Two columns: f = 3 a + a b of conditions a, b.
    let x = FeatureMatrix([[0, 0], [0, 1], [1, 0], [1, 1]])
    var configuration = BoostingConfiguration(loss: .squared)
    configuration.minRowsInLeaf = 1
    configuration.minRowsInBin = 1
    configuration.treeCount = 60
    configuration.learningRate = 0.5
    let model = try BoostedTrees.train(LabelledRows(x, [0, 0, 3, 4]), configuration)
    let found = try TreeSHAP(model, .interventional(x)).contributions(x)
    let expected = [-1.625, -0.125, -1.875, 0.125, 1.625, -0.375, 1.875, 0.375]
    #expect(LearnFixture.difference(found, expected) < 1e-6)
  }
}
