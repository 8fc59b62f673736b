import Foundation
import LatheCore

/// Precision, recall and F1 of entities, as seqeval 1.2.2 counts and prints them: an entity is right where its words and its
/// type are.
public struct EntityReport: Sendable, Hashable {
  /// How entities are read off tags.
  public enum Mode: Sendable, Hashable {
    /// As conlleval reads them, also where tags stand where they may not.
    case lenient
    /// Only those that a scheme allows.
    case strict(TagScheme)
  }

  /// How often something was right, given and there.
  public struct Counts: Sendable, Hashable {
    /// Entities that are there and were given.
    public var right = 0
    /// Entities that were given.
    public var given = 0
    /// Entities that are there.
    public var support = 0
  }

  /// Three figures and how many entities they are of.
  public struct Score: Sendable, Hashable, Codable {
    /// The share of right ones among those given.
    public let precision: Double
    /// The share of those there that were given.
    public let recall: Double
    /// Their harmonic mean.
    public let f1: Double
    /// How many are there.
    public let support: Int
  }

  /// How classes are averaged.
  public enum Average: String, Sendable, CaseIterable {
    /// Over all entities.
    case micro
    /// Over the types, each as much as the others.
    case macro
    /// Over the types, each by how many there are.
    case weighted
  }

  /// The counts of each type that is there or was given.
  public private(set) var counts: [String: Counts] = [:]

  /// No sentences yet.
  public init() {}

  init(counts: [String: Counts]) { self.counts = counts }

  /// Compares tags of sentences.
  ///
  /// - Parameters:
  ///   - given: The tags given.
  ///   - right: The right ones.
  ///   - mode: How entities are read off tags.
  public init(given: [[String]], right: [[String]], mode: Mode = .lenient) {
    require(given.count == right.count, "EntityReport: \(given.count) sentences for \(right.count)")
    for (given, right) in zip(given, right) { add(given: given, right: right, mode: mode) }
  }

  /// Adds a sentence.
  public mutating func add(given: [String], right: [String], mode: Mode = .lenient) {
    func entities(_ tags: [String]) -> Set<EntitySpan> {
      switch mode {
      case .lenient: Set(EntitySpan.lenient(tags))
      case .strict(let scheme): Set(EntitySpan.strict(tags, scheme))
      }
    }
    let (given, right) = (entities(given), entities(right))
    for entity in given {
      counts[entity.type, default: Counts()].given += 1
      if right.contains(entity) { counts[entity.type, default: Counts()].right += 1 }
    }
    for entity in right { counts[entity.type, default: Counts()].support += 1 }
  }

  /// The types, sorted.
  public var types: [String] {
    counts.keys.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
  }

  /// The figures of a type; zeros where there is none of it.
  public func score(_ type: String) -> Score { Self.score(counts[type] ?? Counts()) }

  private static func score(_ counts: Counts) -> Score {
    func share(_ part: Double, _ whole: Double) -> Double { whole == 0 ? 0 : part / whole }
    let precision = share(Double(counts.right), Double(counts.given))
    let recall = share(Double(counts.right), Double(counts.support))
    return Score(
      precision: precision, recall: recall, f1: share(2 * precision * recall, precision + recall),
      support: counts.support)
  }

  /// The figures of all types.
  public func score(_ average: Average) -> Score {
    let all = counts.values.reduce(into: Counts()) {
      $0.right += $1.right
      $0.given += $1.given
      $0.support += $1.support
    }
    if average == .micro { return Self.score(all) }
    let scores = types.map { score($0) }
    let weights = scores.map { average == .macro ? 1 : Double($0.support) }
    let sum = weights.reduce(0, +)
    func mean(_ value: (Score) -> Double) -> Double {
      sum == 0 ? 0 : zip(scores, weights).reduce(0) { $0 + value($1.0) * $1.1 } / sum
    }
    return Score(
      precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1), support: all.support)
  }

  /// The table of types and averages, as seqeval's `classification_report` prints it.
  ///
  /// - Parameter digits: Decimals.
  public func text(digits: Int = 2) -> String {
    let width = max(types.map(\.unicodeScalars.count).max() ?? 0, "weighted avg".count, digits)
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.unicodeScalars.count)) + text
    }
    func line(_ name: String, _ score: Score) -> String {
      let numbers = [score.precision, score.recall, score.f1].map {
        " " + right(String(format: "%.\(digits)f", $0), 9)
      }
      return right(name, width) + " " + numbers.joined() + " " + right(String(score.support), 9) + "\n"
    }
    let titles = ["precision", "recall", "f1-score", "support"].map { " " + right($0, 9) }
    var text = right("", width) + " " + titles.joined() + "\n\n"
    for type in types { text += line(type, score(type)) }
    text += "\n"
    for average in Average.allCases { text += line("\(average) avg", score(average)) }
    return text
  }
}
