import LatheCPU
import LatheCore

/// Classes as normal distributions with the same covariances: scikit-learn's `LinearDiscriminantAnalysis` by singular values.
///
/// Also the directions in which the classes' means are farthest apart.
public struct LinearDiscriminant: Sendable, Hashable, Codable {
  /// The mean of all rows.
  public let mean: [Double]
  /// The directions, that which tells classes apart best first.
  public let scalings: [[Double]]
  /// The part of the variance between classes in each direction.
  public let explainedVarianceRatio: [Double]
  /// For each output a weight for each feature: one output for two classes, else one for each class.
  public let coefficients: [[Double]]
  /// For each output the constant.
  public let intercepts: [Double]

  /// The number of classes.
  public var classes: Int { coefficients.count == 1 ? 2 : coefficients.count }
  var isSound: Bool {
    !coefficients.isEmpty && coefficients.count != 2 && intercepts.count == coefficients.count
      && (coefficients + scalings).allSatisfy { $0.count == mean.count }
  }

  /// Learns from rows; targets are classes 0, 1, ...
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, one class alone, and rows that do not vary within
  ///   classes.
  public static func train(_ data: LabelledRows, tolerance: Double = 1e-4) throws -> LinearDiscriminant {
    let what = "linear discriminant analysis"
    let classes = try LinearChecks.classes(data, what: what)
    try LinearChecks.expect(data.weights == nil, "\(what): rows cannot have weights")
    let x = try DenseRows(data.features, what: what)
    let (rows, columns) = (x.rows, x.columns)
    try LinearChecks.expect(rows > classes, "\(what): \(rows) rows are too few for \(classes) classes")
    let members = (0..<classes).map { own in data.targets.map { Int($0) == own ? 1.0 : 0 } }
    let counts = members.map { $0.reduce(0, +) }
    let means = zip(members, counts).map { list, count in x.weightedSum(list).map { $0 / count } }
    let mean = x.means(nil)
    var within = x.values
    for i in within.indices { within[i] -= means[Int(data.targets[i / columns])][i % columns] }
    let deviations = (0..<columns).map { j -> Double in
      let center = (0..<rows).reduce(0.0) { $0 + within[$1 * columns + j] } / Double(rows)
      let square = (0..<rows).reduce(0.0) {
        $0 + (within[$1 * columns + j] - center) * (within[$1 * columns + j] - center)
      }
      let deviation = (square / Double(rows)).squareRoot()
      return deviation == 0 ? 1 : deviation
    }
    let scale = (1 / Double(rows)).squareRoot()
    for i in within.indices { within[i] *= scale / deviations[i % columns] }
    let (_, s, vt) = LeastSquares.triangle(DenseRows(within, rows: rows, columns: columns))
      .singularValueDecomposition()
    let rank = s.count { $0 > tolerance }
    try LinearChecks.expect(rank > 0, "\(what): rows do not vary within classes")
    // Columns of the matrix that makes covariances within classes 1.
    let whitening = (0..<rank).map { k in (0..<columns).map { vt[k, $0] / deviations[$0] / s[k] } }
    /// How far a class's mean is from that of all rows in a direction.
    func along(_ direction: [Double], _ own: [Double]) -> Double {
      var sum = 0.0
      for j in 0..<columns { sum += direction[j] * (own[j] - mean[j]) }
      return sum
    }
    var between = DenseMatrix(classes, rank)
    for k in 0..<classes {
      let factor = (counts[k] / Double(classes - 1)).squareRoot()
      for r in 0..<rank {
        between[k, r] = factor * along(whitening[r], means[k])
      }
    }
    let (_, values, directions) = between.singularValueDecomposition()
    let squares = values.reduce(0) { $0 + $1 * $1 }
    let kept = values.count { $0 > tolerance * (values.first ?? 0) }
    let scalings = (0..<kept).map { (k: Int) -> [Double] in
      (0..<columns).map { (j: Int) -> Double in
        var sum = 0.0
        for r in 0..<rank { sum += whitening[r][j] * directions[k, r] }
        return sum
      }
    }
    var coefficients: [[Double]] = []
    var intercepts: [Double] = []
    for k in 0..<classes {
      let parts = scalings.map { along($0, means[k]) }
      let weights = (0..<columns).map { j in (0..<kept).reduce(0.0) { $0 + parts[$1] * scalings[$1][j] } }
      coefficients.append(weights)
      var constant = logarithm(counts[k] / Double(rows))
      for part in parts { constant -= 0.5 * part * part }
      for j in 0..<columns { constant -= mean[j] * weights[j] }
      intercepts.append(constant)
    }
    if classes == 2 {
      coefficients = [zip(coefficients[1], coefficients[0]).map { $0 - $1 }]
      intercepts = [intercepts[1] - intercepts[0]]
    }
    return LinearDiscriminant(
      mean: mean, scalings: scalings,
      explainedVarianceRatio: values.prefix(min(kept, classes - 1)).map { $0 * $0 / squares },
      coefficients: coefficients, intercepts: intercepts)
  }

  /// The weighted sums of rows, for each row one for each output.
  public func scores(_ x: FeatureMatrix) -> [Double] {
    LinearScores.of(x, coefficients: coefficients, intercepts: intercepts)
  }

  /// The probability of each class, class after class in each row.
  public func probabilities(_ x: FeatureMatrix) -> [Double] {
    let scores = scores(x)
    if coefficients.count == 1 { return scores.flatMap { [logistic(-$0), logistic($0)] } }
    return RowAnswers.softmax(scores, classes: classes)
  }

  /// The most probable class of each row.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    RowAnswers.classes(scores(x), outputs: coefficients.count)
  }

  /// The rows by their parts in each direction.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    let constants = scalings.map { -zip($0, mean).reduce(0) { $0 + $1.0 * $1.1 } }
    return FeatureMatrix(
      LinearScores.of(x, coefficients: scalings, intercepts: constants), rows: x.rows,
      columns: scalings.count,
      names: scalings.indices.map { "lda\($0)" })
  }
}
