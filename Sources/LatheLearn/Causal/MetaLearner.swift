import LatheCore
import LatheTables

/// The effect of a treatment on single rows (uplift), by models of outcomes (Künzel and others, 2019).
public struct MetaLearner: Sendable {
  /// How effects are learned.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// One model of treated rows and one of the others; their difference.
    case t
    /// These, and models of what each row says of its own effect, joined by the chance of treatment.
    case x
  }

  private let kind: Kind
  private let nuisance: TreatmentEstimator.Nuisance
  private let data: CausalData

  /// Learns effects.
  ///
  /// - Parameters:
  ///   - kind: How.
  ///   - nuisance: What predicts outcomes.
  public init(
    fit data: CausalData, _ kind: Kind = .x, _ nuisance: TreatmentEstimator.Nuisance = .linear
  ) throws {
    self.kind = kind
    self.nuisance = nuisance
    self.data = data
    let untreated = data.treated.indices.filter { !data.treated[$0] }
    (treatedModel, otherModel) = (
      try Self.model(data, data.treated.indices.filter { data.treated[$0] }, data.outcome, nuisance),
      try Self.model(data, untreated, data.outcome, nuisance)
    )
    guard kind == .x else {
      (treatedEffects, otherEffects, propensity) = (nil, nil, nil)
      return
    }
    let (ofTreated, ofOthers) = (
      treatedModel.predict(data.confounders), otherModel.predict(data.confounders)
    )
    let own = data.treated.indices.map { row in
      data.treated[row] ? data.outcome[row] - ofOthers[row] : ofTreated[row] - data.outcome[row]
    }
    treatedEffects = try Self.model(
      data, data.treated.indices.filter { data.treated[$0] }, own, nuisance)
    otherEffects = try Self.model(data, untreated, own, nuisance)
    var configuration = LogisticRegression.Configuration()
    configuration.maxIterations = 1000
    propensity = try LogisticRegression.train(
      LabelledRows(data.confounders, data.treated.map { $0 ? 1 : 0 }), configuration)
  }

  private enum Model: Sendable {
    case linear(LinearRegression)
    case trees(BoostedTrees)

    func predict(_ x: FeatureMatrix) -> [Double] {
      switch self {
      case .linear(let model): model.predict(x)
      case .trees(let model): model.predict(x)
      }
    }
  }

  private let treatedModel: Model
  private let otherModel: Model
  private let treatedEffects: Model?
  private let otherEffects: Model?
  private let propensity: LogisticRegression?

  private static func model(
    _ data: CausalData, _ rows: [Int], _ targets: [Double], _ nuisance: TreatmentEstimator.Nuisance
  ) throws -> Model {
    let own = LabelledRows(data.confounders.selecting(rows: rows), rows.map { targets[$0] })
    switch nuisance {
    case .linear: return .linear(try LinearRegression.train(own, .ridge(alpha: 1e-6)))
    case .trees(var configuration):
      configuration.loss = .squared
      return .trees(try BoostedTrees.train(own, configuration))
    }
  }

  /// What the treatment would change of each row's outcome.
  public func effects(_ x: FeatureMatrix) -> [Double] {
    guard let treatedEffects, let otherEffects, let propensity else {
      return zip(treatedModel.predict(x), otherModel.predict(x)).map { $0 - $1 }
    }
    let p = propensity.scores(x).map { logistic($0) }
    return zip(p, zip(otherEffects.predict(x), treatedEffects.predict(x))).map {
      $0 * $1.0 + (1 - $0) * $1.1
    }
  }
}

/// A tree whose leaves differ in the effect of a treatment, for treatments that were dealt out at random or with weights.
public struct UpliftTree: Sendable {
  /// How it is grown.
  public struct Configuration: Sendable, Hashable {
    /// The most conditions on the way to a leaf.
    public var maxDepth = 3
    /// The least treated rows, and the least others, of a leaf.
    public var minRowsOfEach = 20
    /// The most thresholds of a column that are tried.
    public var mostThresholds = 32

    /// Depth 3, twenty rows of each kind in a leaf.
    public init() {}
  }

  /// The tree; a leaf's value is the effect there.
  public let tree: Tree
  /// The columns' names.
  public let featureNames: [String]

