import LatheCore

/// Several trained models that answer together, each by its own columns of the features.
public struct FittedEnsemble: Sendable {
  /// One of the models.
  public struct Member: Sendable {
    /// The columns that it looks at, in its order.
    public let columns: [Range<Int>]
    /// The model.
    public let estimator: FittedEstimator

    package init(columns: [Range<Int>], estimator: FittedEstimator) {
      self.columns = columns
      self.estimator = estimator
    }
  }

  /// How one answer becomes of several.
  public indirect enum Combination: Sendable {
    /// The mean of probabilities or numbers, by weights.
    case mean([Double])
    /// The class that most members tell, by weights.
    case votes([Double])
    /// What a model makes of the members' answers.
    case stacked(FittedEstimator)
  }

  /// The models.
  public let members: [Member]
  /// How one answer becomes of several.
  public let combination: Combination
  /// How many classes there are; 0 of numbers.
  public let classes: Int
  /// How many columns the features of all members have.
  public let columns: Int
  /// What the logarithms of probabilities are divided by: above 1 where the members are too sure.
  public let temperature: Double
  /// The probability above which the second of two classes is told.
  public let threshold: Double

  package init(
    members: [Member], combination: Combination, classes: Int, columns: Int, temperature: Double = 1,
    threshold: Double = 0.5
  ) {
    self.members = members
    self.combination = combination
    self.classes = classes
    self.columns = columns
    self.temperature = temperature
    self.threshold = threshold
  }

  /// The probability of each class, class after class in each row; nil of numbers, and where members vote.
  public func probabilities(_ x: FeatureMatrix) -> [Double]? {
    guard classes > 0 else { return nil }
    var result: [Double]
    switch combination {
    case .votes: return nil
    case .stacked(let final):
      guard let found = final.probabilities(answers(x)) else { return nil }
      result = found
    case .mean(let weights):
      result = .init(repeating: 0, count: x.rows * classes)
      let sum = weights.reduce(0, +)
      for (member, weight) in zip(members, weights) {
        guard let own = member.estimator.probabilities(x.selecting(columns: member.columns)) else {
          return nil
        }
        for i in result.indices { result[i] += weight / sum * own[i] }
      }
    }
    return Self.tempered(result, classes: classes, temperature)
  }

  /// Probabilities whose logarithms are divided by a temperature.
  package static func tempered(_ values: [Double], classes: Int, _ temperature: Double) -> [Double] {
    if temperature == 1 { return values }
    return RowAnswers.softmax(
      values.map { logarithm(max($0, 1e-15)) / temperature }, classes: classes)
  }

