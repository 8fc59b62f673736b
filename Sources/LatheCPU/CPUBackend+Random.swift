import CPUKernels
import LatheCore

extension CPUBackend {
  func random(
    _ distribution: RandomDistribution, key: RandomKey, inputs: [Operand], outputs: [Operand]
  ) throws {
    counters.launched()
    let out = outputs[0].pointer(as: Float.self)
    ThreadPool.shared.parallelFor(outputs[0].elementCount, grain: 1 << 14) { range in
      let (start, count) = (out + range.lowerBound, range.count)
      switch distribution {
      case .uniform(let low, let high):
        lathe_random_uniform(start, range.lowerBound, count, key.seed, key.offset, low, high)
      case .normal(let mean, let deviation):
        lathe_random_normal(start, range.lowerBound, count, key.seed, key.offset, mean, deviation)
      case .bernoulli(let probability):
        lathe_random_bernoulli(start, range.lowerBound, count, key.seed, key.offset, probability)
      }
    }
  }

  func dropout(probability: Float, key: RandomKey, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    let x = inputs[0].pointer(as: Float.self)
    let out = outputs[0].pointer(as: Float.self)
    ThreadPool.shared.parallelFor(outputs[0].elementCount, grain: 1 << 14) { range in
      lathe_dropout(
        x + range.lowerBound, out + range.lowerBound, range.lowerBound, range.count, key.seed, key.offset,
        probability,
        1 / (1 - probability))
    }
  }
}
