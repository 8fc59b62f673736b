import LatheCore
import LatheLearn
import LatheTables

/// The usual settings of some kinds of models, compared by at most 5,000 rows.
struct QuickComparison {
  /// The metric of each kind, the mean of parts that were not learned from.
  private(set) var scores: [ModelFamily: Double] = [:]
  /// Why a kind could not be trained.
  private(set) var failures: [ModelFamily: String] = [:]
  /// Kinds that are better than the baseline by two standard errors and more.
  private(set) var beatsBaseline: Set<ModelFamily> = []
  /// What always the most frequent class, or the mean, scores.
  let baseline: Double
  let baselineName: String

  init(
    _ data: AutoMLData, _ configuration: AutoML.Configuration, _ metric: AutoMLMetric, _ seconds: Double
  ) throws {
    let clock = SearchClock(limit: seconds, shouldStop: { false })
    let classes = data.classes.count
    let places = ModelSearch.firstRows(data.targets, classes: classes, 5000, seed: configuration.seed)
    let rows = try FoldedRows(
      data.train.take(places), places.map { data.targets[$0] }, classes: classes,
      target: configuration.target, folds: 5, seed: configuration.seed)
    let usual = rows.scores(rows.baselineAnswers, metric)
    baseline = usual.reduce(0, +) / Double(usual.count)
    baselineName = "always \(classes > 0 ? "the most frequent class" : "the mean")"
    for family in ModelFamily.advised where family.suits(classes: classes) {
      let candidate = Candidate(family: family, settings: family.beginnings[0])
      do {
        guard
          let answers = try rows.answers(candidate, seed: configuration.seed, isOver: { clock.isOver() })
        else { continue }
        let found = rows.scores(answers, metric)
        let score = found.reduce(0, +) / Double(found.count)
        guard score.isFinite else {
          failures[family] = "its score is no number; are values of columns very large?"
          continue
        }
        scores[family] = score
        let gains = zip(found, usual).map { metric.loss($1) - metric.loss($0) }
        let mean = gains.reduce(0, +) / Double(gains.count)
        let square = gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gains.count)
        let error = (square / Double(max(1, gains.count - 1))).squareRoot()
        if mean > 2 * error { beatsBaseline.insert(family) }
      } catch let error as LatheError {
        failures[family] = error.message
      }
    }
  }
}
