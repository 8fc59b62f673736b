import Lathe

/// Probabilities of several classes with the examples' labels, for figures that depend on the order of all of them.
///
/// A class against all others, or a pair of classes, is a two-class problem of `BinaryScores`; the figures are
/// scikit-learn's.
public struct MulticlassScores: Sendable {
  /// How the figures of pairs of classes become one.
  public enum PairAverage: Sendable {
    /// The mean over pairs.
    case macro
    /// The mean over pairs by their number of examples.
    case weighted
  }

  /// How many classes there are.
  public let classes: Int
  /// Example after example.
  private var probabilities: [Double] = []
  private var labels: [Int] = []

  /// No examples.
  public init(classes: Int) {
    require(classes > 1, "MulticlassScores: \(classes) classes; 2 are the least")
    self.classes = classes
  }

  /// Adds examples.
  ///
  /// - Parameters:
  ///   - probabilities: Per example one per class.
  ///   - labels: Class indices.
  /// - Throws: `LatheError.invalidArgument` where the counts differ, a class is not there, or a row is none of
  ///   probabilities: all in 0...1, their sum within 1e-5 of 1.
  public mutating func update(probabilities: [[Double]], labels: [Int]) throws {
    guard probabilities.count == labels.count else {
      throw failure("\(probabilities.count) rows of probabilities for \(labels.count) labels")
    }
    if let bad = labels.first(where: { !(0..<classes).contains($0) }) {
      throw failure("class \(bad) is not in 0..<\(classes)")
    }
    for (place, row) in probabilities.enumerated() {
      guard row.count == classes else {
        throw failure("row \(place) has \(row.count) probabilities, expected \(classes)")
      }
      if let bad = row.first(where: { !(0...1).contains($0) }) {
        throw failure("\(bad) in row \(place) is no probability; take the softmax of logits first")
      }
      let sum = row.reduce(0, +)
      guard abs(sum - 1) <= 1e-5 else {
        throw failure("row \(place) has the sum \(sum), not 1; take the softmax of logits first")
      }
    }
    self.probabilities += probabilities.joined()
    self.labels += labels
  }

  /// Adds a batch: probabilities [n, classes] and class indices [n].
  ///
  /// - Throws: As for arrays, and where a tensor has another shape or the device failed.
  public mutating func update(probabilities: Tensor, labels: Tensor) throws {
    guard probabilities.rank == 2, probabilities.shape[1] == classes,
      labels.shape == [probabilities.shape[0]]
    else {
      throw failure(
        "probabilities \(probabilities.shape) and labels \(labels.shape), expected [n, \(classes)] and [n]")
    }
    let values = try probabilities.scalars(as: Float.self).map(Double.init)
    try update(
      probabilities: stride(from: 0, to: values.count, by: classes).map { Array(values[$0..<$0 + classes]) },
      labels: labels.scalars(as: Int.self))
  }

  /// Examples so far.
  public var total: Int { labels.count }

  /// A class's probabilities, positive where an example belongs to it.
  public func oneVersusRest(_ index: Int) -> BinaryScores {
    require((0..<classes).contains(index), "MulticlassScores: class \(index) is not in 0..<\(classes)")
    return binary(labels.indices, index)
  }

  /// The largest probability of each example, positive where its class is right: `calibration(bins:)` and
  /// `calibrationError(bins:)` of it are those of the top label (Guo et al., 2017).
  public var topLabel: BinaryScores {
    var scores: [Double] = []
    var isRight: [Bool] = []
    for (place, label) in labels.enumerated() {
      let row = probabilities[place * classes..<(place + 1) * classes]
      let best = row.indices.reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 }
      scores.append(row[best])
      isRight.append(best - row.startIndex == label)
    }
    return BinaryScores(scores: scores, labels: isRight)
  }

  /// The area under the receiver operating characteristic of each class against all others.
  ///
  /// NaN where the class has no example, or all of them.
  public var rocAUCs: [Double] { (0..<classes).map { oneVersusRest($0).rocAUC } }

  /// The area under the receiver operating characteristic of classes against all others, `multi_class="ovr"`.
  ///
  /// - Parameter average: `macro` is NaN where a class has no example, `weighted` leaves such a class out.
  public func rocAUC(oneVersusRest average: ConfusionMatrix.Average) -> Double {
    self.average(average, rocAUCs, \.rocAUC)
  }

  /// The area under the receiver operating characteristic of all pairs of classes (Hand and Till, 2001),
  /// `multi_class="ovo"`.
  ///
  /// Each pair counts twice: by the probability of the one class and of the other. Classes without examples are left
  /// out; NaN where fewer than two have some.
  public func rocAUC(oneVersusOne average: PairAverage) -> Double {
    let places = Dictionary(grouping: labels.indices) { labels[$0] }
    let present = places.keys.sorted()
    var areas: [Double] = []
    var weights: [Double] = []
    for (number, first) in present.enumerated() {
      for second in present.dropFirst(number + 1) {
        let both = (places[first] ?? []) + (places[second] ?? [])
        areas.append((binary(both, first).rocAUC + binary(both, second).rocAUC) / 2)
        weights.append(average == .macro ? 1 : Double(both.count))
      }
    }
    return areas.isEmpty ? .nan : mean(areas, weights)
  }

  /// The average precision of each class against all others; 0 of a class without examples.
  public var averagePrecisions: [Double] { (0..<classes).map { oneVersusRest($0).averagePrecision } }

  /// The average precision of classes against all others, as `average_precision_score` of binarised labels.
  public func averagePrecision(_ average: ConfusionMatrix.Average) -> Double {
    self.average(average, averagePrecisions, \.averagePrecision)
  }

  /// The sum over classes of squared differences of probability and label, as a mean over examples (Brier, 1950).
  ///
  /// - Parameter scaledByHalf: Whether half of it is given, in 0...1; nil halves it for two classes, as
  ///   `brier_score_loss`, and so agrees with `BinaryScores`.
  public func brierScore(scaledByHalf: Bool? = nil) -> Double {
    let sum = (0..<classes).reduce(0) { $0 + oneVersusRest($1).brierScore }
    return scaledByHalf ?? (classes == 2) ? sum / 2 : sum
  }

  /// Some examples by the probability of a class, positive where they belong to it.
  private func binary(_ places: some Sequence<Int>, _ index: Int) -> BinaryScores {
    BinaryScores(
      scores: places.map { probabilities[$0 * classes + index] }, labels: places.map { labels[$0] == index })
  }

  private func average(
    _ average: ConfusionMatrix.Average, _ values: @autoclosure () -> [Double],
    _ figure: (BinaryScores) -> Double
  ) -> Double {
    guard !labels.isEmpty else { return .nan }
    switch average {
    case .micro:
      return figure(
        BinaryScores(
          scores: probabilities, labels: labels.flatMap { label in (0..<classes).map { $0 == label } }))
    case .macro: return mean(values(), Array(repeating: 1, count: classes))
    case .weighted:
      var counts = Array(repeating: 0.0, count: classes)
      for label in labels { counts[label] += 1 }
      return mean(values(), counts)
    }
  }

  /// A weighted mean; what has no weight may be NaN.
  private func mean(_ values: [Double], _ weights: [Double]) -> Double {
    zip(values, weights).reduce(0) { $1.1 == 0 ? $0 : $0 + $1.0 * $1.1 } / weights.reduce(0, +)
  }

  private func failure(_ what: String) -> LatheError {
    LatheError(.invalidArgument, "MulticlassScores: \(what)")
  }
}
