import LatheCore
import LatheTables

/// The nearest changes of few columns that turn a decision.
public struct Counterfactuals: Sendable {
  /// What may change.
  public struct Constraints: Sendable, Hashable {
    /// Columns that stay as they are.
    public var immutable: Set<String> = []
    /// What numbers are held to.
    public var ranges: [String: ClosedRange<Double>] = [:]
    /// Columns of numbers that may only rise.
    public var rising: Set<String> = []
    /// Columns of numbers that may only fall.
    public var falling: Set<String> = []
    /// The most columns that change.
    public var mostChanges = 3

    /// Everything may change, three columns at most.
    public init() {}
  }

  /// A change of one column.
  public struct Change: Sendable, Hashable {
    /// The column.
    public let column: String
    /// What it is.
    public let from: ColumnPoint
    /// What it would be.
    public let to: ColumnPoint
  }

  /// Changes that together turn the decision.
  public struct Counterfactual: Sendable, Hashable, CustomStringConvertible {
    /// The changes, in the columns' order.
    public let changes: [Change]
    /// The prediction with the changes.
    public let score: Double
    /// How far the changes are: numbers as parts of their ranges, other values one each.
    public let distance: Double

    /// `income 1200 -> 1500, port S -> C`.
    public var description: String {
      changes.map { "\($0.column) \(Self.text($0.from)) -> \(Self.text($0.to))" }.joined(separator: ", ")
    }

    private static func text(_ point: ColumnPoint) -> String {
      point.number.map(ShortNumber.text) ?? point.text ?? "missing"
    }
  }

  /// Finds changes of one row, the nearest first.
  ///
  /// - Parameters:
  ///   - rows: Rows, among them the one in question; columns take values that occur in them.
  ///   - row: The row in question.
  ///   - constraints: What may change.
  ///   - count: The most answers.
  ///   - predict: One number for each row.
  ///   - isWanted: Whether a number is on the other side of the decision.
  /// - Returns: None where no allowed change turns the decision.
  /// - Throws: `LatheError.invalidArgument` for columns that are not there, and where the decision is the wanted one already.
  public static func find<Rows: ExplainedRows>(
    _ rows: Rows, row: Int, constraints: Constraints = Constraints(), count: Int = 3,
    predict: (Rows) throws -> [Double], isWanted: (Double) -> Bool
  ) throws -> [Counterfactual] {
    guard row >= 0, row < rows.rowCount else {
      throw LatheError(.invalidArgument, "counterfactuals: no row \(row) among \(rows.rowCount)")
    }
    for name in constraints.immutable.union(constraints.ranges.keys).union(constraints.rising).union(
      constraints.falling
    ).sorted() { _ = try rows.place(of: name) }
    let own = try rows.rows([row])
    guard let score = try predict(own).first, !isWanted(score) else {
      throw LatheError(.invalidArgument, "counterfactuals: row \(row) has the wanted decision already")
    }
    return try CounterfactualSearch(rows, row, own, constraints).run(count, predict, isWanted)
  }

  /// Finds changes of one row of a table that make a class the most probable one.
  public static func find(
    _ model: TableModel, _ table: Table, row: Int, wanted: String, constraints: Constraints = Constraints(),
    count: Int = 3
  ) throws -> [Counterfactual] {
    guard model.isClassifier else {
      throw LatheError(
        .unsupported,
        "counterfactuals: '\(model.target)' is a number; say what is wanted by a closure (isWanted)")
    }
    let place = Double(try model.place(ofClass: wanted))
    return try find(
      model.inputs(table), row: row, constraints: constraints, count: count,
      predict: { try model.predictedClasses($0).map(Double.init) }, isWanted: { $0 == place })
  }
}

/// A search over one change, then two, and so on, from the best so far.
private struct CounterfactualSearch<Rows: ExplainedRows> {
  struct State {
    var changes: [Int: ColumnPoint]
    var score: Double
    var distance: Double
  }

  let rows: Rows
  let own: Rows
  let original: [ColumnPoint]
  let candidates: [[ColumnPoint]]
  /// The row, and below it the row with each candidate's value.
  let palette: Rows
  let placeOf: [[ColumnPoint: Int]]
  let spreads: [Double]
  let mostChanges: Int

  init(_ rows: Rows, _ row: Int, _ own: Rows, _ constraints: Counterfactuals.Constraints) throws {
    self.rows = rows
    self.own = own
    mostChanges = constraints.mostChanges
    let names = rows.columnNames
    original = try names.indices.map { try rows.point(row, $0) }
    spreads = try names.indices.map { column in
      guard rows.isNumeric(column) else { return 1 }
      let values = try rows.numbers(column).filter(\.isFinite)
      return (values.max() ?? 1) - (values.min() ?? 0)
    }
    var candidates = [[ColumnPoint]](repeating: [], count: names.count)
    for (column, name) in names.enumerated() where !constraints.immutable.contains(name) {
      let now = original[column]
      // Numbers that bounds name count, too, although no row has them.
      var found = try rows.points(column, most: 25, percentiles: 0...1)
      if rows.isNumeric(column), let range = constraints.ranges[name] {
        found += [range.lowerBound, range.upperBound].filter(\.isFinite).map { ColumnPoint($0) }
      }
      candidates[column] = found.filter { point in
        guard point != now, let number = point.number, rows.isNumeric(column) else { return point != now }
        if let range = constraints.ranges[name], !range.contains(number) { return false }
        guard let before = now.number else { return true }
        if constraints.rising.contains(name), number < before { return false }
        return !(constraints.falling.contains(name) && number > before)
      }
    }
    self.candidates = candidates
    var palette = own
    var placeOf = [[ColumnPoint: Int]](repeating: [:], count: names.count)
    for (column, points) in candidates.enumerated() {
      for point in points {
        placeOf[column][point] = palette.rowCount
        palette = try palette.appending(own.setting(column, to: point))
      }
    }
    self.palette = palette
    self.placeOf = placeOf
  }

