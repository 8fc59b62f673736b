import LatheCore
import LatheLearn

/// Which of the models that were evaluated answer in the end, and how they are joined: by what they answered to rows that
/// they did not learn from.
struct EnsembleLibrary {
  /// What answers in the end.
  struct Choice: Sendable {
    enum Kind: String, Sendable, Codable {
      case single, mean, stacked
    }

    var kind: Kind
    var members: [(candidate: Candidate, weight: Double)]
    /// The metric by rows that neither members nor weights learned from.
    var score: Double
    var temperature = 1.0
    var threshold = 0.5
    /// Answers of each row, in the order of `FoldedRows.testedRows`.
    var answers: [Double]
    /// Of `stacked` what the final model learns from.
    var final: LabelledRows?
  }

  private let library: [Evaluation]
  private let best: Evaluation
  private let rows: FoldedRows
  private let metric: AutoMLMetric
  private let targets: [[Double]]

  /// - Parameter evaluations: At least one.
  init(_ evaluations: [Evaluation], _ rows: FoldedRows, _ metric: AutoMLMetric) {
    self.rows = rows
    self.metric = metric
    let sorted = evaluations.sorted { metric.loss($0.score) < metric.loss($1.score) }
    var perFamily: [ModelFamily: Int] = [:]
    // A few of each family, so that members differ.
    library = Array(
      sorted.filter { found in
        perFamily[found.candidate.family, default: 0] += 1
        return perFamily[found.candidate.family, default: 0] <= 4
      }.prefix(20))
    best = sorted[0]
    targets = rows.splits.map { split in split.test.map { rows.targets[$0] } }
  }

  private var classes: Int { rows.classes }
  private var folds: Int { rows.splits.count }

  /// The best single model, or models that are better together in most parts and in the mean.
  func choose(_ configuration: AutoML.Configuration) throws -> Choice {
    var choice = single(best)
    if !configuration.isExplainable && library.count > 1 && folds > 1 {
      var others = [averaged()]
      if let stacked = try stacked() { others.append(stacked) }
      for (other, scores) in others
      where isBetter(scores, than: best.foldScores)
        && metric.loss(other.score) < metric.loss(choice.score)
      { choice = other }
    }
    if classes > 0 { calibrate(&choice, configuration) }
    return choice
  }

  /// A single model's choice.
  func single(_ found: Evaluation) -> Choice {
    Choice(
      kind: .single, members: [(found.candidate, 1)], score: found.score,
      answers: found.answers.flatMap { $0 })
  }

  private func isBetter(_ scores: [Double], than others: [Double]) -> Bool {
    let gains = zip(scores, others).map { metric.loss($1) - metric.loss($0) }
    return 2 * gains.count { $0 >= 0 } >= gains.count && gains.reduce(0, +) > 0
  }

  private func mean(_ scores: [Double]) -> Double { scores.reduce(0, +) / Double(scores.count) }

  // MARK: Mean

  /// Models chosen one after the other, each as often as it makes the mean better: Caruana's greedy selection.
  ///
  /// The score is honest: answers to a part are joined by weights that were chosen by the other parts.
  private func averaged() -> (Choice, [Double]) {
    var scores: [Double] = []
    var answers: [Double] = []
    for fold in 0..<folds {
      let weights = chosen((0..<folds).filter { $0 != fold })
      let joined = join(weights, fold)
      scores.append(metric.value(joined, targets[fold], classes: classes))
      answers += joined
    }
    let weights = chosen(Array(0..<folds))
    let members = library.indices.filter { weights[$0] > 0 }.map { (library[$0].candidate, weights[$0]) }
    return (
      Choice(
        kind: members.count == 1 ? .single : .mean, members: members, score: mean(scores), answers: answers),
      scores
    )
  }

  private func join(_ weights: [Double], _ fold: Int) -> [Double] {
    var sum = [Double](repeating: 0, count: library[0].answers[fold].count)
    for (found, weight) in zip(library, weights) where weight > 0 {
      for i in sum.indices { sum[i] += weight * found.answers[fold][i] }
    }
    return sum
  }

  /// The best model of each of the three best kinds.
  private var beginners: [Int] {
    var seen: Set<ModelFamily> = []
    return Array(library.indices.filter { seen.insert(library[$0].candidate.family).inserted }.prefix(3))
  }

  /// Weights by some parts, which add up to one.
  private func chosen(_ parts: [Int]) -> [Double] {
    let answers = library.map { found in parts.flatMap { found.answers[$0] } }
    let known = parts.flatMap { targets[$0] }
    var sum = [Double](repeating: 0, count: answers[0].count)
    var counts = [Double](repeating: 0, count: library.count)
    var best: (loss: Double, counts: [Double])?
    // The best models of three kinds are in from the start: with few rows what comes first is chance.
    for place in beginners {
      for i in sum.indices { sum[i] += answers[place][i] }
      counts[place] += 1
    }
    for round in beginners.count + 1...beginners.count + 20 {
      var found: (loss: Double, place: Int)?
      for place in library.indices {
        let loss = smoothLoss(sum, answers[place], Double(round), known)
        if loss < found?.loss ?? .infinity { found = (loss, place) }
      }
      guard let found else { break }
      for i in sum.indices { sum[i] += answers[found.place][i] }
      counts[found.place] += 1
      if found.loss < best?.loss ?? .infinity { best = (found.loss, counts) }
    }
    let kept = best?.counts ?? counts
    let total = kept.reduce(0, +)
    return total > 0 ? kept.map { $0 / total } : library.indices.map { $0 == 0 ? 1 : 0 }
  }

