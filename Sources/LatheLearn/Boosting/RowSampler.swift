import LatheCore

/// Chooses the rows of each tree.
struct RowSampler {
  private let configuration: BoostingConfiguration
  private let rows: Int
  private var random: RandomSource
  private var current: [UInt32]?

  init(_ configuration: BoostingConfiguration, rows: Int) {
    self.configuration = configuration
    self.rows = rows
    random = RandomSource(seed: configuration.seed, stream: 1)
  }

  /// The rows of a round, rising, or nil for all; derivatives of those that stand for others are enlarged.
  mutating func rows(
    round: Int, gradients: UnsafeMutableBufferPointer<Float>, hessians: UnsafeMutableBufferPointer<Float>
  ) -> [UInt32]? {
    switch configuration.sampling {
    case .none: return nil
    case .bagging(let fraction, let every):
      if fraction >= 1 { return nil }
      if round % max(every, 1) == 0 {
        let count = max(1, Int(fraction * Double(rows)))
        current = random.sample(count, of: rows).map { UInt32($0) }
      }
      return current
    case .goss(let top, let other):
      // At first all gradients are large.
      if Double(round) < 1 / configuration.learningRate { return nil }
      return largest(top, other, gradients, hessians)
    }
  }

  private mutating func largest(
    _ top: Double, _ other: Double, _ gradients: UnsafeMutableBufferPointer<Float>,
    _ hessians: UnsafeMutableBufferPointer<Float>
  ) -> [UInt32] {
    let outputs = gradients.count / max(rows, 1)
    var sizes = [Float](repeating: 0, count: rows)
    for k in 0..<outputs {
      for i in 0..<rows { sizes[i] += abs(gradients[k * rows + i] * hessians[k * rows + i]) }
    }
    let topCount = max(1, Int(Double(rows) * top))
    let otherCount = Int(Double(rows) * other)
    let threshold = sizes.sorted(by: >)[topCount - 1]
    let factor = Float(Double(rows - topCount) / Double(max(otherCount, 1)))
    var chosen: [UInt32] = []
    var (restRows, restWanted) = (rows - topCount, otherCount)
    for i in 0..<rows {
      if sizes[i] >= threshold {
        chosen.append(UInt32(i))
        continue
      }
      if restWanted > 0, random.below(max(restRows, 1)) < restWanted {
        chosen.append(UInt32(i))
        restWanted -= 1
        for k in 0..<outputs {
          gradients[k * rows + i] *= factor
          hessians[k * rows + i] *= factor
        }
      }
      restRows -= 1
    }
    return chosen
  }
}
