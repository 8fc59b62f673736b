import LatheCore
import LatheLearn
import LatheTables

/// Which kind of model suits a table and a task, and why.
public struct ModelAdvice: Sendable, Codable {
  /// A kind of model.
  public struct Entry: Sendable, Codable {
    /// The kind as `lathe train` calls it.
    public var model: String
    /// Why it suits, or does not.
    public var reasons: [String]
    /// What it scored in a quick comparison; nil where it was not tried, or could not be trained.
    public var score: Double?
    /// Why it could not be trained; nil where it could.
    public var failure: String?
  }

  /// What is to be done: classification, regression, or grouping without a target.
  public var task: String
  /// What the table is like.
  public var facts: [String]
  /// Kinds, the most suitable first.
  public var entries: [Entry]
  /// What to mind.
  public var notes: [String]
  /// What scores measure; nil where nothing was tried.
  public var metric: AutoMLMetric?
  /// What always the most frequent class, or the mean, scores; nil where nothing was tried.
  public var baseline: Double?
  /// Whether something was tried and nothing is clearly better than the baseline.
  public var isHopeless = false

  /// Advice by a table's rows, types, holes and balance, and by a quick comparison of weighted sums, trees and neighbours.
  ///
  /// - Parameters:
  ///   - target: The column to predict; nil where there is none.
  ///   - seconds: How long the comparison may take.
  /// - Throws: `LatheError.invalidArgument` where nothing can be learned.
  public static func of(
    _ table: Table, target: String?, task: AutoML.Task? = nil, seconds: Double = 20, seed: UInt64 = 42
  ) throws -> ModelAdvice {
    guard let target else { return try withoutTarget(table) }
    var configuration = AutoML.Configuration(target: target)
    configuration.task = task
    configuration.seed = seed
    let data = try AutoMLData(table, configuration, test: nil)
    let classes = data.classes.count
    let metric = AutoMLMetric.usual(classes: classes)
    let rows = data.train.rowCount + data.sealed.rowCount
    let facts = self.facts(table, target, rows: rows, data)
    let comparison = try QuickComparison(data, configuration, metric, seconds)
    let scores = comparison.scores
    var entries = ModelFamily.advised.filter { $0.suits(classes: classes) }.map { family in
      if let why = comparison.failures[family] {
        return Entry(
          model: family.rawValue, reasons: ["could not be trained: \(why)"], score: nil, failure: why)
      }
      guard scores[family] != nil else {
        return Entry(model: family.rawValue, reasons: ["not tried: the time was over"], score: nil)
      }
      let own =
        comparison.beatsBaseline.contains(family)
        ? reasons(family, table, target, rows: rows, scores, metric)
        : ["not clearly better than \(comparison.baselineName)"]
      return Entry(model: family.rawValue, reasons: own, score: scores[family])
    }
    // By score; of nearly equal ones the simpler one first.
    let best = scores.values.map { metric.loss($0) }.min() ?? 0
    let worst = scores.values.map { metric.loss($0) }.max() ?? 0
    func rank(_ entry: Entry) -> Double {
      guard let score = entry.score else { return .infinity }
      let part = worst > best ? (metric.loss(score) - best) / (worst - best) : 0
      let family = ModelFamily(rawValue: entry.model)
      return part + (family?.isExplainable == true ? 0 : 0.05)
    }
    entries.sort { (rank($0), $0.model) < (rank($1), $1.model) }
    var notes = data.notes
    if !scores.isEmpty && comparison.beatsBaseline.isEmpty {
      notes.append(
        "no model is clearly better than \(comparison.baselineName) (\(metric.rawValue) "
          + "\(formatted(comparison.baseline, "%.4g"))): the columns may not tell '\(printable(target))'; look for other "
          + "columns, or more rows, before a model")
    }
    if scores.isEmpty, let first = comparison.failures.min(by: { $0.key.rawValue < $1.key.rawValue }) {
      notes.append("no model could be trained; \(first.key.rawValue): \(first.value)")
    }
    return ModelAdvice(
      task: classes > 0 ? "classification" : "regression", facts: facts, entries: entries, notes: notes,
      metric: scores.isEmpty ? nil : metric, baseline: scores.isEmpty ? nil : comparison.baseline,
      isHopeless: comparison.beatsBaseline.isEmpty)
  }

