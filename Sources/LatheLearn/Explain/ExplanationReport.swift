import LatheCore
import LatheTables

/// What a model of a table goes by, for people: importance, partial dependence, a small tree that imitates it, and reasons for
/// single rows, as numbers and as a page.
public struct ExplanationReport: Sendable, Codable {
  /// What is looked at.
  public struct Configuration: Sendable, Hashable {
    /// The class that is explained; nil for the last one.
    public var className: String?
    /// The first rows of the table, whose reasons are given.
    public var rows = 10
    /// The most telling columns, whose partial dependence is drawn.
    public var columns = 6
    /// How often each column is shuffled.
    public var repeats = 5
    /// The most rows that are looked at; more are drawn from.
    public var mostRows = 1000
    /// What random choices depend on.
    public var seed: UInt64 = 0

    /// Ten rows, six columns.
    public init() {}
  }

  /// A column and a number.
  public struct Value: Sendable, Hashable, Codable {
    /// The column.
    public let column: String
    /// The number.
    public let value: Double
    /// Its deviation, where it was measured several times.
    public let deviation: Double?
  }

  /// One row, and why.
  public struct Row: Sendable, Hashable, Codable {
    /// Its place in the table.
    public let row: Int
    /// What is predicted.
    public let prediction: String
    /// The probability of the class, or the number.
    public let output: Double
    /// What speaks for the class or a larger number, the strongest first.
    public let reasonsFor: [ReasonCode]
    /// What speaks against it.
    public let reasonsAgainst: [ReasonCode]
  }

  /// The column that is predicted.
  public let target: String
  /// The class that is explained; nil of numbers.
  public let className: String?
  /// How many rows were looked at, and of how many.
  public let rowCount: Int
  /// How many rows the table has.
  public let tableRowCount: Int
  /// What a shuffled column costs of right classes or of R²; nil where the table has no target.
  public let permutation: [Value]?
  /// The score that it is a fall from.
  public let baseline: Double?
  /// How contributions were found.
  public let method: TableExplainer.Method
  /// The mean size of each column's contributions.
  public let contributions: [Value]
  /// Partial dependence of the most telling columns, with the predictions of 30 rows.
  public let dependence: [PartialDependence]
  /// A small tree in words; none where no column is one of numbers or of few texts.
  public let rules: [String]
  /// How far it agrees with the model.
  public let fidelity: Double?
  /// The first rows.
  public let rows: [Row]

  /// Looks at a model by rows of a table; where they have the target, importance is measured, too.
  public init(
    _ model: TableModel, _ table: Table, _ configuration: Configuration = Configuration()
  ) throws {
    guard table.rowCount >= 2, configuration.rows >= 0, configuration.columns >= 0,
      configuration.mostRows >= 2
    else {
      throw LatheError(
        .invalidArgument,
        "explanation: \(counted(table.rowCount, "rows")), \(configuration.rows) rows and \(configuration.columns) columns to "
          + "show, at most \(configuration.mostRows) rows; two rows are the least")
    }
    var random = RandomSource(seed: configuration.seed)
    let part =
      table.rowCount > configuration.mostRows
      ? try table.take(random.sample(configuration.mostRows, of: table.rowCount)) : table
    target = model.target
    className = model.isClassifier ? model.classes[try model.place(ofClass: configuration.className)] : nil
    rowCount = part.rowCount
    tableRowCount = table.rowCount
    let found = try Self.permutation(model, part, configuration)
    permutation = found?.ranked.map { Value(column: $0.column, value: $0.mean, deviation: $0.deviation) }
    baseline = found?.baseline
    let explainer = try TableExplainer(
      model, background: part, class: configuration.className, seed: configuration.seed)
    method = explainer.method
    // Kernel SHAP asks for many predictions of each row.
    let explained = method == .kernel ? part.head(50) : part
    contributions = try explainer.importance(explained).map {
      Value(column: $0.column, value: $0.value, deviation: nil)
    }
    guard contributions.allSatisfy(\.value.isFinite) else {
      throw LatheError(
        .invalidArgument,
        "explanation: contributions are beyond float64; values or weights of the model are near 1e308: scale the columns, and "
          + "train again")
    }
    dependence = try contributions.prefix(configuration.columns).map { own in
      try PartialDependence(
        model, part, column: own.column, class: configuration.className, keepsIndividual: true
      ).keeping(individual: 30)
    }
    let surrogate = try? SurrogateTree(model, part, seed: configuration.seed)
    rules = surrogate?.rules(classes: model.classes) ?? []
    fidelity = surrogate?.fidelity
    let first = table.head(configuration.rows)
    rows = try first.rowCount == 0 ? [] : Self.rows(model, first, explainer, configuration.className)
  }

