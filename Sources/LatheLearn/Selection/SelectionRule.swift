import LatheCore

extension FeatureSelection {
  /// Which columns a step of a `ColumnTransformer` keeps.
  public enum Rule: Sendable, Hashable, Codable {
    /// Those that vary more than a threshold.
    case variance(threshold: Double = 0)
    /// Those with the largest scores.
    case kBest(Int, FeatureScore)
    /// Those that keep a weight under a penalty of absolute weights, of lasso's `alpha` or logistic regression's `c`.
    case l1(strength: Double = 1)

    /// - Parameter classes: How many classes there are; 0 of numbers.
    /// - Throws: `LatheError` where targets are needed and not there, or scores do not suit them.
    func selection(_ x: FeatureMatrix, _ targets: [Double]?, classes: Int) throws -> FeatureSelection {
      if case .variance(let threshold) = self { return try .variance(x, threshold: threshold) }
      guard let targets else {
        throw LatheError(
          .invalidArgument,
          "column transformer: select needs targets; fit a Pipeline, or give them (fitTransform)")
      }
      let data = LabelledRows(x, targets)
      switch self {
      case .variance(let threshold): return try .variance(x, threshold: threshold)
      case .kBest(let count, let score): return try .kBest(data, count, by: score)
      case .l1(let strength): return try .l1(data, classes: classes, strength: strength)
      }
    }
  }
}