  private static func withoutTarget(_ table: Table) throws -> ModelAdvice {
    guard table.rowCount > 1, table.columnCount > 0 else {
      throw LatheError(.invalidArgument, "recommend: the table has \(counted(table.rowCount, "rows"))")
    }
    let numbers = table.columns.count { $0.type.isNumeric }
    return ModelAdvice(
      task: "grouping",
      facts: [
        "\(counted(table.rowCount, "rows")), \(numbers) of \(counted(table.columnCount, "columns")) are numbers"
      ],
      entries: [
        .init(
          model: "k-means",
          reasons: [
            "no target: rows can only be grouped",
            "groups are round and of about equal size; scale columns first",
          ]),
        .init(model: "pca", reasons: ["shows in which directions rows vary, for pictures and fewer columns"]),
        .init(model: "isolation-forest", reasons: ["tells rows that are unlike all others"]),
      ],
      notes: numbers == 0 ? ["no column is of numbers: encode categories first"] : [])
  }

  private static func facts(_ table: Table, _ target: String, rows: Int, _ data: AutoMLData) -> [String] {
    let columns = table.columns.filter { $0.name != target }
    let texts = columns.count { $0.type == .text || $0.type == .categorical }
    let holes = columns.count { $0.missingCount > 0 }
    var facts = [
      "\(counted(rows, "rows")) and \(counted(columns.count, "columns")), \(texts) of them texts, \(holes) with missing values"
    ]
    if data.classes.count > 0 {
      var counts = [Int](repeating: 0, count: data.classes.count)
      for target in data.targets { counts[Int(target)] += 1 }
      let least = counts.min() ?? 0
      facts.append(
        "\(data.classes.count) classes, the rarest with \(formatted(100 * Double(least) / Double(max(1, data.targets.count)), "%.1f")) % of rows"
      )
    } else {
      facts.append("the target is a number")
    }
    return facts
  }

  private static func reasons(
    _ family: ModelFamily, _ table: Table, _ target: String, rows: Int, _ scores: [ModelFamily: Double],
    _ metric: AutoMLMetric
  ) -> [String] {
    let columns = table.columns.filter { $0.name != target }
    let hasHoles = columns.contains { $0.missingCount > 0 }
    let hasTexts = columns.contains { $0.type == .text || $0.type == .categorical }
    var reasons: [String] = []
    let linear = scores[.logistic] ?? scores[.ridge]
    let trees = scores[.boostedTrees]
    if let linear, let trees {
      let isLinear = metric.loss(linear) <= metric.loss(trees)
      switch family {
      case .logistic, .ridge, .elasticNet:
        reasons.append(
          isLinear
            ? "weighted sums are as good as trees here (\(formatted(linear, "%.4g")) and \(formatted(trees, "%.4g")))"
            : "trees are better than weighted sums here (\(formatted(trees, "%.4g")) and \(formatted(linear, "%.4g"))): the relation bends, or columns act together"
        )
      case .boostedTrees, .randomForest:
        reasons.append(
          isLinear
            ? "no better than weighted sums here, and harder to explain"
            : "finds what bends and acts together, which weighted sums miss here")
      default: break
      }
    }
    switch family {
    case .logistic, .ridge, .elasticNet:
      reasons.append("each column's weight can be read")
      if columns.count > rows { reasons.append("with more columns than rows its penalty keeps it steady") }
    case .naiveBayes:
      reasons.append(rows < 200 ? "learns from few rows" : "quick, but takes columns for independent")
    case .neighbors:
      reasons.append(
        rows > 50_000
          ? "keeps all \(rows) rows, which is large and slow to ask"
          : "no training; needs columns on one scale")
      if columns.count > 30 { reasons.append("with \(columns.count) columns distances say little") }
    case .decisionTree: reasons.append("its conditions can be read and drawn")
    case .randomForest:
      reasons.append(rows < 1000 ? "good with few rows, without tuning" : "good without tuning")
      if hasHoles { reasons.append("takes missing values as they are") }
    case .boostedTrees:
      if rows < 500 {
        reasons.append("with \(counted(rows, "rows")) easily learns by heart: few leaves, few trees")
      }
      if rows >= 5000 { reasons.append("usually the best of tables of this size") }
      if hasTexts { reasons.append("takes texts as categories") }
      if hasHoles { reasons.append("takes missing values as they are") }
    default: break
    }
    return reasons
  }
}
