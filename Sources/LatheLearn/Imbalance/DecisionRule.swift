import LatheCore
import LatheTables

/// Which class is told of a row, once its probabilities are known.
public enum DecisionRule: Sendable, Hashable {
  /// The second of two classes from this probability on.
  case threshold(Double)
  /// The class whose probability times its weight is largest.
  case weights([Double])
  /// The class that costs least on average: for each true class what it costs to tell each class.
  case costs([[Double]])

  /// Weights by which each class's share counts the same: the best balanced accuracy where probabilities are right.
  ///
  /// - Throws: `LatheError.invalidArgument` where a class has no row.
  public static func balanced(labels: [Int], classes: Int) throws -> DecisionRule {
    var counts = [Double](repeating: 0, count: classes)
    for label in labels { counts[label] += 1 }
    try LinearChecks.expect(
      classes >= 2 && counts.allSatisfy { $0 > 0 }, "decision: rows of all \(classes) classes are needed")
    return .weights(counts.map { Double(labels.count) / (Double(classes) * $0) })
  }

  /// The place of each row's class; probabilities are class after class in each row.
  public func classes(_ probabilities: [Double], of count: Int) -> [Double] {
    switch self {
    case .threshold(let threshold):
      return stride(from: 1, to: probabilities.count, by: 2).map { probabilities[$0] >= threshold ? 1 : 0 }
    case .weights(let weights):
      return RowAnswers.largest(
        probabilities.indices.map { probabilities[$0] * weights[$0 % count] }, of: count)
    case .costs(let costs):
      // The largest of what is saved is the least cost, of equals the first.
      let saved = stride(from: 0, to: probabilities.count, by: count).flatMap { first in
        (0..<count).map { told in
          (0..<count).reduce(0.0) { $0 - probabilities[first + $1] * costs[$1][told] }
        }
      }
      return RowAnswers.largest(saved, of: count)
    }
  }

  /// Whether lists are as long as there are classes, numbers finite, and a threshold a probability.
  func isSound(classes: Int) -> Bool {
    switch self {
    case .threshold(let threshold): classes == 2 && (0...1).contains(threshold)
    case .weights(let weights):
      weights.count == classes && weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.contains { $0 > 0 }
    case .costs(let costs):
      costs.count == classes && costs.allSatisfy { $0.count == classes && $0.allSatisfy(\.isFinite) }
    }
  }
}

extension DecisionRule: Codable {
  private enum CodingKeys: CodingKey { case threshold, weights, costs }

  /// Reads `threshold`, `weights` or `costs`.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    if let value = try keys.decodeIfPresent(Double.self, forKey: .threshold) {
      self = .threshold(value)
    } else if let value = try keys.decodeIfPresent([Double].self, forKey: .weights) {
      self = .weights(value)
    } else {
      self = .costs(try keys.decode([[Double]].self, forKey: .costs))
    }
  }

  /// Writes one key by the kind.
  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .threshold(let value): try keys.encode(value, forKey: .threshold)
    case .weights(let value): try keys.encode(value, forKey: .weights)
    case .costs(let value): try keys.encode(value, forKey: .costs)
    }
  }
}

extension TableModel {
  /// The same model that tells classes by a rule.
  ///
  /// - Throws: `LatheError.invalidArgument` where the rule is not of as many classes, and `unsupported` where the model knows no
  ///   probabilities.
  public func deciding(by rule: DecisionRule) throws -> TableModel {
    guard isClassifier, rule.isSound(classes: classes.count) else {
      throw LatheError(
        .invalidArgument,
        "decision: \(rule) is not of the \(classes.count) classes of '\(target)'; a threshold from 0 to 1 is of two, weights and "
          + "costs have a number for each")
    }
    guard knowsProbabilities else {
      throw LatheError(
        .unsupported,
        "decision: the model of '\(target)' knows no probabilities; calibrate it, or take another kind")
    }
    var result = self
    result.decision = rule
    return result
  }

  /// Whether there are probabilities of classes, as a row of zeros shows.
  public var knowsProbabilities: Bool {
    let columns = estimator.shape.columns
    return isClassifier
      && estimator.probabilities(
        FeatureMatrix([Double](repeating: 0, count: columns), rows: 1, columns: columns)) != nil
  }
}
