import LatheCore

/// What each column contributes to a weighted sum: its weight times its distance from the mean, columns taken for independent
/// (shap's `LinearExplainer`).
public struct LinearSHAP: Sendable, Hashable {
  private let coefficients: [[Double]]
  private let means: [Double]
  /// The mean score, one for each output.
  public let expected: [Double]

  /// An explainer of weights.
  ///
  /// - Parameters:
  ///   - coefficients: For each output a weight for each column.
  ///   - intercepts: For each output the constant.
  ///   - background: Rows whose means nothing is known of.
  /// - Throws: `LatheError.invalidArgument` where numbers of columns differ or the background has no row.
  public init(coefficients: [[Double]], intercepts: [Double], background: FeatureMatrix) throws {
    guard coefficients.count == intercepts.count, !coefficients.isEmpty,
      coefficients.allSatisfy({ $0.count == background.columns }), background.rows > 0
    else {
      throw LatheError(
        .invalidArgument,
        "linear SHAP: \(coefficients.first?.count ?? 0) weights and a background of \(background.rows) x "
          + "\(background.columns); there must be a row and a weight for each column")
    }
    let means = try DenseRows(background, what: "linear SHAP").means(nil)
    self.coefficients = coefficients
    self.means = means
    expected = zip(coefficients, intercepts).map { own, constant in
      zip(own, means).reduce(constant) { $0 + $1.0 * $1.1 }
    }
  }

  /// An explainer of scores of a logistic regression.
  public init(_ model: LogisticRegression, background: FeatureMatrix) throws {
    try self.init(
      coefficients: model.coefficients, intercepts: model.intercepts, background: background)
  }

  /// An explainer of a linear regression.
  public init(_ model: LinearRegression, background: FeatureMatrix) throws {
    try self.init(
      coefficients: [model.coefficients], intercepts: [model.intercept], background: background)
  }

  /// The contributions to scores: row after row, in each output after output, in each column after column.
  public func contributions(_ x: FeatureMatrix) -> [Double] {
    require(
      x.columns == means.count, "linear SHAP: the matrix has \(x.columns) columns, the model \(means.count)")
    return (0..<x.rows).flatMap { row in
      coefficients.flatMap { own in means.indices.map { own[$0] * (x[row, $0] - means[$0]) } }
    }
  }
}
