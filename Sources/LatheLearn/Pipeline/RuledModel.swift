import LatheCore
import LatheTables

/// A model of a table below rules of experts: where a rule holds, it decides.
///
/// ```swift
/// let ruled = try RuledModel(model, [.init(col("age") < 18, "no")])
/// let answers = try ruled.predict(table)
/// ```
public struct RuledModel: Sendable {
  /// One rule: if the condition holds, this is the answer.
  public struct Rule: Sendable {
    /// When it decides; where a value that it asks for is missing, it does not.
    public var condition: ColumnExpression
    /// The class, or a number as text.
    public var answer: String

    /// A rule.
    public init(_ condition: ColumnExpression, _ answer: String) {
      self.condition = condition
      self.answer = answer
    }
  }

  /// The model, which answers where no rule does.
  public let model: TableModel
  /// The rules; the first one that holds decides.
  public let rules: [Rule]

  /// A model below rules.
  ///
  /// - Throws: `LatheError.invalidArgument` for an answer that is no class of the model, or no number where it predicts numbers.
  public init(_ model: TableModel, _ rules: [Rule]) throws {
    for (place, rule) in rules.enumerated() {
      let isKnown =
        model.isClassifier ? model.classes.contains(rule.answer) : Double(rule.answer)?.isFinite == true
      guard isKnown else {
        throw LatheError(
          .invalidArgument,
          "rule \(place + 1): '\(printable(rule.answer))' is no answer of the model of '\(model.target)'; "
            + (model.isClassifier
              ? "there are \(model.classes.prefix(20).joined(separator: ", "))" : "it predicts numbers"))
      }
    }
    self.model = model
    self.rules = rules
  }

  /// The place of the rule that decides each row; nil where the model does.
  ///
  /// - Throws: `LatheError` where a rule names a column that is not there, or compares what cannot be compared.
  public func deciding(_ table: Table) throws -> [Int?] {
    var name = "rule"
    while table.contains(name) { name += "_" }
    var result = [Int?](repeating: nil, count: table.rowCount)
    for (place, rule) in rules.enumerated().reversed() {
      let holds = try table.with(name, rule.condition)[name]
      guard holds.type == .bool else {
        throw LatheError(
          .invalidArgument, "rule \(place + 1): the condition gives \(holds.type), not true or false")
      }
      for (row, value) in try holds.numbers(missing: 0).enumerated() where value == 1 { result[row] = place }
    }
    return result
  }

  /// The target of each row, by the target's name.
  public func predict(_ table: Table) throws -> Column {
    let decided = try deciding(table)
    let answers = try model.predict(table)
    guard model.isClassifier else {
      let numbers = try answers.numbers()
      return Column(
        model.target,
        numbers.indices.map { row in decided[row].map { Double(rules[$0].answer) } ?? numbers[row] })
    }
    let texts = answers.strings()
    return Column(
      model.target, texts.indices.map { row in decided[row].map { rules[$0].answer } ?? texts[row] })
  }

  /// The probability of each class, for each row a list: 1 for the class of a rule that decides.
  public func probabilities(_ table: Table) throws -> [[Double]] {
    let decided = try deciding(table)
    return try zip(decided, model.probabilities(table)).map { place, own in
      guard let place else { return own }
      return model.classes.map { $0 == rules[place].answer ? 1 : 0 }
    }
  }
}
