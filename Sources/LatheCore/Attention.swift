/// Scaled dot-product attention, softmax(scale q k^T) v, without a matrix of all scores.
///
/// Query i of t sees key j of m where `isCausal` or the mask does not forbid it: j <= i + m - t, mask[..., i, j] true.
/// A query that sees nothing gets the mean of all values, gradients as of that, and +infinity as its logSumExp; for
/// every other one that is the natural logarithm of the sum of exp(scale q k) over what it sees. Query head h
/// belongs to key head h / (heads / keyHeads).
public struct Attention: Sendable, Hashable {
  /// Sequences, heads of queries, and heads of keys and values, which divide them.
  public var batch: Int, heads: Int, keyHeads: Int
  /// Queries t and keys m of a sequence.
  public var queries: Int, keys: Int
  /// Elements d of a query or key, and e of a value.
  public var width: Int, valueWidth: Int
  /// Factor of the products.
  public var scale: Float
  /// Whether later keys are hidden, both counted from the end.
  public var isCausal: Bool
  /// Whether there is a mask.
  public var hasMask: Bool

  /// An attention from its parts.
  public init(
    batch: Int, heads: Int, keyHeads: Int, queries: Int, keys: Int, width: Int, valueWidth: Int, scale: Float,
    isCausal: Bool, hasMask: Bool
  ) {
    self.batch = batch
    self.heads = heads
    self.keyHeads = keyHeads
    self.queries = queries
    self.keys = keys
    self.width = width
    self.valueWidth = valueWidth
    self.scale = scale
    self.isCausal = isCausal
    self.hasMask = hasMask
  }

  /// Pairs of a query and a key that it sees, as far as the order says.
  package var pairs: Int {
    guard isCausal else { return batch * heads * queries * keys }
    // The last `seeing` queries see 1 + missing, 2 + missing, ... keys.
    let seeing = min(queries, keys)
    return batch * heads * seeing * (2 * keys - seeing + 1) / 2
  }

  /// The sizes in a few characters.
  package var label: String {
    "\(batch)x\(heads)x\(queries)x\(width)" + (keys == queries ? "" : " of \(keys)")
      + (isCausal ? " causal" : "")
  }
}
