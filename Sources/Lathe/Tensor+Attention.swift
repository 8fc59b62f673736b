import LatheCore

extension Tensor {
  /// Scaled dot-product attention, softmax(q k^T / sqrt(d)) v (Vaswani et al., 2017), of this tensor's queries.
  ///
  /// Heads of keys and values may be fewer than those of queries: each then serves a group of neighbouring query
  /// heads (Ainslie et al., 2023). What a mask excludes takes no part unless a query may see nothing at all; such a
  /// query sees everything, so that no NaN arises.
  ///
  /// No matrix of all scores is stored, forward or backward (Dao et al., 2022), and heads split out of
  /// [n, t, heads * d] are read where they are; the result lies in memory as [n, t, heads, e]. With dropout, with
  /// d or e above 256, with a bias, and for gradients of gradients the scores are computed as a matrix [n, heads, t, m].
  /// - Parameters:
  ///   - keys: [n, key heads, m, d] for queries [n, heads, t, d], with heads a multiple of key heads.
  ///   - values: [n, key heads, m, e].
  ///   - mask: Bools that broadcast to [n, heads, t, m], true where a query may see a key.
  ///   - isCausal: Whether query i sees keys 0...i + m - t only.
  ///   - bias: Added to the scaled scores before the softmax; broadcasts to [n, heads, t, m] and gets a gradient.
  ///   - dropout: How likely a weight becomes 0, and what decides.
  ///   - scale: Instead of 1 / sqrt(d).
  /// - Returns: [n, heads, t, e].
  public func attention(
    keys: Tensor, values: Tensor, mask: Tensor? = nil, isCausal: Bool = false, bias: Tensor? = nil,
    dropout: (probability: Float, generator: Generator)? = nil, scale: Float? = nil
  ) -> Tensor {
    require(
      rank == 4 && keys.rank == 4 && values.rank == 4 && shape[0] == keys.shape[0]
        && shape[3] == keys.shape[3] && keys.shape[0] == values.shape[0] && keys.shape[1] == values.shape[1]
        && keys.shape[2] == values.shape[2] && keys.shape[1] > 0 && shape[1] % keys.shape[1] == 0,
      "attention: queries \(shape), keys \(keys.shape), values \(values.shape): expected [n, heads, t, d], "
        + "[n, key heads, m, d] and [n, key heads, m, e] with heads a multiple of key heads")
    Tensor.requireOneDevice("attention", self, keys, values, mask, bias)
    let scores: Shape = [shape[0], shape[1], shape[2], keys.shape[2]]
    if let mask {
      require(
        Shape.broadcast(mask.shape, scores) == scores,
        "attention: mask \(mask.shape) does not broadcast to \(scores)")
    }
    if let bias {
      require(
        Shape.broadcast(bias.shape, scores) == scores,
        "attention: bias \(bias.shape) does not broadcast to \(scores)")
    }
    let sizes = Attention(
      batch: scores[0], heads: scores[1], keyHeads: keys.shape[1], queries: scores[2], keys: scores[3],
      width: shape[3], valueWidth: values.shape[3],
      scale: scale ?? 1 / Float(Swift.max(shape[3], 1)).squareRoot(), isCausal: isCausal, hasMask: mask != nil
    )
    let drops = dropout.map { $0.probability > 0 } ?? false
    if Tensor.hasFloat64(self, keys, values, bias) {
      let exact = scale.map { Double($0) } ?? 1 / Double(Swift.max(shape[3], 1)).squareRoot()
      return cast(to: .float64).composedAttention(
        sizes, keys, values, mask: mask, bias: bias, dropout: drops ? dropout : nil, scale: exact)
    }
    if drops || bias != nil || !sizes.hasKernel {
      return composedAttention(sizes, keys, values, mask: mask, bias: bias, dropout: drops ? dropout : nil)
    }
    return fusedAttention(sizes, keys, values, mask: mask)
  }

  private func fusedAttention(_ sizes: Attention, _ keys: Tensor, _ values: Tensor, mask: Tensor?) -> Tensor {
    let inputs = [self, keys, values].map { KernelOperand(activation: $0) }
    let common = inputs.map(\.dtype).reduce(inputs[0].dtype, DType.promote)
    let isNarrow = KernelOperand.areNarrow(inputs, for: .attention)
    let kernelType = isNarrow ? common : .float32
    let read: @Sendable (KernelOperand) -> Tensor = { isNarrow ? $0.narrowInput : $0.kernelInput }
    let operands: @Sendable () -> [Tensor] = { inputs.map { read($0).withNeighbouringElements() } }
    let visible = mask.map {
      [$0.detached().cast(to: .bool).expanded(to: [sizes.batch, sizes.heads, sizes.queries, sizes.keys])]
    }
    let results = Tensor.run(
      .attention(sizes), operands() + (visible ?? []),
      outputs: [
        ([sizes.batch, sizes.queries, sizes.heads, sizes.valueWidth], kernelType),
        ([sizes.batch, sizes.heads, sizes.queries, 2], .float32),
      ])
    let output = KernelOperand(results[0].stored(as: common).transposed(1, 2))
    let norms = results[1]
    return output.tensor.recorded("attention", inputs.map(\.tensor)) { gradient, _ in
      if GradientMode.isRecording {
        let again = inputs[0].wide.composedAttention(sizes, inputs[1].wide, inputs[2].wide, mask: mask)
        let wanted = inputs.map(\.tensor).filter { $0.node != nil }
        var found = again.gradients(of: wanted, upstream: gradient, creatingGraph: true)[...]
        return inputs.map { $0.tensor.node == nil ? nil : found.removeFirst() }
      }
      return zip(
        inputs,
        Tensor.run(
          .attentionBackward(sizes),
          [gradient.cast(to: kernelType).withNeighbouringElements()] + operands()
            + [read(output), norms] + (visible ?? []),
          outputs: [
            ([sizes.batch, sizes.queries, sizes.heads, sizes.width], kernelType),
            ([sizes.batch, sizes.keys, sizes.keyHeads, sizes.width], kernelType),
            ([sizes.batch, sizes.keys, sizes.keyHeads, sizes.valueWidth], kernelType),
          ])
      ).map { $1.stored(as: $0.dtype).transposed(1, 2) }
    }
  }

  /// The tensor itself where elements of the last axis are neighbours in memory, else a copy.
  private func withNeighbouringElements() -> Tensor {
    layout.strides[rank - 1] == 1 || shape[rank - 1] == 1 ? self : contiguous()
  }
}

extension Attention {
  /// Whether there are kernels for these sizes.
  fileprivate var hasKernel: Bool {
    let sizes = [batch, heads, queries, keys, width, valueWidth]
    return sizes.allSatisfy { $0 > 0 } && Swift.max(width, valueWidth) <= 256
  }
}
