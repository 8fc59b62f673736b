/// The sizes of a rotation: pairs of elements of each row turned by angles that belong to its position (Su et al., 2021).
///
/// Pair p of a row (a, b) becomes (a c - b s, a s + b c) with the cosine c and the sine s of its position. Elements behind
/// the pairs stay as they are.
public struct Rotation: Sendable, Hashable {
  /// Sequences, heads, positions, and elements of a row.
  public var batch: Int, heads: Int, time: Int, width: Int
  /// Pairs of a row, at most half its elements.
  public var pairs: Int
  /// Whether a pair are the neighbours 2p and 2p + 1 instead of elements p and p + pairs.
  public var isInterleaved: Bool
  /// Whether rows are turned back, as in the gradient.
  public var isInverse: Bool

  /// A rotation from its parts.
  public init(
    batch: Int, heads: Int, time: Int, width: Int, pairs: Int, isInterleaved: Bool = false,
    isInverse: Bool = false
  ) {
    self.batch = batch
    self.heads = heads
    self.time = time
    self.width = width
    self.pairs = pairs
    self.isInterleaved = isInterleaved
    self.isInverse = isInverse
  }
}
