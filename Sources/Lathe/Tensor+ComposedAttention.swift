import LatheCore

extension Tensor {
  /// Attention by matrix products, softmax and masks, each an operation with a gradient of its own; see
  /// `attention(keys:values:mask:isCausal:bias:dropout:scale:)`.
  func composedAttention(
    _ sizes: Attention, _ keys: Tensor, _ values: Tensor, mask: Tensor?, bias: Tensor? = nil,
    dropout: (probability: Float, generator: Generator)? = nil, scale: Double? = nil
  ) -> Tensor {
    // The queries of one group stand below each other, so that its keys and values are read once.
    let rows = sizes.heads / sizes.keyHeads * sizes.queries
    let grouped = (self * (scale ?? Double(sizes.scale))).reshaped(to: [
      sizes.batch, sizes.keyHeads, rows, sizes.width,
    ])
    var scores = grouped.matmul(keys.transposed())
      .reshaped(to: [sizes.batch, sizes.heads, sizes.queries, sizes.keys])
    if let bias { scores = scores + bias }
    var visible = mask.map { $0.cast(to: .bool) }
    if sizes.isCausal {
      let causal = Tensor.causalMask(sizes.queries, sizes.keys, device: device)
      visible = visible.map { $0 .&& causal } ?? causal
    }
    if let visible = visible.map({ $0.rank == 0 ? $0.unsqueezed(0) : $0 }) {
      // Below every score; a query that sees nothing has equal scores instead and sees everything.
      let hidden = Tensor.full([], -Float.infinity, dtype: scores.dtype, device: device)
      let equal = Tensor.zeros([], dtype: scores.dtype, device: device)
      scores = Tensor.where(
        visible, scores, Tensor.where(visible.any(axis: -1, keepDims: true), hidden, equal))
    }
    var weights = scores.softmax(axis: -1)
    if let dropout {
      weights = weights.dropout(probability: dropout.probability, generator: dropout.generator)
    }
    return weights.reshaped(to: [sizes.batch, sizes.keyHeads, rows, sizes.keys]).matmul(values)
      .reshaped(to: [sizes.batch, sizes.heads, sizes.queries, sizes.valueWidth])
  }

  /// [queries, keys] of bools: true where the key is not later than the query, both counted from the end.
  private static func causalMask(_ queries: Int, _ keys: Int, device: Device) -> Tensor {
    let last = Tensor.arange(queries, device: device).unsqueezed(1) + Int32(keys - queries)
    return Tensor.arange(keys, device: device) .<= last
  }
}
