/// What boosted trees minimise.
public enum BoostingLoss: Sendable, Hashable {
  /// Half the squared difference.
  case squared
  /// The absolute difference.
  case absolute
  /// The pinball loss of a quantile.
  case quantile(Double)
  /// Squared up to a difference, absolute beyond.
  case huber(Double = 0.9)
  /// The negative log likelihood of counts whose logarithm is predicted.
  case poisson
  /// The log loss of two classes, 0 and 1.
  case binary
  /// The log loss of `classes` classes 0, 1, ...
  case multiclass(Int)
  /// Ranking by LambdaMART: NDCG of the first `truncation` places.
  case lambdaRank(truncation: Int = 30)

  /// How many trees a round has.
  public var outputs: Int {
    if case .multiclass(let classes) = self { return classes }
    return 1
  }

  /// Whether labels are classes.
  public var isClassification: Bool {
    switch self {
    case .binary, .multiclass: true
    default: false
    }
  }
}

/// A loss of a program's own: first and second derivatives by the scores.
public protocol BoostingObjective: Sendable {
  /// How many scores a row has.
  var outputs: Int { get }
  /// The scores that training starts from.
  func initialScores() -> [Double]
  /// Writes derivatives; scores of output k are at `k * rows..<(k + 1) * rows`, and so are derivatives.
  func derivatives(
    scores: UnsafeBufferPointer<Double>, gradients: UnsafeMutableBufferPointer<Float>,
    hessians: UnsafeMutableBufferPointer<Float>)
  /// What a leaf should say by the scores of its rows before the tree, where the derivatives do not tell.
  func leafOutput(rows: UnsafeBufferPointer<UInt32>, scores: UnsafePointer<Double>) -> Double?
}

extension BoostingObjective {
  /// Nil: leaves say what derivatives tell.
  public func leafOutput(rows: UnsafeBufferPointer<UInt32>, scores: UnsafePointer<Double>) -> Double? { nil }
}
