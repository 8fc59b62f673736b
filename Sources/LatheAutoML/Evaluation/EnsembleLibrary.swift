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
    /// What makes probabilities right; nil where they are as the models say.
    var curve: CalibratedClassifier.Curve?
    var threshold = 0.5
    /// Answers of each row, in the order of `FoldedRows.testedRows`.
    var answers: [Double]
    /// Of `stacked` what the final model learns from.
    var final: LabelledRows?
  }

  private let library: [Evaluation]
  /// Answers of each of them, part after part in one list.
  private let answers: [[Double]]
  private let best: Int
  private let rows: FoldedRows
  private let metric: AutoMLMetric
  /// The targets of the rows that answers are of.
  private let known: [Double]
  /// What weights are chosen and tried by.
  private let parts: EnsembleParts

  /// - Parameter evaluations: At least one, all of the same rows.
  init(_ evaluations: [Evaluation], _ rows: FoldedRows, _ metric: AutoMLMetric) {
    self.rows = rows
    self.metric = metric
    library = evaluations
    answers = evaluations.map { $0.answers.flatMap { $0 } }
    best =
      evaluations.indices.min { metric.loss(evaluations[$0].score) < metric.loss(evaluations[$1].score) } ?? 0
    known = rows.testedRows.map { rows.targets[$0] }
    parts = EnsembleParts(rows)
  }

  /// The models that may take part: of each kind the best ones and the usual settings, the best kinds first.
  static func members(_ evaluations: [Evaluation], _ metric: AutoMLMetric) -> [Evaluation] {
    let sorted = evaluations.sorted { metric.loss($0.score) < metric.loss($1.score) }
    var perFamily: [ModelFamily: Int] = [:]
    return Array(
      sorted.filter { found in
        perFamily[found.candidate.family, default: 0] += 1
        return perFamily[found.candidate.family, default: 0] <= 3
          || found.candidate.settings == found.candidate.family.beginnings[0]
      }.prefix(24))
  }

  private var classes: Int { rows.classes }

  /// The best single model, or models that are better together.
  func choose(_ configuration: AutoML.Configuration) throws -> Choice {
    var choice = single(library[best])
    if !configuration.isExplainable && library.count > 1 {
      let alone = scores(answers[best])
      let (mean, meanScores) = averaged()
      // A single model was chosen by the same parts that its score is of, a mean's weights were not: of equals the mean is better.
      if gain(meanScores, over: alone) > -0.5 { choice = mean }
      if let (stacked, scores) = try stacked(), gain(scores, over: meanScores) > 1,
        gain(scores, over: alone) > 1
      {
        choice = stacked
      }
    }
    if classes > 0 { try calibrate(&choice, configuration) }
    return choice
  }

  /// A single model's choice.
  func single(_ found: Evaluation) -> Choice {
    Choice(
      kind: .single, members: [(found.candidate, 1)], score: found.score,
      answers: found.answers.flatMap { $0 })
  }

  /// How much better scores of parts are than others, in standard errors of their differences.
  private func gain(_ scores: [Double], over others: [Double]) -> Double {
    let gains = zip(scores, others).map { metric.loss($1) - metric.loss($0) }
    let mean = gains.reduce(0, +) / Double(gains.count)
    // Parts of further divisions are the same rows once more.
    let count = Double(gains.count) / Double(rows.divisions)
    let variance = gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gains.count)
    let error = (variance / max(1, count - 1)).squareRoot()
    return error > 0 ? mean / error : mean > 0 ? .infinity : mean < 0 ? -.infinity : 0
  }

  private func mean(_ scores: [Double]) -> Double { scores.reduce(0, +) / Double(scores.count) }

  /// The metric of each part of answers.
  private func scores(_ answers: [Double]) -> [Double] {
    parts.all.map { part in
      metric.value(taken(answers, part.tested), part.tested.map { known[$0] }, classes: classes)
    }
  }

  /// The answers of some rows.
  private func taken(_ answers: [Double], _ places: [Int]) -> [Double] {
    let width = max(1, classes)
    return places.flatMap { answers[$0 * width..<($0 + 1) * width] }
  }

  // MARK: Mean

  /// Models chosen one after the other, each as often as it makes the mean better: Caruana's greedy selection.
  ///
  /// The score is honest: answers to a part are joined by weights that were chosen by the other parts.
  private func averaged() -> (Choice, [Double]) {
    let selection = GreedySelection(answers, known, classes: classes)
    var joined = answers[best]
    let width = max(1, classes)
    for part in parts.all {
      let weights = selection.weights(part.others)
      for place in part.tested {
        for i in place * width..<(place + 1) * width {
          joined[i] = zip(answers, weights).reduce(0) { $1.1 > 0 ? $0 + $1.1 * $1.0[i] : $0 }
        }
      }
    }
    let weights = selection.weights(Array(known.indices))
    let members = library.indices.filter { weights[$0] > 0 }.map { (library[$0].candidate, weights[$0]) }
    let found = scores(joined)
    return (
      Choice(
        kind: members.count == 1 ? .single : .mean, members: members, score: mean(found), answers: joined),
      found
    )
  }

  // MARK: Stacking

  /// A final model of the best model of each family.
  private func stacked() throws -> (Choice, [Double])? {
    var seen: Set<ModelFamily> = []
    let order = library.indices.sorted { metric.loss(library[$0].score) < metric.loss(library[$1].score) }
    let members = order.filter { seen.insert(library[$0].candidate.family).inserted }.prefix(5)
    guard members.count > 1 else { return nil }
    let inputs = members.map { stackedInputs(answers[$0]) }
    let data = LabelledRows(FittedEnsemble.sideBySide(inputs, rows: known.count), known)
    var joined = answers[best]
    let width = max(1, classes)
    for part in parts.all {
      let learned = LabelledRows(data.features.selecting(rows: part.others), part.others.map { known[$0] })
      guard classes == 0 || Set(learned.targets).count == classes else { return nil }
      let model = try Self.final(classes).train(learned, classes: classes)
      let x = data.features.selecting(rows: part.tested)
      guard let found = classes > 0 ? model.probabilities(x) : model.predict(x) else { return nil }
      for (number, place) in part.tested.enumerated() {
        for k in 0..<width { joined[place * width + k] = found[number * width + k] }
      }
    }
    let found = scores(joined)
    return (
      Choice(
        kind: .stacked, members: members.map { (library[$0].candidate, 1) }, score: mean(found),
        answers: joined, final: data), found
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

  /// A curve of probabilities where it makes the log loss better, and a threshold where one is asked for.
  private func calibrate(_ choice: inout Choice, _ configuration: AutoML.Configuration) throws {
    if let (curve, answers, loss) = try ProbabilityCurves(choice.answers, known, classes: classes, parts)
      .best(keepingOrder: metric == .rocAUC)
    {
      choice.curve = curve
      choice.answers = answers
      // Probabilities of parts are other ones now; what does not depend on their order stays as it was.
      if metric == .logLoss { choice.score = loss }
    }
    guard classes == 2, let goal = configuration.thresholdGoal else { return }
    choice.threshold = DecisionLimit.best(
      known.indices.map { choice.answers[2 * $0 + 1] }, known, goal)
  }
}
