import Lathe

/// Counts of examples by true class and predicted class, taken batch by batch.
///
/// Averages and the treatment of classes without examples are scikit-learn's: what would divide by 0 is 0.
public struct ConfusionMatrix: Sendable, Hashable {
  /// How the figures of classes become one.
  public enum Average: Sendable {
    /// Over all examples: precision, recall and F1 are then the accuracy.
    case micro
    /// The mean over classes.
    case macro
    /// The mean over classes by their number of examples.
    case weighted
  }

  /// Precision, recall and F1 of a class or an average.
  public struct Score: Sendable, Hashable {
    /// Of what was given the class, the share that belongs to it.
    public let precision: Double
    /// Of what belongs to the class, the share that was given it.
    public let recall: Double
    /// The harmonic mean of the two.
    public let f1: Double
    /// Examples.
    public let support: Int
  }

  /// Rows by true class, columns by predicted class.
  public private(set) var counts: [[Int]]

  /// An empty matrix.
  public init(classes: Int) {
    require(classes > 0, "ConfusionMatrix: \(classes) classes")
    counts = Array(repeating: Array(repeating: 0, count: classes), count: classes)
  }

  /// A matrix of given counts.
  init(counts: [[Int]]) { self.counts = counts }

  /// Adds examples by their class indices.
  ///
  /// - Throws: `LatheError.invalidArgument` where a class is not there or the counts differ.
  public mutating func update(predicted: [Int], labels: [Int]) throws {
    guard predicted.count == labels.count else {
      throw LatheError(
        .invalidArgument, "ConfusionMatrix: \(predicted.count) predictions for \(labels.count) labels")
    }
    let classes = counts.indices
    if let bad = (predicted + labels).first(where: { !classes.contains($0) }) {
      throw LatheError(.invalidArgument, "ConfusionMatrix: class \(bad) is not in 0..<\(counts.count)")
    }
    for (given, label) in zip(predicted, labels) { counts[label][given] += 1 }
  }

  /// Adds a batch: the class of the largest logit of each row of [..., classes] against labels [...].
  public mutating func update(logits: Tensor, labels: Tensor) throws {
    try update(
      predicted: logits.argmax(axis: -1).scalars(as: Int.self), labels: labels.scalars(as: Int.self))
  }

  /// Examples so far.
  public var total: Int { counts.joined().reduce(0, +) }

  /// The share of examples given their class.
  public var accuracy: Double { share(counts.indices.reduce(0) { $0 + counts[$1][$1] }, total) }

  /// The mean recall of classes that have examples.
  public var balancedAccuracy: Double {
    let present = scores.filter { $0.support > 0 }
    return present.isEmpty ? 0 : present.reduce(0) { $0 + $1.recall } / Double(present.count)
  }

  /// One score a class.
  public var scores: [Score] {
    counts.indices.map { index in
      score(
        right: counts[index][index], given: counts.reduce(0) { $0 + $1[index] },
        support: counts[index].reduce(0, +))
    }
  }

  /// The scores of all classes as one.
  public func score(_ average: Average) -> Score {
    let scores = self.scores
    switch average {
    case .micro:
      return score(right: counts.indices.reduce(0) { $0 + counts[$1][$1] }, given: total, support: total)
    case .macro, .weighted:
      let weights = scores.map { average == .macro ? 1 : Double($0.support) }
      let sum = weights.reduce(0, +)
      func mean(_ part: (Score) -> Double) -> Double {
        sum == 0 ? 0 : zip(scores, weights).reduce(0) { $0 + part($1.0) * $1.1 } / sum
      }
      return Score(precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1), support: total)
    }
  }

  private func score(right: Int, given: Int, support: Int) -> Score {
    // F1 by counts: 2 right / (given + support) rounds once.
    Score(
      precision: share(right, given), recall: share(right, support), f1: share(2 * right, given + support),
      support: support)
  }

  private func share(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
