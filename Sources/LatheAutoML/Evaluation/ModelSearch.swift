import LatheCore
import LatheLearn
import LatheSearch
import LatheTables

/// One run: candidates by successive halving, tuned finalists, an ensemble, one test.
final class ModelSearch {
  let data: AutoMLData
  let configuration: AutoML.Configuration
  let clock: SearchClock
  let metric: AutoMLMetric
  private let progress: ((AutoML.Progress) -> Void)?
  private(set) var evaluations: [Evaluation] = []
  private(set) var failures: [String] = []
  private(set) var notes: [String] = []
  private var stage = ""
  private(set) var evaluatedCount = 0

  /// Parts of the time after which candidates are compared, finalists tuned, and the best ones compared on other parts.
  private static let partOfCandidates = 0.35
  private static let partOfTuning = 0.75
  private static let partOfRefining = 0.9

  init(
    _ data: AutoMLData, _ configuration: AutoML.Configuration, _ clock: SearchClock,
    _ progress: ((AutoML.Progress) -> Void)?
  ) {
    self.data = data
    self.configuration = configuration
    self.clock = clock
    self.progress = progress
    metric = configuration.metric ?? .usual(classes: data.classes.count)
  }

  var classes: Int { data.classes.count }

  func run() throws -> AutoML.Result {
    guard metric.isOfClasses == (classes > 0), metric != .rocAUC || classes == 2 else {
      throw LatheError(
        .invalidArgument,
        "automl: the metric \(metric.rawValue) is not for \(classes == 0 ? "numbers" : "\(classes) classes") of "
          + "'\(configuration.target)'")
    }
    // Columns that nothing can be learned from are said once, for all rows.
    notes += try ColumnTransformer.standard(for: data.train, target: configuration.target, .linear).notes
    let rows = try compare()
    try tune(rows)
    try checkFound()
    begin("ensemble")
    let (again, members) = try refine(rows)
    let library = EnsembleLibrary(members, again, metric)
    let choice = try library.choose(configuration)
    begin("training")
    let finish = FinalModel(self, again)
    let (model, final) = try finish.train(choice, evaluations)
    begin("report")
    return AutoML.Result(
      model: model, report: try report(again, model, final), removedRows: data.removedRows)
  }

  func begin(_ stage: String) {
    self.stage = stage
    tell()
  }

  private func tell() {
    let best = evaluations.map(\.score).min { metric.loss($0) < metric.loss($1) }
    progress?(.init(seconds: clock.seconds, stage: stage, best: best, evaluated: evaluatedCount))
  }

  func note(_ text: String) { notes.append(text) }

  private func checkFound() throws {
    guard evaluations.isEmpty else { return }
    let message: String
    if clock.wasStopped {
      message = "stopped before a model was compared; nothing is stored"
    } else if let first = failures.first {
      message = "no model could be trained, the first one: \(first)"
    } else {
      message =
        "no model could be compared in \(formatted(clock.limit, "%.0f")) s; give more time, or fewer rows"
    }
    throw LatheError(.training, "automl: \(message)")
  }

  // MARK: Candidates

  /// Evaluates the usual settings of all families on growing parts of the rows, of which the better ones go on.
  ///
  /// - Returns: The rows that were reached, by which all that follows is compared.
  private func compare() throws -> FoldedRows {
    begin("candidates")
    // What is usually best comes first, in case that time is short: first settings of each kind, then the second ones.
    let shape = TableShape(data.train, target: configuration.target, classes: classes, metric: metric)
    let families = ModelFamily.byPromise.filter {
      $0.suits(shape) && (!configuration.isExplainable || $0.isExplainable)
    }
    let most = families.map(\.beginnings.count).max() ?? 0
    var open = (0..<most).flatMap { place in
      families.filter { place < $0.beginnings.count }.map {
        Candidate(family: $0, settings: $0.beginnings[place])
      }
    }
    let order = Self.order(data.targets, classes: classes, seed: configuration.seed)
    let sizes = Self.sizes(most: rowLimit())
    var reached: FoldedRows?
    for (round, size) in sizes.enumerated() {
      let isLast = round == sizes.count - 1
      let places = size == order.count ? Array(order.indices) : order.prefix(size).sorted()
      let rows = try FoldedRows(
        data.train.take(places), places.map { data.targets[$0] }, classes: classes,
        target: configuration.target, folds: isLast ? Self.folds(size) : min(3, Self.folds(size)),
        seed: configuration.seed)
      var results: [Evaluation] = []
      for (number, candidate) in open.enumerated() {
        // The first ones are compared whatever the time, so that there is something to end with.
        let mustGoOn = reached == nil && results.isEmpty
        let isOver = { [clock] in
          mustGoOn ? clock.isOver() && clock.wasStopped : clock.isOver(Self.partOfCandidates)
        }
        if number > 0 && isOver() { break }
        if let found = try evaluate(candidate, rows, isOver: isOver) { results.append(found) }
      }
      // Rows of which not even the better half was compared say less than fewer rows did.
      if reached != nil && (results.isEmpty || 2 * results.count < open.count) { break }
      if results.isEmpty { return rows }
      reached = rows
      evaluations = results
      open = Self.better(results, metric, share: 2).map(\.candidate)
      if let last = reached, last.table.rowCount < order.count, clock.isOver(Self.partOfCandidates) { break }
    }
    guard let reached else {
      return try FoldedRows(
        data.train, data.targets, classes: classes, target: configuration.target, folds: 2,
        seed: configuration.seed)
    }
    if reached.table.rowCount < data.train.rowCount {
      notes.append(
        "models were compared by \(reached.table.rowCount) of \(data.train.rowCount) rows, as many as time and memory allow"
      )
    }
    return reached
  }

