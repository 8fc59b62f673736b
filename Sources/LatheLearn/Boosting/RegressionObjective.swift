import LatheCPU
import LatheCore

/// The losses of a single number.
struct RegressionObjective: BoostingObjective {
  let loss: BoostingLoss
  let targets: [Double]
  let weights: [Double]?
  var outputs: Int { 1 }

  func initialScores() -> [Double] {
    switch loss {
    case .absolute: [quantile(targets, weights, 0.5)]
    case .quantile(let alpha): [quantile(targets, weights, alpha)]
    case .poisson: [logarithm(max(mean, .leastNormalMagnitude))]
    default: [mean]
    }
  }

  private var mean: Double {
    guard let weights else { return targets.reduce(0, +) / Double(targets.count) }
    return zip(targets, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
  }

  private func quantile(_ values: [Double], _ weights: [Double]?, _ alpha: Double) -> Double {
    if let weights { return Quantiles.quantile(values, weights: weights, alpha) }
    return Quantiles.quantile(values, alpha)
  }

  func derivatives(
    scores: UnsafeBufferPointer<Double>, gradients: UnsafeMutableBufferPointer<Float>,
    hessians: UnsafeMutableBufferPointer<Float>
  ) {
    func fill(_ rule: (_ score: Double, _ target: Double) -> (Double, Double)) {
      ThreadPool.shared.parallelFor(targets.count, grain: 4096) { rows in
        for i in rows {
          let (g, h) = rule(scores[i], targets[i])
          let weight = weights?[i] ?? 1
          gradients[i] = Float(g * weight)
          hessians[i] = Float(h * weight)
        }
      }
    }
    switch loss {
    case .absolute: fill { ($0 > $1 ? 1 : $0 < $1 ? -1 : 0, 1) }
    case .quantile(let alpha): fill { ($0 >= $1 ? 1 - alpha : -alpha, 1) }
    case .huber(let limit): fill { (min(max($0 - $1, -limit), limit), 1) }
    case .poisson: fill { (exponential($0) - $1, exponential($0 + 0.7)) }
    default: fill { ($0 - $1, 1) }
    }
  }

  func leafOutput(rows: UnsafeBufferPointer<UInt32>, scores: UnsafePointer<Double>) -> Double? {
    let alpha: Double
    switch loss {
    case .absolute: alpha = 0.5
    case .quantile(let value): alpha = value
    default: return nil
    }
    let rest = rows.map { targets[Int($0)] - scores[Int($0)] }
    return quantile(rest, weights.map { weights in rows.map { weights[Int($0)] } }, alpha)
  }
}
