import LatheCore
import LatheTables

/// A rule of an expert as text, which goes into a model's file: where the condition holds, it decides.
///
/// ```swift
/// let ruled = try model.ruled(by: [ExpertRule("age < 18", "no", because: "minors get no credit")])
/// ```
public struct ExpertRule: Sendable, Hashable, Codable {
  /// When it decides, as `ColumnExpression(parsing:)` reads it.
  public var condition: String
  /// The class, or a number as text.
  public var answer: String
  /// Why.
  public var reason: String?

  /// A rule.
  public init(_ condition: String, _ answer: String, because reason: String? = nil) {
    (self.condition, self.answer, self.reason) = (condition, answer, reason)
  }

  private enum CodingKeys: String, CodingKey {
    case condition = "if"
    case answer = "then"
    case reason = "because"
  }
}

extension TableModel {
  /// The same model below rules; the first one that holds decides.
  ///
  /// - Throws: `LatheError.invalidArgument` for a condition that cannot be read, and an answer that is none of the model.
  public func ruled(by rules: [ExpertRule]) throws -> TableModel {
    var result = self
    let parsed = try rules.enumerated().map { place, rule in
      do { return RuledModel.Rule(try ColumnExpression(parsing: rule.condition), rule.answer) } catch let
        error
        as LatheError
      { throw LatheError(error.kind, "rule \(place + 1): \(error.message)") }
    }
    // Answers are checked there.
    _ = try RuledModel(withoutRules, parsed)
    (result.rules, result.parsedRules) = (rules, parsed)
    return result
  }

  /// The model alone.
  var withoutRules: TableModel {
    var result = self
    (result.rules, result.parsedRules) = ([], [])
    return result
  }

  /// The rule that decides each row; nil where the model does.
  ///
  /// - Throws: `LatheError` where a rule names a column that is not there, or compares what cannot be compared.
  public func decidingRules(_ table: Table) throws -> [ExpertRule?] {
    if rules.isEmpty { return .init(repeating: nil, count: table.rowCount) }
    return try RuledModel(withoutRules, parsedRules).deciding(table).map { $0.map { rules[$0] } }
  }

  /// Columns that rules look at.
  public var ruleColumns: Set<String> { Set(parsedRules.flatMap(\.condition.columnNames)) }
}