  /// The better ones, at least the best of each of four families.
  private static func better(_ results: [Evaluation], _ metric: AutoMLMetric, share: Int) -> [Evaluation] {
    let sorted = results.sorted { metric.loss($0.score) < metric.loss($1.score) }
    var seen: Set<ModelFamily> = []
    return sorted.enumerated().filter { place, result in
      let isBest = seen.insert(result.candidate.family).inserted && seen.count <= 4
      return isBest || place < max(1, sorted.count / share)
    }.map(\.element)
  }

  /// Rows so ordered that each first part has the shares of classes of all, and a row of each.
  private static func order(_ targets: [Double], classes: Int, seed: UInt64) -> [Int] {
    var random = RandomSource(seed: seed)
    var order = Array(targets.indices)
    random.shuffle(&order)
    guard classes > 0 else { return order }
    var counts = [Int](repeating: 0, count: classes)
    for target in targets { counts[Int(target)] += 1 }
    var seen = [Int](repeating: 0, count: classes)
    let ranks = order.map { row -> Double in
      let own = Int(targets[row])
      seen[own] += 1
      // Of each class two rows come first, for learning and comparing.
      return seen[own] <= 2 ? 0 : Double(seen[own]) / Double(counts[own])
    }
    return order.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }.map { order[$0] }
  }

  /// The first rows of that order, rising.
  static func firstRows(_ targets: [Double], classes: Int, _ size: Int, seed: UInt64) -> [Int] {
    order(targets, classes: classes, seed: seed).prefix(size).sorted()
  }

  private static func sizes(most: Int) -> [Int] {
    var sizes = [most]
    while let first = sizes.first, first >= 8000 { sizes.insert(first / 4, at: 0) }
    return sizes
  }

  private static func folds(_ rows: Int) -> Int { rows < 400 ? 10 : rows <= 100_000 ? 5 : 1 }

  /// The most rows whose features fit into memory: three kinds of features, for each part those of all rows.
  private func rowLimit() -> Int {
    let rows = data.train.rowCount
    var width = 0
    for column in data.train.columns where column.name != configuration.target {
      width += column.type == .text || column.type == .categorical ? min(column.uniqueCount, 1000) : 1
    }
    let bytes = 8 * 3 * max(1, width)
    let limit = configuration.memoryLimit / (bytes * (rows > 100_000 ? 1 : 5))
    guard limit < rows else { return rows }
    notes.append(
      "features of all \(rows) rows would take \(bytes * rows / (1 << 20)) MB a part, the limit is "
        + "\(configuration.memoryLimit / (1 << 20)) MB: models are compared by fewer rows")
    return max(AutoMLData.fewestRows, limit)
  }

  /// Evaluates a candidate; nil where time is over or it failed.
  private func evaluate(_ candidate: Candidate, _ rows: FoldedRows, isOver: () -> Bool) throws -> Evaluation?
  {
    let start = clock.seconds
    do {
      guard let answers = try rows.answers(candidate, seed: configuration.seed, isOver: isOver) else {
        return nil
      }
      let scores = rows.scores(answers, metric)
      let score = scores.reduce(0, +) / Double(scores.count)
      guard score.isFinite else { throw LatheError(.training, "\(candidate.name): the score is \(score)") }
      evaluatedCount += 1
      let result = Evaluation(
        candidate: candidate, score: score, foldScores: scores, answers: answers,
        seconds: clock.seconds - start, rows: rows.table.rowCount, stage: stage)
      tell()
      return result
    } catch let error as LatheError {
      failures.append("\(candidate.name): \(error.message)")
      return nil
    }
  }

  // MARK: Finalists

  /// Tunes the best families in turns, the best one twice as often as each other.
  private func tune(_ rows: FoldedRows) throws {
    guard !evaluations.isEmpty, configuration.trialsPerModel > 0 else { return }
    begin("tuning")
    var best: [(family: ModelFamily, score: Double)] = []
    for result in evaluations.sorted(by: { metric.loss($0.score) < metric.loss($1.score) })
    where !best.contains(where: { $0.family == result.candidate.family }) {
      best.append((result.candidate.family, result.score))
    }
    let learned = rows.splits.first?.train.count ?? 2
    var finalists: [Finalist] = []
    for (family, _) in best.prefix(4) {
      guard let space = try family.space(rows: learned) else { continue }
      let goal: SearchGoal = metric.isHigherBetter ? .maximize(metric.rawValue) : .minimize(metric.rawValue)
      let study = try Study(
        space, goals: [goal], seed: configuration.seed &+ UInt64(finalists.count))
      for known in evaluations where known.candidate.family == family {
        // Settings outside of the space, such as a usual number, are not told.
        if let trial = try? study.enqueue(known.candidate.settings) { try trial.complete([known.score]) }
      }
      finalists.append(Finalist(family: family, study: study))
    }
    var turn = 0
    while !finalists.isEmpty {
      let order = finalists.indices.flatMap { $0 == 0 ? [0, 0] : [$0] }
      let place = order[turn % order.count]
      turn += 1
      if finalists[place].trials >= configuration.trialsPerModel {
        if finalists.allSatisfy({ $0.trials >= configuration.trialsPerModel }) { return }
        continue
      }
      // What is trained at the end takes time, too.
      let reserve = min(0.2 * clock.limit, 2 * (evaluations.map(\.seconds).max() ?? 0))
      let isOver = { [clock] in clock.isOver(Self.partOfTuning, reserve: reserve) }
      if isOver() { return }
      finalists[place].trials += 1
      guard let trial = try finalists[place].study.ask() else { continue }
      let candidate = Candidate(family: finalists[place].family, settings: trial.configuration)
      guard let found = try evaluate(candidate, rows, isOver: isOver) else {
        try trial.fail("no score")
        continue
      }
      try trial.complete([found.score])
      keep(found)
    }
  }

  // MARK: Chance

  /// Compares the best ones on other divisions of the rows, where there are few: the best of many models on one division is
  /// partly the luckiest one.
  private func refine(_ rows: FoldedRows) throws -> (FoldedRows, [Evaluation]) {
    let most = max(1, min(5, Self.rowsOfChance / rows.table.rowCount))
    var members = EnsembleLibrary.members(evaluations, metric)
    guard most > 1, rows.splits.count > 1, members.count > 1 else { return (rows, members) }
    func divided(_ divisions: Int) throws -> FoldedRows {
      try FoldedRows(
        rows.table, rows.targets, classes: classes, target: configuration.target,
        folds: rows.splits.count, divisions: divisions, seed: configuration.seed)
    }
    let wider = try divided(most)
    var reached = 1
    rounds: for division in 1..<most {
      var more: [[[Double]]?] = []
      for member in members {
        do {
          guard
            let found = try wider.answers(
              member.candidate, division: division, seed: configuration.seed,
              isOver: { [clock] in clock.isOver(Self.partOfRefining) })
          else { break rounds }
          more.append(found)
        } catch let error as LatheError {
          failures.append("\(member.candidate.name): \(error.message)")
          more.append(nil)
        }
      }
      members = zip(members, more).compactMap { member, answers in
        guard let answers else { return nil }
        var member = member
        member.answers += answers
        return member
      }
      reached = division + 1
      tell()
      if members.isEmpty { throw LatheError(.training, "automl: \(failures.last ?? "no model is left")") }
    }
    guard reached > 1 else { return (rows, members) }
    let again = reached == most ? wider : try divided(reached)
    for place in members.indices {
      members[place].foldScores = again.scores(members[place].answers, metric)
      members[place].score =
        members[place].foldScores.reduce(0, +) / Double(members[place].foldScores.count)
    }
    return (again, members)
  }

  /// Rows that are tested on in all divisions together.
  private static let rowsOfChance = 3000

  private struct Finalist {
    let family: ModelFamily
    let study: Study
    var trials = 0
  }

  /// Keeps an evaluation, of the worst ones without answers' memory.
  private func keep(_ found: Evaluation) {
    evaluations.append(found)
    let most = 120
    guard evaluations.count > most else { return }
    evaluations.sort { metric.loss($0.score) < metric.loss($1.score) }
    evaluations.removeLast()
  }
}
