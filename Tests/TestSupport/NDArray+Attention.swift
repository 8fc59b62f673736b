import Foundation

/// Attention as its definition reads, and its gradients.
package struct AttentionReference {
  /// [n, heads, t, d], [n, key heads, m, d] and [n, key heads, m, e].
  package var queries: NDArray, keys: NDArray, values: NDArray
  /// Broadcasts to [n, heads, t, m]; all is visible where nil.
  package var mask: NDArray?
  package var isCausal = false
  package var scale: Double?
  /// Added to the scores; broadcasts like the mask.
  package var bias: NDArray?

  package init(
    _ queries: NDArray, _ keys: NDArray, _ values: NDArray, mask: NDArray? = nil, isCausal: Bool = false,
    scale: Double? = nil, bias: NDArray? = nil
  ) {
    self.queries = queries
    self.keys = keys
    self.values = values
    self.mask = mask
    self.isCausal = isCausal
    self.scale = scale
    self.bias = bias
  }

  private var factor: Double { scale ?? 1 / Double(queries.shape[3]).squareRoot() }

  /// The weights of one query, and the keys it sees; all weigh the same where it sees none.
  private func weights(_ n: Int, _ head: Int, _ i: Int, _ mask: NDArray?) -> (weights: [Double], seen: [Bool])
  {
    let bias = bias?.expanded(to: [queries.shape[0], queries.shape[1], queries.shape[2], keys.shape[2]])
    let keyHead = head / (queries.shape[1] / keys.shape[1])
    let (t, m) = (queries.shape[2], keys.shape[2])
    let seen = (0..<m).map { j in
      (!isCausal || j <= i + m - t) && (mask.map { $0[n, head, i, j] != 0 } ?? true)
    }
    if !seen.contains(true) { return (Array(repeating: 1 / Double(m), count: m), seen) }
    var e = [Double](repeating: 0, count: m)
    for j in 0..<m where seen[j] {
      var score = 0.0
      for c in 0..<queries.shape[3] { score += queries[n, head, i, c] * keys[n, keyHead, j, c] }
      e[j] = exp(score * factor + (bias?[n, head, i, j] ?? 0))
    }
    let sum = e.reduce(0, +)
    return (e.map { $0 / sum }, seen)
  }

  private func forEachQuery(
    _ body: (_ n: Int, _ head: Int, _ keyHead: Int, _ i: Int, _ mask: NDArray?) -> Void
  ) {
    let shape = queries.shape
    let mask = mask?.expanded(to: [shape[0], shape[1], shape[2], keys.shape[2]])
    for n in 0..<shape[0] {
      for head in 0..<shape[1] {
        for i in 0..<shape[2] { body(n, head, head / (shape[1] / keys.shape[1]), i, mask) }
      }
    }
  }

  /// [n, heads, t, e].
  package var output: NDArray {
    var result = NDArray(Array(queries.shape.prefix(3)) + [values.shape[3]], filledWith: 0)
    forEachQuery { n, head, keyHead, i, mask in
      for (j, weight) in weights(n, head, i, mask).weights.enumerated() {
        for e in 0..<values.shape[3] { result[[n, head, i, e]] += weight * values[n, keyHead, j, e] }
      }
    }
    return result
  }

  /// The gradients of sum(upstream * output) with respect to queries, keys and values.
  package func gradients(upstream g: NDArray) -> [NDArray] {
    var dq = NDArray(queries.shape, filledWith: 0)
    var dk = NDArray(keys.shape, filledWith: 0)
    var dv = NDArray(values.shape, filledWith: 0)
    forEachQuery { n, head, keyHead, i, mask in
      let (p, seen) = weights(n, head, i, mask)
      let dp = p.indices.map { j in
        (0..<values.shape[3]).reduce(0.0) { $0 + g[n, head, i, $1] * values[n, keyHead, j, $1] }
      }
      let mean = zip(p, dp).reduce(0.0) { $0 + $1.0 * $1.1 }
      for j in p.indices {
        for e in 0..<values.shape[3] { dv[[n, keyHead, j, e]] += p[j] * g[n, head, i, e] }
        guard seen[j] else { continue }
        let ds = p[j] * (dp[j] - mean) * factor
        for c in 0..<queries.shape[3] {
          dq[[n, head, i, c]] += ds * keys[n, keyHead, j, c]
          dk[[n, keyHead, j, c]] += ds * queries[n, head, i, c]
        }
      }
    }
    return [dq, dk, dv]
  }
}
