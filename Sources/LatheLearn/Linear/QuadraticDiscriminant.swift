import LatheCPU
import LatheCore

/// Classes as normal distributions, each with covariances of its own: scikit-learn's `QuadraticDiscriminantAnalysis`.
public struct QuadraticDiscriminant: Sendable, Hashable, Codable {
  /// How it is trained.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How far variances are drawn to 1, from 0 to 1: scikit-learn's `reg_param`.
    public var regularization = 0.0
    /// Singular values of a class's rows below this count for none.
    public var tolerance = 1e-4

    /// Covariances as they are, or drawn to 1.
    public init(regularization: Double = 0) { self.regularization = regularization }
  }

  /// The mean of each class.
  public let means: [[Double]]
  /// The logarithm of each class's share.
  public let classLogPriors: [Double]
  /// For each class the directions in which its rows vary, each divided by its deviation there.
  public let scalings: [[[Double]]]
  /// The logarithm of the determinant of each class's covariances.
  public let logDeterminants: [Double]

  /// The number of classes.
  public var classes: Int { means.count }
  var columns: Int { means.first?.count ?? 0 }
  var isSound: Bool {
    let width = columns
    return classes >= 2 && classLogPriors.count == classes && logDeterminants.count == classes
      && scalings.count == classes && means.allSatisfy { $0.count == width }
      && scalings.allSatisfy { $0.allSatisfy { $0.count == width } }
  }

  /// Learns from rows; targets are classes 0, 1, ...
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, one class alone, rows with weights, and a class whose
  ///   rows do not vary in all directions.
  public static func train(
    _ data: LabelledRows, _ configuration: Configuration = Configuration()
  ) throws -> QuadraticDiscriminant {
    let what = "quadratic discriminant analysis"
    let classes = try LinearChecks.classes(data, what: what)
    let drawn = configuration.regularization
    try LinearChecks.expect(data.weights == nil, "\(what): rows cannot have weights")
    try LinearChecks.expect(
      (0...1).contains(drawn), "\(what): the regularization is \(drawn); it must be in 0...1")
    let x = try DenseRows(data.features, what: what)
    let columns = x.columns
    var (means, priors): ([[Double]], [Double]) = ([], [])
    var (scalings, determinants): ([[[Double]]], [Double]) = ([], [])
    for own in 0..<classes {
      let rows = data.targets.indices.filter { Int(data.targets[$0]) == own }
      try LinearChecks.expect(
        rows.count > 1, "\(what): class \(own) has a single row; two are the least, join classes")
      let part = DenseRows(
        rows.flatMap { x.values[$0 * columns..<($0 + 1) * columns] }, rows: rows.count, columns: columns)
      let mean = part.means(nil)
      let (_, s, vt) = LeastSquares.triangle(part.centered(around: mean)).singularValueDecomposition()
      let variances = s.map { (1 - drawn) * $0 * $0 / Double(rows.count) + drawn }
      // As scikit-learn: after the regularization, so that a part of it repairs what does not vary.
      let rank = variances.count { $0 > configuration.tolerance }
      try LinearChecks.expect(
        s.count == columns && rank == columns,
        "\(what): the \(counted(rows.count, "rows")) of class \(own) do not vary in all of \(columns) columns; leave out columns "
          + "that depend on others, or take a regularization above 0")
      means.append(mean)
      priors.append(logarithm(Double(rows.count) / Double(x.rows)))
      scalings.append(
        variances.indices.map { k in (0..<columns).map { vt[k, $0] / variances[k].squareRoot() } })
      determinants.append(variances.reduce(0) { $0 + logarithm($1) })
    }
    return QuadraticDiscriminant(
      means: means, classLogPriors: priors, scalings: scalings, logDeterminants: determinants)
  }

  /// The logarithm of each class's share times its density, but for what all classes have; class after class in each row.
  public func jointLogLikelihoods(_ x: FeatureMatrix) -> [Double] {
    require(x.columns == columns, "the model knows \(columns) columns, the matrix has \(x.columns)")
    let lists = (0..<classes).map { own -> [Double] in
      let constants = scalings[own].map { -zip($0, means[own]).reduce(0) { $0 + $1.0 * $1.1 } }
      let parts = LinearScores.of(x, coefficients: scalings[own], intercepts: constants)
      let width = scalings[own].count
      return (0..<x.rows).map { row in
        let square = parts[row * width..<(row + 1) * width].reduce(0) { $0 + $1 * $1 }
        return classLogPriors[own] - 0.5 * (square + logDeterminants[own])
      }
    }
    return (0..<x.rows).flatMap { row in lists.map { $0[row] } }
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
