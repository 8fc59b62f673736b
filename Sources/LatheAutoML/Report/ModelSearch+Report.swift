import LatheCore
import LatheLearn
import LatheTables

extension ModelSearch {
  /// Opens the test and writes down what was found.
  func report(_ rows: FoldedRows, _ model: TableModel, _ facts: FinalModel.Facts) throws -> AutoMLReport {
    let choice = facts.choice
    let usual = rows.scores(rows.baselineAnswers, metric)
    let baseline = usual.reduce(0, +) / Double(usual.count)
    if metric.loss(choice.score) >= metric.loss(baseline) {
      note(
        "no model is better than always \(classes > 0 ? "the most frequent class" : "the mean"): the columns may not tell '\(printable(configuration.target))'"
      )
    }
    let curve = try learningCurve(rows, choice)
    let slices = ErrorSlices(rows, choice.answers, threshold: choice.threshold)
    let test = try test(model)
    let sorted = evaluations.sorted { metric.loss($0.score) < metric.loss($1.score) }
    return AutoMLReport(
      target: configuration.target, task: classes > 0 ? .classification : .regression, classes: data.classes,
      metric: metric, seed: configuration.seed, rowsRead: data.rowsRead, rowsLearned: data.train.rowCount,
      rowsLeftOut: data.leftOut, cleaning: data.cleaningSteps,
      suspects: try suspects(rows, choice), notes: data.notes + notes, baseline: baseline,
      leaderboard: sorted.prefix(30).map {
        .init(
          family: $0.candidate.family, name: $0.candidate.name, score: $0.score, foldScores: $0.foldScores,
          seconds: $0.seconds, rows: $0.rows)
      }, evaluated: evaluatedCount, kind: choice.kind.rawValue,
      members: choice.members.map { .init(name: $0.candidate.name, weight: $0.weight) }, score: choice.score,
      calibration: choice.curve?.method.rawValue, temperature: choice.temperature,
      threshold: choice.threshold, learningCurve: curve,
      error: slices.overall, slices: slices.worst, test: test, seconds: clock.seconds, timeLimit: clock.limit,
      wasStopped: clock.wasStopped, modelBytes: facts.bytes, latency: facts.latency,
      limitsHold: facts.limitsHold, failures: Array(Set(failures)).sorted())
  }

  /// Rows whose class models that did not learn from them tell otherwise with confidence.
  private func suspects(_ rows: FoldedRows, _ choice: EnsembleLibrary.Choice) throws -> [AutoMLReport.Suspect]
  {
    // Of a part of the rows each was tested on once.
    let tested = Array(rows.testedRows.prefix(rows.testedRows.count / rows.divisions))
    guard classes > 0, rows.table.rowCount == data.train.rowCount, !tested.isEmpty else { return [] }
    let probabilities = tested.indices.map { Array(choice.answers[$0 * classes..<($0 + 1) * classes]) }
    let labels = tested.map { Int(rows.targets[$0]) }
    guard Set(labels).count == classes else { return [] }
    let found = try WrongLabels(probabilities: probabilities, labels: labels)
    return zip(found.rows, found.suggested).prefix(20).map { place, suggested in
      .init(
        row: data.trainRows[tested[place]] + 1, label: data.classes[labels[place]],
        suggested: data.classes[suggested], probability: probabilities[place][labels[place]])
    }
  }

  /// The best single model with fewer rows, as far as there is time.
  private func learningCurve(
    _ rows: FoldedRows, _ choice: EnsembleLibrary.Choice
  ) throws -> [AutoMLReport.CurvePoint] {
    guard let best = evaluations.min(by: { metric.loss($0.score) < metric.loss($1.score) }) else { return [] }
    let learned = rows.splits[0].train.count
    var points = [AutoMLReport.CurvePoint(rows: learned, score: best.score)]
    for divisor in [2, 4, 8] {
      let size = rows.table.rowCount / divisor
      guard size >= max(30, 4 * classes), !clock.isOver(1, reserve: best.seconds / Double(divisor)) else {
        break
      }
      let places = Self.firstRows(rows.targets, classes: classes, size, seed: configuration.seed)
      let part = try FoldedRows(
        rows.table.take(places), places.map { rows.targets[$0] }, classes: classes,
        target: configuration.target, folds: 5, seed: configuration.seed)
      guard
        let answers = try? part.answers(best.candidate, seed: configuration.seed, isOver: { clock.isOver() })
      else { break }
      let scores = part.scores(answers, metric)
      points.append(
        .init(rows: part.splits[0].train.count, score: scores.reduce(0, +) / Double(scores.count)))
    }
    return points.reversed()
  }