  /// The log loss or the mean squared error of a mean with one answer more.
  private func smoothLoss(_ sum: [Double], _ more: [Double], _ count: Double, _ known: [Double]) -> Double {
    var loss = 0.0
    if classes == 0 {
      for i in known.indices {
        let difference = (sum[i] + more[i]) / count - known[i]
        loss += difference * difference
      }
    } else {
      for i in known.indices {
        let place = i * classes + Int(known[i])
        loss -= logarithm(max((sum[place] + more[place]) / count, 1e-6))
      }
    }
    return loss / Double(known.count)
  }

  // MARK: Stacking

  /// A final model of the best model of each family.
  private func stacked() throws -> (Choice, [Double])? {
    var seen: Set<ModelFamily> = []
    let members = library.filter { seen.insert($0.candidate.family).inserted }.prefix(5)
    guard members.count > 1 else { return nil }
    let inputs = members.map { found in stackedInputs(found.answers.flatMap { $0 }) }
    let known = targets.flatMap { $0 }
    let data = LabelledRows(FittedEnsemble.sideBySide(inputs, rows: known.count), known)
    var starts = [0]
    for part in targets { starts.append(starts[starts.count - 1] + part.count) }
    var scores: [Double] = []
    var answers: [Double] = []
    for fold in 0..<folds {
      let test = Array(starts[fold]..<starts[fold + 1])
      let train = known.indices.filter { $0 < starts[fold] || $0 >= starts[fold + 1] }
      let learned = LabelledRows(data.features.selecting(rows: train), train.map { known[$0] })
      guard classes == 0 || Set(learned.targets).count == classes else { return nil }
      let model = try Self.final(classes).train(learned, classes: classes)
      let x = data.features.selecting(rows: test)
      guard let found = classes > 0 ? model.probabilities(x) : model.predict(x) else { return nil }
      scores.append(metric.value(found, targets[fold], classes: classes))
      answers += found
    }
    return (
      Choice(
        kind: .stacked, members: members.map { ($0.candidate, 1) }, score: mean(scores), answers: answers,
        final: data), scores
    )
  }

  /// What joins stacked models.
  static func final(_ classes: Int) -> Estimator {
    classes > 0 ? .logisticRegression(.init(c: 1)) : .linearRegression(.ridge())
  }

  private func stackedInputs(_ answers: [Double]) -> [Double] {
    classes == 2 ? stride(from: 1, to: answers.count, by: 2).map { answers[$0] } : answers
  }

  // MARK: Probabilities

  /// A temperature where it makes the log loss better, and a threshold where one is asked for.
  private func calibrate(_ choice: inout Choice, _ configuration: AutoML.Configuration) {
    let known = targets.flatMap { $0 }
    func loss(_ logTemperature: Double) -> Double {
      Scores.logLoss(
        FittedEnsemble.tempered(choice.answers, classes: classes, exponential(logTemperature)), known, classes
      )
    }
    // The loss has one minimum; the golden section finds it.
    let ratio = 0.618033988749895
    var (low, high) = (logarithm(0.25), logarithm(4))
    for _ in 0..<30 {
      let (a, b) = (high - ratio * (high - low), low + ratio * (high - low))
      if loss(a) < loss(b) { high = b } else { low = a }
    }
    let found = (low + high) / 2
    if loss(found) < 0.995 * loss(0) {
      choice.temperature = exponential(found)
      choice.answers = FittedEnsemble.tempered(choice.answers, classes: classes, choice.temperature)
      // Probabilities of parts are other ones now; what does not depend on their order stays as it was.
      if metric == .logLoss { choice.score = loss(found) }
    }
    guard classes == 2, let goal = configuration.thresholdGoal else { return }
    choice.threshold = Self.threshold(
      known.indices.map { choice.answers[2 * $0 + 1] }, known, goal)
  }

  /// The threshold that is best for a goal, in the middle of the gap between two rows' probabilities.
  static func threshold(_ p: [Double], _ known: [Double], _ goal: AutoML.ThresholdGoal) -> Double {
    let order = p.indices.sorted { p[$0] < p[$1] }
    let positives = known.count { $0 == 1 }
    let negatives = known.count - positives
    // Rows up to a place are taken for the first class.
    var (missed, spared) = (0, 0)
    var best = (value: -Double.infinity, threshold: 0.5)
    func consider(_ threshold: Double) {
      let (hits, alarms) = (positives - missed, negatives - spared)
      let value: Double
      switch goal {
      case .accuracy: value = Double(hits + spared)
      case .balancedAccuracy:
        value = Double(hits) / Double(max(1, positives)) + Double(spared) / Double(max(1, negatives))
      case .f1: value = 2 * Double(hits) / Double(max(1, 2 * hits + alarms + missed))
      }
      if value > best.value + 1e-12 { best = (value, threshold) }
    }
    consider(max(0, (p[order[0]]) / 2))
    for (place, row) in order.enumerated() {
      if known[row] == 1 { missed += 1 } else { spared += 1 }
      let next = place + 1 < order.count ? p[order[place + 1]] : 1
      if next > p[row] { consider((p[row] + next) / 2) }
    }
    return best.threshold
  }
}
