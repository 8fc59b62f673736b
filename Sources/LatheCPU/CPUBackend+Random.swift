import CPUKernels
import LatheCore

extension CPUBackend {
  package func random(
    _ distribution: RandomDistribution, key: RandomKey, inputs: [Operand], outputs: [Operand]
  )
    throws
  {
    counters.launched()
    let y = outputs[0].pointer(as: Float.self)
    forRandomBlocks(outputs[0].elementCount, key) { range, words in
      let to = y + range.lowerBound
      switch distribution {
      case .uniform(let low, let high):
        let ends = UniformInterval(low: low, high: high)
        lathe_uniform(
          to, words, range.count,
          lathe_interval(low: ends.low, width: ends.width, scale: ends.scale, limit: ends.limit))
      case .bernoulli(let probability): lathe_bernoulli(to, words, range.count, probability)
      case .normal(let mean, let deviation):
        let whole = range.count / 4 * 4
        lathe_normal(to, words, whole, mean, deviation)
        if whole < range.count {
          withUnsafeTemporaryAllocation(of: Float.self, capacity: 4) { block in
            lathe_normal(block.baseAddress, words + whole, 4, mean, deviation)
            for i in whole..<range.count { to[i] = block[i - whole] }
          }
        }
      }
    }
  }

  package func dropout(probability: Float, key: RandomKey, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    let x = inputs[0].pointer(as: Float.self)
    let y = outputs[0].pointer(as: Float.self)
    forRandomBlocks(outputs[0].elementCount, key) { range, words in
      lathe_dropout(
        y + range.lowerBound, x + range.lowerBound, words, range.count, probability, 1 - probability)
    }
  }

  /// Hands ranges of at most 1024 elements, with their random words, to `body`, on several threads.
  private func forRandomBlocks(
    _ count: Int, _ key: RandomKey, _ body: (Range<Int>, UnsafePointer<UInt32>) -> Void
  ) {
    let block = 1024
    ThreadPool.shared.parallelFor(count, grain: 8 * block) { range in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: block) { buffer in
        guard let words = buffer.baseAddress else { return }
        for begin in stride(from: range.lowerBound, to: range.upperBound, by: block) {
          let end = min(begin + block, range.upperBound)
          lathe_philox(words, key.seed, key.offset, begin, end)
          body(begin..<end, UnsafePointer(words))
        }
      }
    }
  }
}
