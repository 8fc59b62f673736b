import LatheCore

extension Tensor {
  /// Scaled dot-product attention, softmax(q k^T / sqrt(d)) v (Vaswani et al., 2017), of this tensor's queries.
  ///
  /// Heads of keys and values may be fewer than those of queries: each then serves a group of neighbouring query
  /// heads (Ainslie et al., 2023). What a mask excludes takes no part unless a query may see nothing at all; such a
  /// query sees everything, so that no NaN arises.
  /// - Parameters:
  ///   - keys: [n, key heads, m, d] for queries [n, heads, t, d], with heads a multiple of key heads.
  ///   - values: [n, key heads, m, e].
  ///   - mask: Bools that broadcast to [n, heads, t, m], true where a query may see a key.
  ///   - isCausal: Whether query i sees keys 0...i + m - t only.
  ///   - dropout: How likely a weight becomes 0, and what decides.
  ///   - scale: Instead of 1 / sqrt(d).
  /// - Returns: [n, heads, t, e].
  public func attention(
    keys: Tensor, values: Tensor, mask: Tensor? = nil, isCausal: Bool = false,
    dropout: (probability: Float, generator: Generator)? = nil, scale: Float? = nil
  ) -> Tensor {
    require(
      rank == 4 && keys.rank == 4 && values.rank == 4 && shape[0] == keys.shape[0]
        && shape[3] == keys.shape[3] && keys.shape[0] == values.shape[0] && keys.shape[1] == values.shape[1]
        && keys.shape[2] == values.shape[2] && keys.shape[1] > 0 && shape[1] % keys.shape[1] == 0,
      "attention: queries \(shape), keys \(keys.shape), values \(values.shape): expected [n, heads, t, d], "
        + "[n, key heads, m, d] and [n, key heads, m, e] with heads a multiple of key heads")
    let (batch, heads, length, width) = (shape[0], shape[1], shape[2], shape[3])
    let (keyHeads, keyLength) = (keys.shape[1], keys.shape[2])
    let factor = scale ?? 1 / Float(Swift.max(width, 1)).squareRoot()
    // The queries of one group stand below each other, so that its keys and values are read once.
    let rows = heads / keyHeads * length
    let grouped = (self * factor).reshaped(to: [batch, keyHeads, rows, width])
    var scores = grouped.matmul(keys.transposed()).reshaped(to: [batch, heads, length, keyLength])
    var visible = mask.map { $0.cast(to: .bool) }
    if isCausal {
      let causal = Tensor.causalMask(length, keyLength, device: device)
      visible = visible.map { $0 .&& causal } ?? causal
    }
    if let visible {
      require(
        Shape.broadcast(visible.shape, scores.shape) == scores.shape,
        "attention: mask \(visible.shape) does not broadcast to \(scores.shape)")
      let hidden = Tensor.full(
        [], scores.dtype == .float16 ? Float(-6e4) : -1e30, dtype: scores.dtype, device: device)
      scores = Tensor.select(visible, scores, hidden)
    }
    var weights = scores.softmax(axis: -1)
    if let dropout, dropout.probability > 0 {
      weights = weights.dropout(probability: dropout.probability, generator: dropout.generator)
    }
    return weights.reshaped(to: [batch, keyHeads, rows, keyLength]).matmul(values)
      .reshaped(to: [batch, heads, length, values.shape[3]])
  }

  /// [queries, keys] of bools: true where the key is not later than the query, both counted from the end.
  static func causalMask(_ queries: Int, _ keys: Int, device: Device) -> Tensor {
    let last = Tensor.arange(queries, device: device).unsqueezed(1) + Int32(keys - queries)
    return Tensor.arange(keys, device: device) .<= last
  }
}
