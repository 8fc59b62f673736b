import LatheCore

/// Classes by features that are taken for independent within each: naive Bayes.
public struct NaiveBayes: Sendable, Hashable, Codable {
  /// How features are distributed within a class, in scikit-learn's words and with its defaults.
  public enum Kind: Sendable, Hashable, Codable {
    /// Normal, with a part of the largest variance added to all of them.
    case gaussian(varianceSmoothing: Double = 1e-9)
    /// Counts of things, each with `alpha` more.
    case multinomial(alpha: Double = 1)
    /// Whether they are above a threshold, with `alpha` rows more for both.
    case bernoulli(alpha: Double = 1, threshold: Double = 0)
  }

  /// How features are distributed.
  public let kind: Kind
  /// The logarithm of each class's share.
  public let classLogPriors: [Double]
  /// For each class a number for each feature: its mean, or the logarithm of its probability.
  public let parameters: [[Double]]
  /// For each class the features' variances; of `gaussian` alone.
  public let variances: [[Double]]

  /// Whether lists that came from a file are as long as each other.
  var isSound: Bool {
    let columns = parameters.first?.count ?? 0
    let needed = if case .gaussian = kind { classes } else { 0 }
    return classes >= 2 && parameters.count == classes && variances.count == needed
      && (parameters + variances).allSatisfy { $0.count == columns }
  }

  /// The number of classes.
  public var classes: Int { classLogPriors.count }

  /// Learns from rows; targets are classes 0, 1, ...
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, one class alone, and negative counts.
  public static func train(_ data: LabelledRows, _ kind: Kind = .gaussian()) throws -> NaiveBayes {
    let what = "naive Bayes"
    let classes = try LinearChecks.classes(data, what: what)
    let x = try DenseRows(data.features, what: what)
    // Each class's rows have weights of their own; all others none.
    let ofClass = (0..<classes).map { own in
      data.targets.enumerated().map { Int($1) == own ? data.weights?[$0] ?? 1 : 0 }
    }
    let totals = ofClass.map { $0.reduce(0, +) }
    let total = totals.reduce(0, +)
    guard totals.allSatisfy({ $0 > 0 }) else {
      throw LatheError(.invalidArgument, "\(what): all rows of a class have no weight")
    }
    let priors = totals.map { logarithm($0 / total) }
    switch kind {
    case .gaussian(let smoothing):
      let means = zip(ofClass, totals).map { rows, sum in x.weightedSum(rows).map { $0 / sum } }
      let all = variances(x, .init(repeating: 1, count: x.rows))
      let more = smoothing * (all.max() ?? 0)
      let own = ofClass.map { variances(x, $0).map { $0 + more } }
      guard own.allSatisfy({ $0.allSatisfy { $0 > 0 } }) else {
        throw LatheError(.invalidArgument, "\(what): no column varies; there is nothing to learn from")
      }
      return NaiveBayes(kind: kind, classLogPriors: priors, parameters: means, variances: own)
    case .multinomial(let alpha):
      try LinearChecks.expect(
        alpha > 0 && x.values.allSatisfy { $0 >= 0 },
        "\(what): counts must not be negative, and alpha above 0")
      let logs = ofClass.map { rows -> [Double] in
        let counts = x.weightedSum(rows).map { $0 + alpha }
        let sum = counts.reduce(0, +)
        return counts.map { logarithm($0) - logarithm(sum) }
      }
      return NaiveBayes(kind: kind, classLogPriors: priors, parameters: logs, variances: [])
    case .bernoulli(let alpha, let threshold):
      try LinearChecks.expect(alpha > 0, "\(what): alpha is \(alpha); it must be above 0")
      let bits = DenseRows(x.values.map { $0 > threshold ? 1 : 0 }, rows: x.rows, columns: x.columns)
      let logs = zip(ofClass, totals).map { rows, sum in
        bits.weightedSum(rows).map { logarithm($0 + alpha) - logarithm(sum + 2 * alpha) }
      }
      return NaiveBayes(kind: kind, classLogPriors: priors, parameters: logs, variances: [])
    }
  }

  /// Weighted variances of columns, in two passes.
  private static func variances(_ x: DenseRows, _ weights: [Double]) -> [Double] {
    let total = weights.reduce(0, +)
    let means = x.means(weights)
    return weights.withUnsafeBufferPointer { weights in
      x.sum(x.columns) { range, rows, sums in
        for (i, row) in range.enumerated() where weights[row] != 0 {
          for j in 0..<x.columns {
            let distance = rows[i * x.columns + j] - means[j]
            sums[j] += weights[row] * distance * distance
          }
        }
      }
    }.map { $0 / total }
  }

  /// The logarithm of each class's share times the likelihood of a row, class after class in each row.
  public func jointLogLikelihoods(_ x: FeatureMatrix) -> [Double] {
    let columns = parameters[0].count
    require(x.columns == columns, "the model knows \(columns) columns, the matrix has \(x.columns)")
    let rows = DenseRows(DenseRows.rowMajor(x), rows: x.rows, columns: columns)
    switch kind {
    case .multinomial:
      var scores = rows.scores(parameters.flatMap { $0 }, outputs: classes)
      for i in scores.indices { scores[i] += classLogPriors[i % classes] }
      return scores
    case .bernoulli(_, let threshold):
      let bits = DenseRows(rows.values.map { $0 > threshold ? 1 : 0 }, rows: x.rows, columns: columns)
      let no = parameters.map { $0.map { logarithm(1 - exponential($0)) } }
      let weights = zip(parameters, no).flatMap { zip($0, $1).map { $0 - $1 } }
      var scores = bits.scores(weights, outputs: classes)
      let constants = zip(no, classLogPriors).map { $0.reduce(0, +) + $1 }
      for i in scores.indices { scores[i] += constants[i % classes] }
      return scores
    case .gaussian:
      let constants = (0..<classes).map { k in
        classLogPriors[k] - 0.5 * variances[k].reduce(0) { $0 + logarithm(2 * Double.pi * $1) }
      }
      return (0..<x.rows).flatMap { row in
        (0..<classes).map { k in
          var sum = 0.0
          for j in 0..<columns {
            let distance = rows.values[row * columns + j] - parameters[k][j]
            sum += distance * distance / variances[k][j]
          }
          return constants[k] - 0.5 * sum
        }
      }
    }
  }

  /// The probability of each class, class after class in each row.
  public func probabilities(_ x: FeatureMatrix) -> [Double] {
    RowAnswers.softmax(jointLogLikelihoods(x), classes: classes)
  }

  /// The most probable class of each row.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    RowAnswers.classes(jointLogLikelihoods(x), outputs: classes)
  }
}
