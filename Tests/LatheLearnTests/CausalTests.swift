import LatheCore
import LatheLearn
import LatheTables
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Known effects of simulated treatments.
@Suite("Causal effects")
struct CausalTests {
  /// Sick people are treated more often and do worse, so that the difference of means is wrong; the effect is 2 + x1.
  private func data(_ rows: Int = 1500, seed: UInt64, isCurved: Bool = false) throws -> (CausalData, [Double])
  {
    var random = RandomSource(seed: seed)
    let x = (0..<rows).map { _ in [random.normal(), random.normal(), random.normal()] }
    let treated = x.map { random.uniform() < 1 / (1 + exp(-1.2 * $0[0] + 0.5 * $0[1])) }
    let effects = x.map { 2 + $0[1] }
    let outcome = x.indices.map { row -> Double in
      let base = -3 * x[row][0] + x[row][2] + (isCurved ? 2 * x[row][0] * x[row][0] : 0)
      return base + (treated[row] ? effects[row] : 0) + random.normal()
    }
    return (
      try CausalData(treated: treated, outcome: outcome, confounders: FeatureMatrix(x)), effects
    )
  }

  @Test("The known effect is found, where the difference of means has the wrong size")
  func effects() throws {
    let (data, effects) = try data(seed: 1)
    let truth = Sums.mean(effects)
    let rows = data.treated.indices
    let naive =
      Sums.mean(rows.filter { data.treated[$0] }.map { data.outcome[$0] })
      - Sums.mean(rows.filter { !data.treated[$0] }.map { data.outcome[$0] })
    #expect(abs(naive - truth) > 1)
    for estimator in [TreatmentEstimator.propensityWeighting(), .doublyRobust()] {
      let found = try estimator.effect(data)
      #expect(abs(found.effect - truth) < 3.5 * found.standardError)
      #expect(found.standardError < 0.5 && found.interval.contains(found.effect))
    }
    // Regression weighs rows by how uncertain their treatment was: its effect is near, not equal.
    let regression = try TreatmentEstimator.regression.effect(data)
    #expect(abs(regression.effect - truth) < 0.3)
  }

  @Test("Regression is least squares with the treatment as a column")
  func regression() throws {
    let (data, _) = try data(300, seed: 2)
    let wide = (0..<300).map { [data.treated[$0] ? 1 : 0] + data.confounders.row($0) }
    let model = try LinearRegression.train(LabelledRows(FeatureMatrix(wide), data.outcome))
    let found = try TreatmentEstimator.regression.effect(data)
    #expect(abs(found.effect - model.coefficients[0]) < 1e-9)
  }

  @Test("The doubly robust way is right where outcomes are curved, by its chances or by trees")
  func robust() throws {
    let (data, effects) = try data(3000, seed: 3, isCurved: true)
    let truth = Sums.mean(effects)
    var boosting = BoostingConfiguration(loss: .squared)
    boosting.treeCount = 40
    boosting.leafCount = 8
    for nuisance in [TreatmentEstimator.Nuisance.linear, .trees(boosting)] {
      let found = try TreatmentEstimator.doublyRobust(nuisance, folds: 2).effect(data, seed: 4)
      #expect(abs(found.effect - truth) < 4 * found.standardError, "\(found)")
    }
  }

  @Test("Placebos have no effect, and random causes change none")
  func refutation() throws {
    let (data, _) = try data(600, seed: 5)
    let found = try CausalRefutation(.regression, data, repeats: 20, seed: 1)
    #expect(found.isPassed && found.placeboShare == 0 && abs(found.placeboEffect) < 0.15)
    #expect(abs(found.randomCauseEffect - found.effect.effect) < 0.02)
    #expect(abs(found.subsetEffect - found.effect.effect) < 0.1 && found.subsetDeviation > 0)
    // An effect that is none.
    var nothing = data
    var random = RandomSource(seed: 9)
    nothing.outcome = data.outcome.map { _ in random.normal() }
    #expect(try !CausalRefutation(.regression, nothing, repeats: 20, seed: 1).isPassed)
  }

  @Test("Effects of single rows: T-learner, X-learner and uplift trees")
  func uplift() throws {
    let (data, effects) = try data(2000, seed: 6)
    let (test, truth) = try self.data(500, seed: 7)
    for kind in MetaLearner.Kind.allCases {
      let found = try MetaLearner(fit: data, kind).effects(test.confounders)
      let error = (zip(found, truth).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 500).squareRoot()
      #expect(error < 0.25)
    }
    var boosting = BoostingConfiguration(loss: .squared)
    boosting.treeCount = 30
    boosting.leafCount = 8
    let trees = try MetaLearner(fit: data, .x, .trees(boosting)).effects(test.confounders)
    let error = (zip(trees, truth).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 500).squareRoot()
    #expect(error < 0.9 && Sums.mean(effects) > 1.8)
    // Treatments at random: those with a large second column gain.
    var random = RandomSource(seed: 8)
    var fair = data
    fair.treated = data.treated.map { _ in random.uniform() < 0.5 }
    fair.outcome = (0..<2000).map {
      (fair.treated[$0] ? (data.confounders[$0, 1] > 0.3 ? 4 : 0) : 0) + random.normal()
    }
    let tree = try UpliftTree(fit: fair)
    #expect(tree.tree.splits[0].feature == 1 && abs(tree.tree.splits[0].threshold - 0.3) < 0.2)
    let found = tree.effects(FeatureMatrix([[0, 2, 0], [0, -2, 0]]))
    #expect(abs(found[0] - 4) < 0.6 && abs(found[1]) < 0.6)
  }

  @Test("Tables, and what cannot be estimated")
  func tables() throws {
    let (data, effects) = try data(800, seed: 10)
    let table = try Table([
      Column("treated", data.treated.map { Optional($0) }),
      Column("outcome", data.outcome.map { Optional($0) }),
      Column("a", data.confounders.column(0).map { Optional($0) }),
      Column("b", data.confounders.column(1).map { Optional($0) }),
      Column("c", data.confounders.column(2).map { Optional($0) }),
    ])
    let own = try CausalData(
      table, treatment: "treated", outcome: "outcome", confounders: .init([.init(["a", "b", "c"])]))
    let found = try TreatmentEstimator.doublyRobust().effect(own)
    #expect(abs(found.effect - Sums.mean(effects)) < 4 * found.standardError)
    #expect(throws: LatheError.self) {
      try CausalData(table, treatment: "a", outcome: "outcome", confounders: .init([.init(["b"])]))
    }
    #expect(throws: LatheError.self) {
      try CausalData(
        table, treatment: "treated", outcome: "outcome", confounders: .init([.init(["treated"])]))
    }
    #expect(throws: LatheError.self) {
      try CausalData(
        treated: [true, true, true], outcome: [1, 2, 3], confounders: FeatureMatrix([[1], [2], [3]]))
    }
    let decided = try CausalData(
      treated: [true, true, false, false], outcome: [1, 2, 3, 4],
      confounders: FeatureMatrix([[1], [1], [0], [0]]))
    #expect(throws: LatheError.self) { try TreatmentEstimator.regression.effect(decided) }
    #expect(throws: LatheError.self) { try TreatmentEstimator.propensityWeighting(clip: 0.7).effect(own) }
  }
}