  func run(
    _ count: Int, _ predict: (Rows) throws -> [Double], _ isWanted: (Double) -> Bool
  ) throws -> [Counterfactuals.Counterfactual] {
    var found: [State] = []
    var open = [State(changes: [:], score: 0, distance: 0)]
    for _ in 0..<mostChanges where found.count < count {
      var next: [[Int: ColumnPoint]: Double] = [:]
      for state in open {
        for column in candidates.indices where state.changes[column] == nil {
          for point in candidates[column] {
            var changes = state.changes
            changes[column] = point
            // More changes than a way that is known already say nothing new.
            if found.contains(where: { $0.changes.allSatisfy { changes[$0.key] == $0.value } }) { continue }
            next[changes] = state.distance + distance(column, point)
          }
        }
      }
      let states = try scored(next.map { ($0.key, $0.value) }, predict)
      let turned = states.filter { isWanted($0.score) }
      var seen = Set(found.map { Set($0.changes.keys) })
      for state in turned.sorted(by: Self.isNearer) {
        // One way for each set of columns.
        guard seen.insert(Set(state.changes.keys)).inserted else { continue }
        found.append(try refined(state, predict, isWanted))
        if found.count >= 4 * count { break }
      }
      // Those go on that moved the prediction most, and the nearest of equal ones.
      let start = try predict(own)[0]
      open = Array(
        states.filter { !isWanted($0.score) }.sorted {
          let (a, b) = (abs($0.score - start), abs($1.score - start))
          return a != b ? a > b : Self.isNearer($0, $1)
        }.prefix(40))
      if open.isEmpty { break }
    }
    return found.sorted {
      $0.changes.count != $1.changes.count ? $0.changes.count < $1.changes.count : Self.isNearer($0, $1)
    }
    .prefix(count).map(result)
  }

  private static func isNearer(_ a: State, _ b: State) -> Bool {
    if a.distance != b.distance { return a.distance < b.distance }
    return key(a).lexicographicallyPrecedes(key(b))
  }

  private static func key(_ state: State) -> [String] {
    state.changes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.text ?? "")" }
  }

  private func distance(_ column: Int, _ point: ColumnPoint) -> Double {
    guard let a = original[column].number, let b = point.number, rows.isNumeric(column) else { return 1 }
    return spreads[column] > 0 ? abs(a - b) / spreads[column] : 1
  }

  private func scored(
    _ changes: [([Int: ColumnPoint], Double)], _ predict: (Rows) throws -> [Double]
  ) throws -> [State] {
    let ordered = changes.sorted {
      Self.key(.init(changes: $0.0, score: 0, distance: 0)).lexicographicallyPrecedes(
        Self.key(.init(changes: $1.0, score: 0, distance: 0)))
    }
    var result: [State] = []
    for first in stride(from: 0, to: ordered.count, by: 20_000) {
      let part = ordered[first..<min(first + 20_000, ordered.count)]
      var places = [[Int]](
        repeating: .init(repeating: 0, count: part.count), count: candidates.count)
      for (row, change) in part.enumerated() {
        for (column, point) in change.0 { places[column][row] = placeOf[column][point] ?? 0 }
      }
      for (change, score) in zip(part, try predict(palette.gathering(places))) {
        result.append(State(changes: change.0, score: score, distance: change.1))
      }
    }
    return result
  }

  private func changed(_ changes: [Int: ColumnPoint]) throws -> Rows {
    try changes.sorted { $0.key < $1.key }.reduce(own) { try $0.setting($1.key, to: $1.value) }
  }

  /// The same with numbers moved back towards the row while the decision stays turned.
  private func refined(
    _ state: State, _ predict: (Rows) throws -> [Double], _ isWanted: (Double) -> Bool
  ) throws -> State {
    var best = state
    for (column, point) in state.changes.sorted(by: { $0.key < $1.key }) where rows.isNumeric(column) {
      guard let near = original[column].number, let far = point.number else { continue }
      let isWhole = try rows.numbers(column).allSatisfy { $0.isNaN || $0 == $0.rounded() }
      var (low, high) = (near, far)
      for _ in 0..<24 {
        let middle = isWhole ? ((low + high) / 2).rounded() : (low + high) / 2
        if middle == low || middle == high { break }
        var changes = best.changes
        changes[column] = ColumnPoint(middle)
        let score = try predict(changed(changes))[0]
        if isWanted(score) {
          high = middle
          best = State(changes: changes, score: score, distance: 0)
        } else {
          low = middle
        }
      }
    }
    best.distance = best.changes.reduce(0) { $0 + distance($1.key, $1.value) }
    best.score = try predict(changed(best.changes))[0]
    return best
  }

  private func result(_ state: State) -> Counterfactuals.Counterfactual {
    let names = rows.columnNames
    return .init(
      changes: state.changes.sorted { $0.key < $1.key }.map {
        .init(column: names[$0.key], from: original[$0.key], to: $0.value)
      }, score: state.score, distance: state.distance)
  }
}