  /// Grows a tree by splits that make the squared effects of the parts largest.
  public init(fit data: CausalData, _ configuration: Configuration = Configuration()) throws {
    guard configuration.maxDepth > 0, configuration.minRowsOfEach > 0, configuration.mostThresholds > 0 else {
      throw LatheError(
        .invalidArgument,
        "uplift tree: depth \(configuration.maxDepth), \(configuration.minRowsOfEach) rows of each, "
          + "\(configuration.mostThresholds) thresholds; all must be above 0")
    }
    var growth = UpliftGrowth(data, configuration)
    _ = growth.grow(Array(data.treated.indices), depth: 0)
    tree = Tree(splits: growth.splits, leaves: growth.leaves)
    featureNames = data.confounders.names
  }

  /// What the treatment would change of each row's outcome.
  public func effects(_ x: FeatureMatrix) -> [Double] {
    (0..<x.rows).map { row in tree.leaves[tree.leaf { x[row, $0] }].values[0] }
  }
}

private struct UpliftGrowth {
  let data: CausalData
  let configuration: UpliftTree.Configuration
  var splits: [TreeSplit] = []
  var leaves: [TreeLeaf] = []

  init(_ data: CausalData, _ configuration: UpliftTree.Configuration) {
    self.data = data
    self.configuration = configuration
  }

  private struct Outcomes {
    var treated = 0.0
    var treatedCount = 0
    var other = 0.0
    var otherCount = 0

    mutating func add(_ treated: Bool, _ outcome: Double) {
      if treated {
        self.treated += outcome
        treatedCount += 1
      } else {
        other += outcome
        otherCount += 1
      }
    }

    var effect: Double {
      treatedCount > 0 && otherCount > 0
        ? treated / Double(treatedCount) - other / Double(otherCount) : 0
    }

    func less(_ part: Outcomes) -> Outcomes {
      Outcomes(
        treated: treated - part.treated, treatedCount: treatedCount - part.treatedCount,
        other: other - part.other, otherCount: otherCount - part.otherCount)
    }
  }

  /// Grows below a node; returns its place as a tree's child.
  mutating func grow(_ rows: [Int], depth: Int) -> Int {
    var all = Outcomes()
    for row in rows { all.add(data.treated[row], data.outcome[row]) }
    guard depth < configuration.maxDepth, let (column, threshold, gain) = best(rows, all) else {
      leaves.append(TreeLeaf(values: [all.effect], cover: Double(rows.count), rows: rows.count))
      return ~(leaves.count - 1)
    }
    let place = splits.count
    splits.append(
      TreeSplit(
        feature: column, threshold: threshold, categories: nil, missing: .none, missingGoesLeft: false,
        left: 0, right: 0, gain: gain, values: [all.effect], cover: Double(rows.count), rows: rows.count))
    let left = rows.filter { data.confounders[$0, column] <= threshold }
    splits[place].left = grow(left, depth: depth + 1)
    splits[place].right = grow(rows.filter { data.confounders[$0, column] > threshold }, depth: depth + 1)
    return place
  }

  /// The split whose parts' effects differ most: the sum of rows times squared effects, above that of the whole.
  private func best(_ rows: [Int], _ all: Outcomes) -> (column: Int, threshold: Double, gain: Double)? {
    var best: (column: Int, threshold: Double, gain: Double)?
    let whole = Double(rows.count) * all.effect * all.effect
    let least = configuration.minRowsOfEach
    for column in 0..<data.confounders.columns {
      let ordered = rows.sorted { data.confounders[$0, column] < data.confounders[$1, column] }
      let every = max(1, ordered.count / configuration.mostThresholds)
      var left = Outcomes()
      for (k, row) in ordered.enumerated().dropLast() {
        left.add(data.treated[row], data.outcome[row])
        guard (k + 1) % every == 0 else { continue }
        let (here, next) = (data.confounders[row, column], data.confounders[ordered[k + 1], column])
        let right = all.less(left)
        guard here < next, left.treatedCount >= least, left.otherCount >= least,
          right.treatedCount >= least, right.otherCount >= least
        else { continue }
        let gain =
          Double(k + 1) * left.effect * left.effect
          + Double(rows.count - k - 1) * right.effect * right.effect - whole
        if gain > best?.gain ?? 1e-12 { best = (column, here + (next - here) / 2, gain) }
      }
    }
    return best
  }
}
