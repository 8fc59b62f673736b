import LatheCore

/// Logistic regression whose scores shall not go with groups: the squared covariance of each group and the score is a penalty
/// of the objective (after Zafar et al., 2017).
public enum FairLogisticRegression {
  /// What is penalised.
  public enum Criterion: String, Sendable, Hashable, Codable, CaseIterable {
    /// The covariance over all rows, for demographic parity.
    case demographicParity
    /// The covariance over positive rows, for equal opportunity.
    case equalOpportunity
  }

  /// How it is trained.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The logistic regression; its penalty must be L2.
    public var logistic: LogisticRegression.Configuration
    /// What is penalised.
    public var criterion: Criterion
    /// The factor of the penalty; 0 for none.
    public var penalty: Double

    /// A penalty for groups.
    public init(
      penalty: Double, criterion: Criterion = .demographicParity,
      logistic: LogisticRegression.Configuration = .init()
    ) {
      self.penalty = penalty
      self.criterion = criterion
      self.logistic = logistic
    }
  }

  /// Trains a model of two classes: an ordinary `LogisticRegression`, which does not ask for groups.
  ///
  /// - Parameters:
  ///   - data: The rows to learn from; scaled columns are best.
  ///   - groups: The group of each row.
  /// - Throws: `LatheError.invalidArgument` as logistic regression, and for an L1 penalty, more classes, or one group.
  public static func train(
    _ data: LabelledRows, groups: [String], _ configuration: Configuration
  ) throws -> LogisticRegression {
    let what = "fair logistic regression"
    let settings = configuration.logistic
    try LinearChecks.expect(
      configuration.penalty >= 0 && configuration.penalty.isFinite && settings.c > 0 && settings.l1Ratio == 0,
      "\(what): penalty \(configuration.penalty), c \(settings.c), l1Ratio \(settings.l1Ratio); the penalty must not be "
        + "negative, c above 0 and the ratio 0")
    let classes = try LinearChecks.classes(data, what: what)
    let names = Set(groups).sorted()
    try LinearChecks.expect(
      classes == 2 && groups.count == data.targets.count && names.count >= 2,
      "\(what): \(classes) classes, \(groups.count) groups' names for \(data.targets.count) rows, \(names.count) groups; two "
        + "classes and two groups at least are needed")
    let weights = try settings.classWeights.rowWeights(data, classes: classes, what: what)
    let total = weights?.reduce(0, +) ?? Double(data.targets.count)
    let x = try DenseRows(data.features, what: what)
    let objective = LinearObjective(
      x: x, targets: data.targets, weights: weights, loss: .logistic, fitsIntercept: settings.fitsIntercept,
      l2: 1 / (settings.c * total))
    let directions = covariances(x, data.targets, groups, names, configuration.criterion)
    let columns = x.columns
    let result = LBFGS(maxIterations: settings.maxIterations, tolerance: settings.tolerance).minimize(
      from: .init(repeating: 0, count: objective.parameterCount)
    ) { point, gradient in
      var value = objective.evaluate(point, gradient: &gradient)
      for direction in directions {
        var covariance = 0.0
        for j in 0..<columns { covariance += direction[j] * point[j] }
        value += 0.5 * configuration.penalty * covariance * covariance
        for j in 0..<columns { gradient[j] += configuration.penalty * covariance * direction[j] }
      }
      return value
    }
    return LogisticRegression(
      coefficients: [Array(result.point[..<columns])],
      intercepts: [settings.fitsIntercept ? result.point[columns] : 0], iterations: result.iterations,
      hasConverged: result.hasConverged)
  }

  /// For each group the covariances of its membership with the columns.
  private static func covariances(
    _ x: DenseRows, _ targets: [Double], _ groups: [String], _ names: [String], _ criterion: Criterion
  ) -> [[Double]] {
    let rows = groups.indices.filter { criterion == .demographicParity || targets[$0] > 0 }
    let count = Double(rows.count)
    return names.map { name in
      let share = Double(rows.count { groups[$0] == name }) / count
      var factors = [Double](repeating: 0, count: groups.count)
      for row in rows { factors[row] = ((groups[row] == name ? 1 : 0) - share) / count }
      return x.weightedSum(factors)
    }
  }
}
