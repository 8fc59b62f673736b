import LatheCore
import LatheLearn
import LatheSearch
import LatheTables

/// Trains what was chosen on all rows to learn from, and holds limits of time and size.
struct FinalModel {
  /// What is said of it.
  struct Facts {
    var choice: EnsembleLibrary.Choice
    var bytes: Int
    var latency: Double
    var limitsHold: Bool
  }

  private let search: ModelSearch
  private let rows: FoldedRows

  init(_ search: ModelSearch, _ rows: FoldedRows) {
    self.search = search
    self.rows = rows
  }

  private var configuration: AutoML.Configuration { search.configuration }

  /// The choice, or, where it is beyond the limits, the best single model that is not.
  func train(_ choice: EnsembleLibrary.Choice, _ evaluations: [Evaluation]) throws -> (TableModel, Facts) {
    let first = try attempt(choice)
    guard !first.1.limitsHold else { return first }
    var smallest = first
    var tried: Set<ModelFamily> = []
    let library = EnsembleLibrary(evaluations, rows, search.metric)
    for found in evaluations.sorted(by: { search.metric.loss($0.score) < search.metric.loss($1.score) }) {
      // The best of each family first; of a family that is too large its smaller settings after it.
      guard tried.insert(found.candidate.family).inserted || isSmall(found.candidate) else { continue }
      let next = try attempt(library.single(found))
      if next.1.limitsHold {
        search.note(
          "the best model takes \(first.1.bytes) bytes and \(Self.milliseconds(first.1.latency)) for a row, more than the "
            + "limits allow; \(found.candidate.name) holds them")
        return next
      }
      if cost(next.1) < cost(smallest.1) { smallest = next }
      if search.clock.isOver(1.1) { break }
    }
    search.note(
      "no model holds the limits; the nearest one takes \(smallest.1.bytes) bytes and "
        + "\(Self.milliseconds(smallest.1.latency)) for a row")
    return smallest
  }

  private static func milliseconds(_ seconds: Double) -> String { formatted(seconds * 1000, "%.2f ms") }

  private func isSmall(_ candidate: Candidate) -> Bool {
    candidate.family == .boostedTrees
      && (candidate.settings["trees"]?.integer ?? 100) * (candidate.settings["leaves"]?.integer ?? 31) < 1500
  }

  /// How far beyond the limits a model is.
  private func cost(_ facts: Facts) -> Double {
    max(
      configuration.maxSize.map { Double(facts.bytes) / Double($0) } ?? 0,
      configuration.maxLatency.map { facts.latency / $0 } ?? 0)
  }

  private func attempt(_ choice: EnsembleLibrary.Choice) throws -> (TableModel, Facts) {
    let model = try trained(choice)
    let bytes = try model.storedSize()
    let latency = try Self.latency(model, search.data.train)
    let facts = Facts(
      choice: choice, bytes: bytes, latency: latency,
      limitsHold: bytes <= configuration.maxSize ?? .max && latency <= configuration.maxLatency ?? .infinity)
    return (model, facts)
  }

  private func trained(_ choice: EnsembleLibrary.Choice) throws -> TableModel {
    let train = search.data.train
    let classes = search.classes
    let models = try choice.members.map { member in
      let features = try ColumnTransformer.standard(
        for: train, target: configuration.target, member.candidate.habit
      ).features
      // Features are made for their number alone where distances are measured by it, which is of few rows.
      let columns =
        member.candidate.family.measuresDistances
        ? try features.fitTransform(train, targets: search.data.targets, classes: classes).1.columns : 0
      let estimator = member.candidate.estimator(
        classes: classes, rows: train.rowCount, columns: columns, spread: rows.spread,
        seed: configuration.seed)
      return try Pipeline(features, estimator, target: configuration.target).fit(train)
    }
    let isPlain = choice.curve == nil && choice.threshold == 0.5
    if choice.kind == .single, isPlain { return models[0] }
    let combination: FittedEnsemble.Combination
    if let final = choice.final {
      combination = .stacked(try EnsembleLibrary.final(classes).train(final, classes: classes))
    } else {
      combination = .mean(choice.members.map(\.weight))
    }
    switch choice.curve {
    case nil: return TableModel.joining(models, combination, classes: classes, threshold: choice.threshold)
    case .temperature(let factor):
      return TableModel.joining(
        models, combination, classes: classes, temperature: 1 / factor.inverseTemperature,
        threshold: choice.threshold)
    case let curve?:
      // Curves are of the models' probabilities together.
      let model = TableModel.joining(models, combination, classes: classes).calibrated(curve)
      return choice.threshold == 0.5
        ? model : TableModel.joining([model], .mean([1]), classes: classes, threshold: choice.threshold)
    }
  }

  /// The median time of the prediction of a single row.
  private static func latency(_ model: TableModel, _ table: Table) throws -> Double {
    let row = table.head(1)
    _ = try model.predict(row)
    var times: [Double] = []
    for _ in 0..<9 {
      let start = ContinuousClock.now
      _ = try model.predict(row)
      let passed = (ContinuousClock.now - start).components
      times.append(Double(passed.seconds) + Double(passed.attoseconds) * 1e-18)
    }
    return times.sorted()[4]
  }
}
