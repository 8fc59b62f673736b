import LatheCore
import LatheTables

/// What the columns of a table contribute to a model's predictions, by the kind of model: exact tree SHAP of boosted trees,
/// linear SHAP of weighted sums, kernel SHAP of others, and where features are made of several columns.
///
/// Contributions of one-hot columns and the like are added up to the column that they were made of.
public struct TableExplainer: Sendable {
  /// How contributions are found.
  public enum Method: String, Sendable, Hashable, Codable {
    /// `TreeSHAP`; contributions are to the score, whose logistic function is the probability.
    case tree
    /// `LinearSHAP`; the same.
    case linear
    /// `KernelSHAP`; contributions are to the probability, or to the number.
    case kernel
  }

  /// How contributions are found.
  public let method: Method
  /// The columns, in the order of contributions.
  public let columns: [String]
  /// What is predicted where nothing is known.
  public let expected: Double
  private let model: TableModel
  private let place: Int
  private let className: String?
  private let owners: [Int?]
  private let tree: TreeSHAP?
  private let linear: LinearSHAP?
  private let kernel: KernelSHAP<Table>?
  /// Whether the model's only score is that of another class.
  private let isNegated: Bool

  /// An explainer of a model.
  ///
  /// - Parameters:
  ///   - background: Rows such as the model learned from.
  ///   - name: The class whose score is explained; without a name the last one.
  ///   - mostBackground: The most background rows of kernel SHAP, which asks for each many times.
  public init(
    _ model: TableModel, background: Table, class name: String? = nil, mostBackground: Int = 50,
    seed: UInt64 = 0
  ) throws {
    let inputs = try model.inputs(background)
    guard inputs.rowCount > 0 else {
      throw LatheError(.invalidArgument, "explanation: the background has no rows")
    }
    self.model = model
    columns = inputs.columnNames
    place = model.isClassifier ? try model.place(ofClass: name) : 0
    className = name
    let x = try model.features.transform(inputs)
    isNegated = model.classes.count == 2 && place == 0
    let output = model.classes.count == 2 ? 0 : place
    let owners = try Self.owners(model, inputs, x)
    func weights(_ coefficients: [[Double]], _ intercepts: [Double]) throws -> LinearSHAP {
      try LinearSHAP(
        coefficients: [coefficients[output]], intercepts: [intercepts[output]], background: x)
    }
    var (tree, linear, kernel): (TreeSHAP?, LinearSHAP?, KernelSHAP<Table>?)
    switch model.estimator {
    case _ where owners == nil: break
    case .boostedTrees(let trees):
      tree = try TreeSHAP(trees, Self.hasCovers(trees) ? .pathDependent : .interventional(x))
    case .logisticRegression(let own): linear = try weights(own.coefficients, own.intercepts)
    case .linearSVC(let own): linear = try weights(own.coefficients, own.intercepts)
    case .linearRegression(let own): linear = try weights([own.coefficients], [own.intercept])
    case .elasticNet(let own): linear = try weights([own.coefficients], [own.intercept])
    case .linearSVR(let own): linear = try weights([own.coefficients], [own.intercept])
    case .quantile(let own): linear = try weights([own.coefficients], [own.intercept])
    case .sgdRegressor(let own): linear = try weights([own.coefficients], [own.intercept])
    case .sgdClassifier(let own): linear = try weights(own.coefficients, own.intercepts)
    default: break
    }
    if tree == nil, linear == nil {
      var random = RandomSource(seed: seed)
      let count = min(mostBackground, inputs.rowCount)
      let rows = try inputs.take(random.sample(count, of: inputs.rowCount))
      kernel = try KernelSHAP(background: rows, seed: seed) { try model.output($0, class: name) }
    }
    self.tree = tree
    self.linear = linear
    self.kernel = kernel
    self.owners = owners ?? []
    let sign = isNegated ? -1.0 : 1
    if let tree {
      (method, expected) = (.tree, sign * tree.expected[output])
    } else if let linear {
      (method, expected) = (.linear, sign * linear.expected[0])
    } else {
      (method, expected) = (.kernel, kernel?.expected ?? 0)
    }
  }