  private func test(_ model: TableModel) throws -> AutoMLReport.Test? {
    let opened = data.sealed.open()
    opened.warning.map(note)
    let table = opened.rows
    guard table.rowCount > 0 else { return nil }
    let figures: [String: Double]
    if classes > 0 {
      let known = try model.labels(table)
      figures = Scores.figures(
        try model.probabilities(table).flatMap { $0 }, predicted: try model.predictedClasses(table),
        known.map { Double($0) }, classes: classes)
    } else {
      figures = Scores.figures(
        try model.predict(table).numbers(), predicted: nil, try model.targets(table), classes: 0)
    }
    return .init(
      rows: table.rowCount, figures: figures.filter { $0.value.isFinite }, reads: data.sealed.reads)
  }
}

/// Values of columns whose rows a model is wrong on more often than on others.
struct ErrorSlices {
  /// The share of wrong answers, or the mean absolute error.
  let overall: Double
  let worst: [AutoMLReport.Slice]

  init(_ rows: FoldedRows, _ answers: [Double], threshold: Double) {
    let classes = rows.classes
    // A model that was compared on the first division alone has answers of its rows, which come first.
    let tested = Array(rows.testedRows.prefix(answers.count / max(1, classes)))
    let errors = tested.enumerated().map { place, row -> Double in
      let target = rows.targets[row]
      if classes == 0 { return abs(answers[place] - target) }
      if classes == 2 { return (answers[2 * place + 1] > threshold ? 1 : 0) == target ? 0 : 1 }
      let own = (0..<classes).max { answers[place * classes + $0] < answers[place * classes + $1] } ?? 0
      return Double(own) == target ? 0 : 1
    }
    let all = errors.reduce(0, +) / Double(max(1, errors.count))
    overall = all
    // In each division all rows are tested on once.
    let times = max(1, tested.count / max(1, rows.testedRows.count / rows.divisions))
    let least = max(20 * times, tested.count / 50)
    var found: [AutoMLReport.Slice] = []
    for column in rows.table.columns where column.name != rows.target {
      var groups: [String: (rows: Int, sum: Double)] = [:]
      guard let names = Self.names(column) else { continue }
      for (place, row) in tested.enumerated() {
        groups[names[row], default: (0, 0)].rows += 1
        groups[names[row], default: (0, 0)].sum += errors[place]
      }
      for (name, group) in groups where group.rows >= least && group.rows < tested.count {
        let error = group.sum / Double(group.rows)
        if error > all {
          found.append(
            .init(name: "\(printable(column.name)) \(name)", rows: group.rows / times, error: error))
        }
      }
    }
    // What stands out most beside what chance gives to so many rows.
    func weight(_ slice: AutoMLReport.Slice) -> Double {
      (slice.error - all) * Double(slice.rows).squareRoot()
    }
    worst = Array(
      found.sorted { (weight($1), $0.name) < (weight($0), $1.name) }.prefix(10))
  }

  /// What each row is called by a column: its text, or the quarter that its number is in.
  private static func names(_ column: Column) -> [String]? {
    if column.type.isNumeric, column.type != .bool, column.uniqueCount > 6 {
      guard let numbers = try? column.numbers() else { return nil }
      let sorted = numbers.filter(\.isFinite).sorted()
      guard sorted.count >= 8 else { return nil }
      let bounds = [0.25, 0.5, 0.75].map { Sums.quantile(sorted: sorted, $0) }
      let texts = bounds.map { formatted($0, "%.4g") }
      return numbers.map { number in
        if number.isNaN { return "missing" }
        if number <= bounds[0] { return "up to \(texts[0])" }
        if number <= bounds[1] { return "\(texts[0]) to \(texts[1])" }
        return number <= bounds[2] ? "\(texts[1]) to \(texts[2])" : "above \(texts[2])"
      }
    }
    guard column.uniqueCount <= 1000 else { return nil }
    return column.strings().map { $0.map { "= \(printable($0))" } ?? "missing" }
  }
}

extension EnsembleLibrary.Choice {
  /// What the logarithms of probabilities are divided by.
  var temperature: Double {
    if case .temperature(let factor)? = curve { return 1 / factor.inverseTemperature }
    return 1
  }
}