  /// Importance where the table has the target in all rows.
  private static func permutation(
    _ model: TableModel, _ table: Table, _ configuration: Configuration
  ) throws -> PermutationImportance? {
    guard table.contains(model.target) else { return nil }
    let known = try table.dropMissing([model.target])
    guard known.rowCount > 1 else { return nil }
    return try PermutationImportance(
      model, known, repeats: configuration.repeats, seed: configuration.seed)
  }

  private static func rows(
    _ model: TableModel, _ table: Table, _ explainer: TableExplainer, _ className: String?
  ) throws -> [Row] {
    let predictions = try model.predict(table).strings()
    let outputs = try model.output(table, class: className)
    let (positive, negative) = (
      try explainer.reasons(table, isAgainst: false), try explainer.reasons(table, isAgainst: true)
    )
    return outputs.indices.map {
      Row(
        row: $0, prediction: predictions[$0] ?? "", output: outputs[$0], reasonsFor: positive[$0],
        reasonsAgainst: negative[$0])
    }
  }

  /// The report as a page that needs nothing beside it.
  public var html: String {
    let explained = className.map { "'\($0)' of \(target)" } ?? target
    let scale = method == .kernel ? (className == nil ? "the number" : "the probability") : "the score"
    var body =
      "<h1>What the model of \(Self.text(target)) goes by</h1>\n<p>Explained is \(Self.text(explained)), by "
    body +=
      "\(rowCount) of \(counted(tableRowCount, "rows")). Contributions are to \(scale), by \(method.rawValue) SHAP. "
    body += "They say what the model does, not what would happen if a value were changed.</p>\n"
    if let permutation, let baseline {
      let name = className == nil ? "R²" : "share of right classes"
      body +=
        "<h2>Importance</h2>\n<p>What shuffling a column costs of the \(name), \(ShortNumber.text(baseline)).</p>\n"
      body += Chart.bars(
        title: "permutation importance", permutation.prefix(20).map { ($0.column, $0.value) })
    }
    body += "<h2>Contributions</h2>\n"
    body += Chart.bars(
      title: "mean size of contributions", contributions.prefix(20).map { ($0.column, $0.value) })
    if !dependence.isEmpty { body += "<h2>Partial dependence</h2>\n" }
    for own in dependence { body += Self.figure(own, explained) }
    if !rules.isEmpty {
      body += "<h2>A small tree that imitates the model</h2>\n<p>It agrees with the model by "
      body += "\(ShortNumber.text(fidelity ?? .nan)) on rows that it did not learn from.</p>\n<ul>"
      body += rules.map { "<li>\(Self.text($0))</li>" }.joined(separator: "\n") + "</ul>\n"
    }
    if !rows.isEmpty {
      body +=
        "<h2>Rows</h2>\n<table><tr><th>row</th><th>prediction</th><th>output</th><th>for</th><th>against</th></tr>\n"
      for own in rows {
        let cells = [
          "\(own.row + 1)", own.prediction, ShortNumber.text(own.output),
          own.reasonsFor.map(\.description).joined(separator: "; "),
          own.reasonsAgainst.map(\.description).joined(separator: "; "),
        ]
        body += "<tr>" + cells.map { "<td>\(Self.text($0))</td>" }.joined() + "</tr>\n"
      }
      body += "</table>\n"
    }
    return Self.page("Explanation of \(target)", body)
  }

  private static func figure(_ own: PartialDependence, _ explained: String) -> String {
    let numbers = own.points.compactMap(\.number)
    guard numbers.count == own.points.count, numbers.count > 1 else {
      return "<figure>"
        + Chart.bars(
          title: own.column, zip(own.points, own.average).map { ($0.text ?? "missing", $1) }) + "</figure>\n"
    }
    var series = own.individual.map { line in
      Chart.Series(name: "", points: Array(zip(numbers, line)), isLine: true, isFaint: true)
    }
    series.append(.init(name: "mean", points: Array(zip(numbers, own.average)), isLine: true))
    return "<figure>" + Chart(title: own.column, x: own.column, y: explained, series: series).svg
      + "</figure>\n"
  }

  private static func text(_ text: String) -> String { markupEscaped(printable(text)) }

  private static func page(_ title: String, _ body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>\(text(title))</title>
    <style>
    :root { color-scheme: light dark }
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
    svg { width: 32rem; max-width: 100% } figure { display: inline-block; margin: 0 1rem 1rem 0 }
    table { border-collapse: collapse; display: block; overflow-x: auto }
    th, td { padding: .2rem .6rem; border: 1px solid #8886; text-align: left; vertical-align: top }
    </style></head><body>
    \(body)</body></html>

    """
  }
}
