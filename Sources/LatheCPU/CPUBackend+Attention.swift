import CPUKernels
import LatheCore

extension CPUBackend {
  package func attention(_ sizes: Attention, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    var (sizes, kernel) = (sizes, lathe_attention())
    kernel.q = lathe_attention_rows(inputs[0])
    kernel.k = lathe_attention_rows(inputs[1])
    kernel.v = lathe_attention_rows(inputs[2])
    if sizes.hasMask { kernel.mask = lathe_attention_mask(inputs[3]) }
    kernel.output = lathe_attention_rows(outputs[0].headsFirst)
    kernel.norms = outputs[1].pointer(as: Float.self)
    if sizes.queries == 1, sizes.batch * sizes.keyHeads >= 2 * ThreadPool.shared.threadCount {
      // What is behind a cache: the heads that share keys are a block of queries, so that the keys are read once, if there
      // is enough for all threads. A query's result does not depend on what else is in its block.
      let group = sizes.heads / sizes.keyHeads
      kernel.q.groupHeads(group)
      kernel.output.groupHeads(group)
      kernel.mask.groupHeads(group)
      (sizes.queries, sizes.heads, sizes.isCausal) = (group, sizes.keyHeads, false)
    }
    kernel.take(sizes)
    let work = sizes.keys * (sizes.width + sizes.valueWidth) * min(sizes.queries, 64)
    withUnsafePointer(to: kernel) { kernel in
      ThreadPool.shared.parallelFor(lathe_attention_forward_tasks(kernel), grain: attentionGrain(work)) {
        lathe_attention_forward(kernel, $0.lowerBound, $0.upperBound)
      }
    }
  }

  package func attentionBackward(_ sizes: Attention, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    var kernel = lathe_attention(sizes)
    kernel.d_output = lathe_attention_rows(inputs[0])
    kernel.q = lathe_attention_rows(inputs[1])
    kernel.k = lathe_attention_rows(inputs[2])
    kernel.v = lathe_attention_rows(inputs[3])
    kernel.output = lathe_attention_rows(inputs[4])
    kernel.norms = inputs[5].pointer(as: Float.self)
    if sizes.hasMask { kernel.mask = lathe_attention_mask(inputs[6]) }
    kernel.dq = lathe_attention_rows(outputs[0].headsFirst)
    kernel.dk = lathe_attention_rows(outputs[1].headsFirst)
    kernel.dv = lathe_attention_rows(outputs[2].headsFirst)
    let chunks = lathe_attention_chunks(&kernel)
    let size = outputs[0].elementCount
    if chunks > 1 {
      kernel.partial_dq = lathe_workspace(LATHE_WORKSPACE_PARTIAL, chunks * size)
      if kernel.partial_dq == nil { return }
    }
    let work = sizes.pairs / max(sizes.batch * sizes.keyHeads * chunks, 1) * (sizes.width + sizes.valueWidth)
    withUnsafePointer(to: kernel) { kernel in
      let tasks = sizes.batch * sizes.keyHeads * chunks
      ThreadPool.shared.parallelFor(tasks, grain: attentionGrain(work)) {
        lathe_attention_backward(kernel, $0.lowerBound, $0.upperBound)
      }
      if chunks > 1 {
        ThreadPool.shared.parallelFor(size, grain: 1 << 14) {
          lathe_attention_sum_chunks(kernel, $0.lowerBound, $0.upperBound)
        }
      }
    }
  }

  /// Tasks, of so many multiplications each, that are worth handing to another thread.
  private func attentionGrain(_ work: Int) -> Int { max(1, MatrixProduct.leastForThread / max(work, 1)) }
}

extension lathe_attention {
  fileprivate init(_ sizes: Attention) {
    self.init()
    take(sizes)
  }

  fileprivate mutating func take(_ sizes: Attention) {
    batch = sizes.batch
    heads = sizes.heads
    key_heads = sizes.keyHeads
    queries = sizes.queries
    keys = sizes.keys
    width = sizes.width
    value_width = sizes.valueWidth
    scale = sizes.scale
    causal = sizes.isCausal
  }
}

extension lathe_attention_rows {
  /// Rows [batch, heads, length, elements].
  fileprivate init(_ operand: Operand) {
    let strides = operand.layout.strides
    self.init(
      first: operand.pointer(as: Float.self), batch: strides[0], head: strides[1], row: strides[2])
  }
}

extension lathe_attention_rows {
  /// Takes so many neighbouring heads of one row each for the rows of one head.
  fileprivate mutating func groupHeads(_ count: Int) { (row, head) = (head, head * count) }
}

extension lathe_attention_mask {
  /// Takes so many neighbouring heads of one query each for the queries of one head.
  fileprivate mutating func groupHeads(_ count: Int) { (query, head) = (head, head * count) }

  fileprivate init(_ operand: Operand) {
    let strides = operand.layout.strides
    self.init(
      first: operand.pointer(as: UInt8.self), batch: strides[0], head: strides[1], query: strides[2],
      key: strides[3])
  }
}

extension Operand {
  /// [batch, length, heads, elements] seen as [batch, heads, length, elements].
  fileprivate var headsFirst: Operand {
    var result = self
    result.layout = layout.permuted([0, 2, 1, 3])
    return result
  }
}