  private static func hasCovers(_ trees: BoostedTrees) -> Bool {
    trees.trees.allSatisfy { $0.splits.allSatisfy { $0.cover > 0 } }
  }

  /// The column that each feature is made of, the one whose values change it; nil where one is made of several.
  private static func owners(_ model: TableModel, _ inputs: Table, _ x: FeatureMatrix) throws -> [Int?]? {
    let turned = Array(1..<inputs.rowCount) + [0]
    let same = Array(0..<inputs.rowCount)
    var owners = [Int?](repeating: nil, count: x.columns)
    for column in 0..<inputs.columnCount {
      var places = [[Int]](repeating: same, count: inputs.columnCount)
      places[column] = turned
      let other = try model.features.transform(inputs.gathering(places))
      for feature in 0..<x.columns {
        let differs = same.contains {
          x[$0, feature] != other[$0, feature] && !(x[$0, feature].isNaN && other[$0, feature].isNaN)
        }
        if !differs { continue }
        if owners[feature] != nil { return nil }
        owners[feature] = column
      }
    }
    return owners
  }

  /// The contributions: for each row one for each of `columns`.
  public func contributions(_ table: Table) throws -> [[Double]] {
    let inputs = try model.inputs(table)
    if let kernel { return try kernel.contributions(inputs) }
    let x = try model.features.transform(inputs)
    let (found, outputs) =
      tree.map { ($0.contributions(x), $0.expected.count) } ?? (linear?.contributions(x) ?? [], 1)
    let output = outputs == 1 ? 0 : place
    let sign = isNegated ? -1.0 : 1
    return (0..<x.rows).map { row in
      var sums = [Double](repeating: 0, count: columns.count)
      for feature in 0..<x.columns {
        guard let owner = owners[feature] else { continue }
        sums[owner] += sign * found[(row * outputs + output) * x.columns + feature]
      }
      return sums
    }
  }

  /// The mean size of each column's contributions, the largest first.
  public func importance(_ table: Table) throws -> [(column: String, value: Double)] {
    let all = try contributions(table)
    return columns.indices.map { k in
      (column: columns[k], value: all.isEmpty ? 0 : all.reduce(0) { $0 + abs($1[k]) } / Double(all.count))
    }.sorted { ($1.value, $0.column) < ($0.value, $1.column) }
  }

  /// The columns that speak most against the class of each row, or for it: reasons to give for a score.
  ///
  /// - Parameters:
  ///   - count: The most reasons of a row.
  ///   - isAgainst: Whether reasons for a low score are given, not for a high one.
  public func reasons(_ table: Table, count: Int = 4, isAgainst: Bool = true) throws -> [[ReasonCode]] {
    let inputs = try model.inputs(table)
    return try contributions(inputs).enumerated().map { row, values in
      let sign = isAgainst ? -1.0 : 1
      let order = columns.indices.filter { sign * values[$0] > 0 }.sorted {
        (sign * values[$1], $0) < (sign * values[$0], $1)
      }
      return try order.prefix(count).map { column in
        ReasonCode(
          column: columns[column], value: try inputs.point(row, column), contribution: values[column])
      }
    }
  }
}

/// A column that speaks for or against a row.
public struct ReasonCode: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The column.
  public let column: String
  /// The row's value.
  public let value: ColumnPoint
  /// What it adds to the score.
  public let contribution: Double

  /// `income = 1200 (-0.31)`.
  public var description: String {
    let text = value.number.map(ShortNumber.text) ?? value.text ?? "missing"
    return "\(column) = \(text) (\(contribution > 0 ? "+" : "")\(ShortNumber.text(contribution)))"
  }
}
