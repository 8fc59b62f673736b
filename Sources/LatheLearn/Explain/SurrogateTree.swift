import LatheCore
import LatheTables

/// A small tree that imitates a model, and how far it does.
public struct SurrogateTree: Sendable {
  /// The tree.
  public let tree: Tree
  /// The columns' names.
  public let featureNames: [String]
  /// How many classes are imitated; 0 for numbers.
  public let classes: Int
  /// The share of rows with the model's class, or R² of its numbers, on rows that the tree did not learn from.
  public let fidelity: Double
  /// The same on the rows that it learned from.
  public let trainFidelity: Double

  /// Learns a tree from what a model says of rows.
  ///
  /// - Parameters:
  ///   - x: Rows.
  ///   - answers: What the model predicts of them: numbers, or places of classes.
  ///   - areClasses: Whether they are places of classes.
  ///   - maxDepth: The most conditions on the way to a leaf.
  ///   - test: The part of the rows that fidelity is measured on.
  public init(
    imitating answers: [Double], of x: FeatureMatrix, areClasses: Bool, maxDepth: Int = 3,
    minRowsInLeaf: Int = 5, test: Double = 0.25, seed: UInt64 = 0
  ) throws {
    guard answers.count == x.rows, maxDepth > 0 else {
      throw LatheError(
        .invalidArgument,
        "surrogate tree: \(answers.count) answers for \(counted(x.rows, "rows")), depth \(maxDepth)")
    }
    let split = try RowSplits.random(rows: x.rows, test: test, seed: seed)
    var configuration = TreeConfiguration(criterion: areClasses ? .gini : .squaredError)
    configuration.maxDepth = maxDepth
    configuration.minRowsInLeaf = minRowsInLeaf
    let data = LabelledRows(x, answers)
    let forest = try Forest.train(data.selecting(split.train), .decisionTree(configuration))
    func fidelity(_ rows: [Int]) -> Double {
      let found = forest.predict(x.selecting(rows: rows))
      let own = rows.map { answers[$0] }
      if areClasses { return Double(zip(found, own).count { $0 == $1 }) / Double(rows.count) }
      let spread = Sums.variance(own, freedom: 0) * Double(own.count)
      let error = zip(found, own).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return spread > 0 ? 1 - error / spread : error == 0 ? 1 : 0
    }
    tree = forest.trees[0]
    featureNames = x.names
    classes = forest.classes
    self.fidelity = fidelity(split.test)
    trainFidelity = fidelity(split.train)
  }

  /// The tree of a model of a table, by the columns as they are: missing numbers are medians, texts of at most twenty different
  /// ones are columns of their own.
  public init(_ model: TableModel, _ table: Table, maxDepth: Int = 3, seed: UInt64 = 0) throws {
    let inputs = try model.inputs(table)
    var (numbers, texts): ([String], [String]) = ([], [])
    for (place, column) in inputs.columns.enumerated() where column.missingCount < column.count {
      if inputs.isNumeric(place) {
        numbers.append(column.name)
      } else if Set(column.strings()).count <= 20 {
        texts.append(column.name)
      }
    }
    let parts = [
      ColumnTransformer.Part(numbers, [.impute(.median)]), .init(texts, [.oneHot(unknown: .ignore)]),
    ]
    let x = try ColumnTransformer(parts.filter { !$0.columns.isEmpty }).fit(inputs).transform(inputs)
    let answers =
      try model.isClassifier
      ? model.predictedClasses(table).map(Double.init) : model.predict(table).numbers()
    try self.init(
      imitating: answers, of: x, areClasses: model.isClassifier, maxDepth: maxDepth, seed: seed)
  }

  /// A line for each leaf: `if age <= 30 and income > 1200 then yes (120 rows)`.
  ///
  /// - Parameter names: The classes' names.
  public func rules(classes names: [String] = []) -> [String] {
    var lines: [String] = []
    var way: [String] = []
    func visit(_ node: Int) {
      guard node < 0 else {
        let split = tree.splits[node]
        let name = featureNames[split.feature]
        let number = ShortNumber.text(split.threshold)
        let isSet = split.categories != nil
        way.append(isSet ? "\(name) is one of a set" : "\(name) <= \(number)")
        visit(split.left)
        way[way.count - 1] = isSet ? "\(name) is not one of a set" : "\(name) > \(number)"
        visit(split.right)
        way.removeLast()
        return
      }
      let leaf = tree.leaves[~node]
      var answer = ShortNumber.text(leaf.values[0])
      if classes > 0 {
        let best = leaf.values.indices.max { (leaf.values[$0], $1) < (leaf.values[$1], $0) } ?? 0
        answer = names.count > best ? names[best] : "class \(best)"
      }
      let condition = way.isEmpty ? "always" : "if " + way.joined(separator: " and ") + " then"
      lines.append("\(condition) \(answer) (\(counted(leaf.rows, "rows")))")
    }
    visit(tree.splits.isEmpty ? ~0 : 0)
    return lines
  }
}
