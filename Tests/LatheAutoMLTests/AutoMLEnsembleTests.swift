import LatheAutoML
import LatheCore
import LatheLearn
import LatheTables
import Testing

@Suite("Ensembles of AutoML")
struct AutoMLEnsembleTests {
  @Test("Weights add up to one, and go to models that are better together")
  func weights() {
    // One answer is too high by as much as another is too low; a third is far off.
    let known = (0..<40).map { Double($0 % 10) }
    let answers = [known.map { $0 + 1 }, known.map { $0 - 1 }, known.map { 20 - $0 }]
    let weights = GreedySelection(answers, known, classes: 0).weights(Array(known.indices))
    #expect(abs(weights.reduce(0, +) - 1) < 1e-12)
    #expect(abs(weights[0] - 0.5) < 1e-12 && abs(weights[1] - 0.5) < 1e-12 && weights[2] == 0)
  }

  @Test(
    "Of two classes the model that knows the answers has all the weight"
  )
  func draws() {
    let known = (0..<60).map { Double($0 % 2) }
    func list(_ p: Double) -> [Double] { known.flatMap { $0 == 1 ? [1 - p, p] : [p, 1 - p] } }
    let weights = GreedySelection([list(0.6), list(0.55), list(0.99), list(0.5)], known, classes: 2)
      .weights(Array(known.indices))
    #expect(abs(weights.reduce(0, +) - 1) < 1e-9)
    #expect(abs(weights[2] - 1) < 1e-9)
  }

  @Test("Each part is tried on others of its division, and rows that were tested on once make five parts")
  func parts() {
    let parts = EnsembleParts([[2, 3], [3, 2]]).all
    #expect(parts.map(\.tested) == [[0, 1], [2, 3, 4], [5, 6, 7], [8, 9]])
    #expect(parts.map(\.others) == [[2, 3, 4], [0, 1], [8, 9], [5, 6, 7]])
    let single = EnsembleParts([[23]]).all
    #expect(single.count == 5 && Set(single.flatMap(\.tested)) == Set(0..<23))
    #expect(
      single.allSatisfy {
        Set($0.tested).isDisjoint(with: $0.others) && $0.tested.count + $0.others.count == 23
      })
  }

  @Test("Probabilities that are too sure are made right, those that are right stay")
  func curves() throws {
    var random = RandomSource(seed: 2)
    let p = (0..<2000).map { _ in random.uniform() }
    let known = p.map { random.uniform() < $0 ? 1.0 : 0 }
    let parts = EnsembleParts([[400, 400, 400, 400, 400]])
    let right = p.flatMap { [1 - $0, $0] }
    #expect(try ProbabilityCurves(right, known, classes: 2, parts).best(keepingOrder: true) == nil)
    let sure = p.flatMap { p -> [Double] in
      let odds = power(p / (1 - p), 3)
      return [1 / (1 + odds), odds / (1 + odds)]
    }
    let found = try #require(try ProbabilityCurves(sure, known, classes: 2, parts).best(keepingOrder: true))
    #expect(found.0.method == .temperature)
    let error = zip(found.answers, right).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(right.count)
    #expect(error < 0.02)
    // A curve that no factor of logarithms straightens wants steps.
    let bent = p.flatMap { p -> [Double] in
      let other = p < 0.5 ? 0.05 + 0.02 * p : 0.5 + 0.2 * p
      return [1 - other, other]
    }
    let steps = try #require(try ProbabilityCurves(bent, known, classes: 2, parts).best(keepingOrder: false))
    #expect(steps.0.method == .isotonic)
  }

  @Test("Small tables are told by the kinds of models that suit them")
  func kinds() throws {
    var random = RandomSource(seed: 4)
    let rows = 90
    let labels = (0..<rows).map { $0 % 3 }
    // Each class lies around a point, with a spread of its own.
    let x = labels.map { Double($0) + (0.2 + 0.4 * Double($0)) * random.normal() }
    let y = labels.map { Double(-$0) + (0.8 - 0.3 * Double($0)) * random.normal() }
    let table = try Table([
      Column("x", x.map { Optional($0) }), Column("y", y.map { Optional($0) }),
      Column("label", labels.map { Optional("k\($0)") }),
    ])
    let report = try AutoML.run(table, Tables.short("label", trials: 0)).report
    let families = Set(report.leaderboard.map(\.family))
    #expect(
      families.isSuperset(of: [.quadraticDiscriminant, .linearDiscriminant, .kernelSVM, .adaBoost, .logistic])
    )
    #expect(report.failures.isEmpty, "\(report.failures)")
    #expect(!families.contains(.countBayes))
    // Words counted in texts.
    let counts = try Table(
      (0..<6).map { word in
        Column("w\(word)", labels.map { Optional(random.below($0 == word % 3 ? 9 : 3)) })
      } + [Column("label", labels.map { Optional("k\($0)") })])
    let counted = try AutoML.run(counts, Tables.short("label", trials: 0)).report
    #expect(counted.leaderboard.contains { $0.family == .countBayes })
  }

  @Test(
    "The mean absolute error asks for medians, a smooth relation for a Gaussian process; each goes to and comes from a file"
  )
  func numbers() throws {
    let table = try Tables.numbers(rows: 80)
    var configuration = Tables.short("value", trials: 0)
    configuration.metric = .mae
    let report = try AutoML.run(table, configuration).report
    let families = Set(report.leaderboard.map(\.family))
    #expect(families.isSuperset(of: [.quantile, .gaussianProcess, .kernelSVM, .adaBoost, .ridge]))
    #expect(report.failures.isEmpty, "\(report.failures)")
    #expect(report.score < 0.5 * report.baseline)
  }
}
