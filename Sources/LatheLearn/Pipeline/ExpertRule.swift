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

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case condition = "if"
    case answer = "then"
    case reason = "because"
  }

  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads `if`, `then` and `because`; a rule with another key is an error, since a reason or a condition would be lost.
  public init(from decoder: any Decoder) throws {
    let all = try decoder.container(keyedBy: AnyKey.self)
    if let strange = all.allKeys.first(where: { CodingKeys(rawValue: $0.stringValue) == nil }) {
      let known = CodingKeys.allCases.map(\.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorruptedError(
        forKey: strange, in: all, debugDescription: "no key of a rule; there are \(known)")
    }
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    condition = try keys.decode(String.self, forKey: .condition)
    answer = try keys.decode(String.self, forKey: .answer)
    reason = try keys.decodeIfPresent(String.self, forKey: .reason)
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
