/// How a single tree of decisions is grown, in scikit-learn's words and with its defaults.
public struct TreeConfiguration: Sendable, Hashable {
  /// How mixed a node is.
  public enum Criterion: Sendable, Hashable {
    /// The chance that two rows are of different classes.
    case gini
    /// The entropy of the classes, in bits.
    case entropy
    /// The variance of the targets.
    case squaredError
  }

  /// How many columns are looked at for a split.
  public enum FeatureCount: Sendable, Hashable {
    case all
    case squareRoot
    case log2
    case fraction(Double)
    case count(Int)

    /// The number for a table.
    func count(of columns: Int) -> Int {
      switch self {
      case .all: columns
      case .squareRoot: max(1, Int(Double(columns).squareRoot()))
      case .log2: max(1, Int(logarithm(Double(columns)) / logarithm(2)))
      case .fraction(let part): max(1, Int(part * Double(columns)))
      case .count(let count): min(max(1, count), columns)
      }
    }
  }

  /// How mixed a node is.
  public var criterion: Criterion
  /// The most conditions on the way to a leaf; nil for any number.
  public var maxDepth: Int?
  /// The least rows of a node that is split.
  public var minRowsToSplit = 2
  /// The least rows of a leaf.
  public var minRowsInLeaf = 1
  /// How many columns are looked at for a split.
  public var features = FeatureCount.all
  /// Whether thresholds are drawn at random instead of searched for.
  public var drawsThresholds = false
  /// The least share of all rows times fall of impurity that a split brings.
  public var minImpurityDecrease = 0.0
  /// What a leaf costs: branches that bring less are cut off.
  public var pruningAlpha = 0.0
  /// What all random choices depend on.
  public var seed: UInt64 = 0

  /// The defaults for a criterion.
  public init(criterion: Criterion) { self.criterion = criterion }
}
