import LatheCore

/// What naive Bayes has counted so far, for rows that come piece by piece: scikit-learn's `partial_fit`.
public struct NaiveBayesCounts: Sendable, Hashable, Codable {
  /// How features are distributed.
  public let kind: NaiveBayes.Kind
  /// The sum of weights of each class's rows.
  private var totals: [Double]
  /// For each class sums of features; of `gaussian` their means.
  private var sums: [[Double]]
  /// For each class sums of squared distances from the means; of `gaussian` alone.
  private var squares: [[Double]]
  /// What is added to variances: a part of the largest of the latest rows.
  private var smoothing = 0.0

  /// Nothing counted yet.
  public init(classes: Int, columns: Int, _ kind: NaiveBayes.Kind = .gaussian()) {
    require(classes >= 2 && columns >= 1, "naive Bayes needs two classes and a column at least")
    self.kind = kind
    totals = .init(repeating: 0, count: classes)
    sums = .init(repeating: .init(repeating: 0, count: columns), count: classes)
    squares = sums
  }

  /// Counts more rows; targets are classes 0, 1, ..., of which not all need be there.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing, infinite or (of counts) negative values, and other classes or columns.
  public mutating func partialFit(_ data: LabelledRows) throws {
    let what = "naive Bayes"
    try LinearChecks.check(data, what: what)
    let (classes, columns) = (totals.count, sums[0].count)
    try LinearChecks.expect(
      data.features.columns == columns
        && data.targets.allSatisfy { $0 >= 0 && $0 < Double(classes) && $0 == $0.rounded() },
      "\(what): \(data.features.columns) columns, \(columns) were there; targets must be classes below \(classes)"
    )
    var x = try DenseRows(data.features, what: what)
    switch kind {
    case .gaussian(let part):
      let means = x.means(nil)
      let variances = (0..<columns).map { j in
        (0..<x.rows).reduce(0.0) {
          let distance = x.values[$1 * columns + j] - means[j]
          return $0 + distance * distance
        } / Double(x.rows)
      }
      smoothing = part * (variances.max() ?? 0)
    case .multinomial:
      try LinearChecks.expect(x.values.allSatisfy { $0 >= 0 }, "\(what): counts must not be negative")
    case .bernoulli(_, let threshold):
      x = DenseRows(x.values.map { $0 > threshold ? 1 : 0 }, rows: x.rows, columns: columns)
    }
    for row in 0..<x.rows {
      let (own, weight) = (Int(data.targets[row]), data.weights?[row] ?? 1)
      guard weight > 0 else { continue }
      totals[own] += weight
      for j in 0..<columns {
        let value = x.values[row * columns + j]
        if case .gaussian = kind {
          // Means and squares of one row more (West, 1979).
          let distance = value - sums[own][j]
          sums[own][j] += distance * weight / totals[own]
          squares[own][j] += weight * distance * (value - sums[own][j])
        } else {
          sums[own][j] += weight * value
        }
      }
    }
  }

  /// The model of what was counted.
  ///
  /// - Throws: `LatheError.invalidArgument` where a class has no rows yet, or no column varies.
  public func model() throws -> NaiveBayes {
    try LinearChecks.expect(totals.allSatisfy { $0 > 0 }, "naive Bayes: a class has no rows yet")
    let total = totals.reduce(0, +)
    let priors = totals.map { logarithm($0 / total) }
    switch kind {
    case .gaussian:
      let variances = zip(squares, totals).map { list, total in list.map { $0 / total + smoothing } }
      try LinearChecks.expect(
        variances.allSatisfy { $0.allSatisfy { $0 > 0 } },
        "naive Bayes: no column varies; there is nothing to learn from")
      return NaiveBayes(kind: kind, classLogPriors: priors, parameters: sums, variances: variances)
    case .multinomial(let alpha):
      let logs = sums.map { list in
        let sum = list.reduce(0) { $0 + $1 + alpha }
        return list.map { logarithm($0 + alpha) - logarithm(sum) }
      }
      return NaiveBayes(kind: kind, classLogPriors: priors, parameters: logs, variances: [])
    case .bernoulli(let alpha, _):
      let logs = zip(sums, totals).map { list, total in
        list.map { logarithm($0 + alpha) - logarithm(total + 2 * alpha) }
      }
      return NaiveBayes(kind: kind, classLogPriors: priors, parameters: logs, variances: [])
    }
  }
}
