/// How trees are boosted, in LightGBM's words and with its defaults.
public struct BoostingConfiguration: Sendable, Hashable {
  /// The order in which leaves are split.
  public enum Growth: Sendable, Hashable {
    /// The leaf that gains the most is split next.
    case leafWise
    /// All leaves of a depth are split before those of the next one.
    case depthWise
  }

  /// How trees are joined.
  public enum Mode: Sendable, Hashable {
    /// Each tree mends what all before it left.
    case gradient
    /// Some of the trees before are left out while a new one is made.
    case dart(rate: Double = 0.1, most: Int = 50, skip: Double = 0.5)
  }

  /// Which rows a tree is made from.
  public enum Sampling: Sendable, Hashable {
    /// All rows.
    case none
    /// A random part, drawn anew every `every` trees.
    case bagging(fraction: Double, every: Int = 1)
    /// The rows with the largest gradients, and a random part of the others.
    case goss(top: Double = 0.2, other: Double = 0.1)
  }

  /// What is minimised.
  public var loss: BoostingLoss
  /// The most trees, for each class one.
  public var treeCount = 100
  /// What each tree's outputs are multiplied by.
  public var learningRate = 0.1
  /// The most leaves of a tree.
  public var leafCount = 31
  /// The most conditions on the way to a leaf; nil for any number.
  public var maxDepth: Int?
  /// The order in which leaves are split.
  public var growth = Growth.leafWise
  /// How trees are joined.
  public var mode = Mode.gradient
  /// Which rows a tree is made from.
  public var sampling = Sampling.none
  /// The part of the columns that a tree may use.
  public var featureFraction = 1.0
  /// The least rows of a leaf.
  public var minRowsInLeaf = 20
  /// The least sum of second derivatives of a leaf.
  public var minHessianInLeaf = 1e-3
  /// The least gain of a split.
  public var minGain = 0.0
  /// The L1 penalty of outputs.
  public var l1 = 0.0
  /// The L2 penalty of outputs.
  public var l2 = 0.0
  /// The largest output of a leaf; 0 for any.
  public var maxOutput = 0.0
  /// The most bins of a column, at most 255.
  public var maxBins = 255
  /// The least values of a bin.
  public var minRowsInBin = 3
  /// For each column 1 where predictions must not fall with it, -1 where they must not rise, 0 otherwise; empty for none.
  public var monotone: [Int] = []
  /// Groups of columns that may meet on one way from the root; empty for all.
  public var interactions: [Set<Int>] = []
  /// Categories up to which one is separated from all others.
  public var maxOneHotCategories = 4
  /// The most categories that go to one side.
  public var maxCategories = 32
  /// The L2 penalty of splits by categories.
  public var categoricalL2 = 10.0
  /// What is added to a category's hessian when categories are ordered, and the rows that it needs.
  public var categoricalSmoothing = 10.0
  /// The least rows of a group of categories.
  public var minRowsInGroup = 100
  /// Whether training starts from the best constant.
  public var startsFromAverage = true
  /// Rounds without an improvement on the validation rows after which training ends; nil for never.
  public var earlyStoppingRounds: Int?
  /// What all random choices depend on.
  public var seed: UInt64 = 0

  /// The defaults for a loss.
  public init(loss: BoostingLoss) { self.loss = loss }
}
