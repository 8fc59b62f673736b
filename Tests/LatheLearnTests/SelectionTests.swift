import LatheCore
import LatheLearn
import Testing

/// Which columns are chosen, and by what scores, beside scikit-learn's.
@Suite("Selection of columns")
struct SelectionTests {
  struct Scores: Decodable {
    var scores: [Double]
    var chances: [Double]?
  }

  struct Content: Decodable {
    var x: [[Double]]
    var number: [Double]
    var classes: [Double]
    var counts: [[Double]]
    var constant: [[Double]]
    var scores: [String: Scores]
    var kBest: [Int]
    var variance: [[Int]]
    var ranks: [Int]
    var lasso: [Int]
  }

  private let content: Content
  private let x: FeatureMatrix

  init() throws {
    content = try LearnFixture.load("selection")
    x = FeatureMatrix(content.x)
  }

  @Test("Scores and their chances are scikit-learn's")
  func scores() throws {
    let plans: [(String, FeatureMatrix, [Double], FeatureScore, Double)] = [
      ("chi2", FeatureMatrix(content.counts), content.classes, .chi2, 1e-9),
      ("fClassif", x, content.classes, .fClassif, 1e-9),
      ("fRegression", x, content.number, .fRegression, 1e-9),
      ("classes", x, content.classes, .mutualInformationClassif(), 1e-6),
      ("numbers", x, content.number, .mutualInformationRegression(neighbors: 4), 1e-6),
    ]
    for (name, rows, targets, score, tolerance) in plans {
      let wanted = try #require(content.scores[name])
      let found = try score.evaluate(LabelledRows(rows, targets))
      #expect(LearnFixture.difference(found.scores, wanted.scores) < tolerance, "\(name)")
      if let chances = wanted.chances {
        let own = try #require(found.pValues)
        for (a, b) in zip(own, chances) { #expect(abs(a - b) <= 1e-8 * b + 1e-14, "\(name): \(a), \(b)") }
      }
    }
    #expect(throws: LatheError.self) { _ = try FeatureScore.chi2.evaluate(LabelledRows(x, content.classes)) }
  }

  @Test("Columns by variance, scores, weights and elimination are scikit-learn's")
  func columns() throws {
    let constant = FeatureMatrix(content.constant)
    #expect(try FeatureSelection.variance(constant).kept == content.variance[0])
    #expect(try FeatureSelection.variance(constant, threshold: 0.5).kept == content.variance[1])
    let classes = LabelledRows(x, content.classes)
    let best = try FeatureSelection.kBest(classes, 3, by: .fClassif)
    #expect(best.kept == content.kBest)
    #expect(best.transform(x).row(7) == content.kBest.map { content.x[7][$0] })
    let numbers = LabelledRows(x, content.number)
    #expect(try FeatureSelection.l1(numbers, classes: 0, strength: 0.1).kept == content.lasso)
    #expect(try FeatureSelection.l1(classes, classes: 3, strength: 0.05).kept.contains(0))
    let (selection, ranks) = try FeatureSelection.recursive(numbers, count: 2) {
      try LinearRegression.train($0, .ridge()).coefficients.map { $0 * $0 }
    }
    #expect(ranks == content.ranks)
    #expect(selection.kept == content.ranks.indices.filter { content.ranks[$0] == 1 })
    let important = FeatureSelection.fromModel(importances: [0.1, 0.5, 0.3, 0.1])
    #expect(important.kept == [1, 2])
  }

  @Test("Permutation and Boruta find the columns that matter, and no noise")
  func useful() throws {
    let data = LabelledRows(x, content.number)
    var trees = ForestConfiguration.randomForest(.squaredError)
    (trees.treeCount, trees.tree.maxDepth) = (30, 5)
    let (confirmed, _) = try FeatureSelection.boruta(data, classes: 0, rounds: 15, forest: trees)
    #expect(confirmed.kept.contains(0) && confirmed.kept.contains(2))
    #expect(!confirmed.kept.contains(1) && !confirmed.kept.contains(3))
    let forest = try Forest.train(data, .randomForest(.squaredError))
    let (permuted, losses) = FeatureSelection.permutation(x) { rows in
      -zip(forest.predict(rows), content.number).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    #expect(permuted.kept.contains(0) && losses[0] > losses[1])
  }
}