  /// Numbers, or the places of classes.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    switch combination {
    case .stacked(let final) where classes == 0: return final.predict(answers(x))
    case .votes(let weights): return votes(x, weights)
    case .mean(let weights) where classes == 0: return mean(x, weights)
    default: break
    }
    guard let found = probabilities(x) else {
      // Without probabilities the final model tells classes itself.
      if case .stacked(let final) = combination { return final.predict(answers(x)) }
      return votes(x, members.map { _ in 1 })
    }
    if classes == 2 { return (0..<x.rows).map { found[2 * $0 + 1] > threshold ? 1 : 0 } }
    return RowAnswers.largest(found, of: classes)
  }

  private func mean(_ x: FeatureMatrix, _ weights: [Double]) -> [Double] {
    let sum = weights.reduce(0, +)
    var result = [Double](repeating: 0, count: x.rows)
    for (member, weight) in zip(members, weights) {
      let own = member.estimator.predict(x.selecting(columns: member.columns))
      for i in result.indices { result[i] += weight / sum * own[i] }
    }
    return result
  }

  private func votes(_ x: FeatureMatrix, _ weights: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: x.rows * classes)
    for (member, weight) in zip(members, weights) {
      let own = member.estimator.predict(x.selecting(columns: member.columns))
      for (row, answer) in own.enumerated() { sums[row * classes + Int(answer)] += weight }
    }
    return RowAnswers.largest(sums, of: classes)
  }

  /// What a final model learns from and is asked: the members' answers side by side.
  private func answers(_ x: FeatureMatrix) -> FeatureMatrix {
    let parts = members.map {
      $0.estimator.stackedAnswers(x.selecting(columns: $0.columns), classes: classes)
    }
    return Self.sideBySide(parts, rows: x.rows)
  }

  /// Answers of members, each row after row, as one matrix.
  package static func sideBySide(_ parts: [[Double]], rows: Int) -> FeatureMatrix {
    let widths = parts.map { $0.count / max(rows, 1) }
    let width = widths.reduce(0, +)
    var values = [Double](repeating: 0, count: rows * width)
    var first = 0
    for (part, own) in zip(parts, widths) {
      for row in 0..<rows {
        for k in 0..<own { values[row * width + first + k] = part[row * own + k] }
      }
      first += own
    }
    return FeatureMatrix(values, rows: rows, columns: width)
  }

  /// Whether all fits: for what comes from files.
  var isSound: Bool {
    let known = members.allSatisfy { member in
      let ranges = member.columns
      let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
      return !ranges.isEmpty
        && ranges.allSatisfy { !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= columns }
        && zip(sorted, sorted.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }
        && member.estimator.shape.columns == ranges.reduce(0) { $0 + $1.count }
        && member.estimator.shape.classes == classes
    }
    guard known, !members.isEmpty, temperature > 0, temperature.isFinite, (0...1).contains(threshold) else {
      return false
    }
    switch combination {
    case .mean(let weights), .votes(let weights):
      if case .votes = combination, classes == 0 { return false }
      return weights.count == members.count && weights.allSatisfy { $0 >= 0 && $0.isFinite }
        && weights.contains { $0 > 0 }
    case .stacked(let final):
      let width = members.reduce(0) { $0 + $1.estimator.stackedWidth(classes: classes) }
      return final.shape.columns == width && final.shape.classes == classes
    }
  }
}

extension FittedEstimator {
  /// What a model that joins several learns from: probabilities (of two classes that of the second), else scores or numbers.
  package func stackedAnswers(_ x: FeatureMatrix, classes: Int) -> [Double] {
    guard classes > 0 else { return predict(x) }
    if let found = probabilities(x) {
      return classes == 2 ? (0..<x.rows).map { found[2 * $0 + 1] } : found
    }
    if case .linearSVC(let model) = self { return model.scores(x) }
    let found = predict(x)
    if classes == 2 { return found }
    return found.flatMap { answer in (0..<classes).map { Double($0) == answer ? 1 : 0 } }
  }

  /// How many numbers that is for a row.
  func stackedWidth(classes: Int) -> Int { classes <= 2 ? 1 : classes }

  /// - Throws: `LatheError.invalidArgument` for a missing or infinite value that the model cannot take.
  func checkValues(_ x: FeatureMatrix, what: String) throws {
    guard x.rows > 0 else { return }
    if case .ensemble(let model) = self {
      for member in model.members {
        try member.estimator.checkValues(x.selecting(columns: member.columns), what: what)
      }
    } else if case .custom(let model) = self {
      try model.check(x, what: what)
    } else if case .calibrated(let model) = self {
      for member in model.members { try member.model.checkValues(x, what: what) }
    } else if !allowsMissing {
      // The same message as in training.
      _ = try DenseRows(x, what: what)
    }
  }
}

extension FeatureMatrix {
  /// A matrix of some of the columns, in the order asked for.
  func selecting(columns ranges: [Range<Int>]) -> FeatureMatrix {
    if ranges == [0..<columns] { return self }
    let places = ranges.flatMap { Array($0) }
    var values: [Double] = []
    values.reserveCapacity(rows * places.count)
    for row in 0..<rows { for column in places { values.append(self[row, column]) } }
    let categorical = Set(places.indices.filter { self.categorical.contains(places[$0]) })
    return FeatureMatrix(
      values, rows: rows, columns: places.count, categorical: categorical, names: places.map { names[$0] })
  }
}
