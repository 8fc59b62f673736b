import CPUKernels
import LatheCPU
import LatheCore

/// The log loss of two classes.
struct BinaryObjective: BoostingObjective {
  let targets: [Float]
  let weights: [Float]?
  var outputs: Int { 1 }

  init(targets: [Double], weights: [Double]?) {
    self.targets = targets.map { Float($0) }
    self.weights = weights.map { $0.map { Float($0) } }
  }

  func initialScores() -> [Double] {
    var (positive, all) = (0.0, 0.0)
    for i in targets.indices {
      let weight = Double(weights?[i] ?? 1)
      all += weight
      if targets[i] > 0 { positive += weight }
    }
    let p = min(max(positive / all, 1e-15), 1 - 1e-15)
    return [logarithm(p / (1 - p))]
  }

  func derivatives(
    scores: UnsafeBufferPointer<Double>, gradients: UnsafeMutableBufferPointer<Float>,
    hessians: UnsafeMutableBufferPointer<Float>
  ) {
    guard let scores = scores.baseAddress, let gradients = gradients.baseAddress,
      let hessians = hessians.baseAddress
    else { return }
    let (from, g, h) = (scores, gradients, hessians)
    targets.withUnsafeBufferPointer { targets in
      (weights ?? []).withUnsafeBufferPointer { weights in
        ThreadPool.shared.parallelFor(targets.count, grain: 4096) { rows in
          let (first, count) = (rows.lowerBound, rows.count)
          guard let targets = targets.baseAddress else { return }
          lathe_tree_log_loss(
            from + first, targets + first, weights.isEmpty ? nil : weights.baseAddress.map { $0 + first },
            count, 1, g + first, h + first)
        }
      }
    }
  }
}

/// The log loss of several classes.
struct MulticlassObjective: BoostingObjective {
  let classes: Int
  let targets: [Int]
  let weights: [Double]?
  var outputs: Int { classes }

  func initialScores() -> [Double] {
    var sums = [Double](repeating: 0, count: classes)
    for i in targets.indices { sums[targets[i]] += weights?[i] ?? 1 }
    let all = sums.reduce(0, +)
    return sums.map { logarithm(max($0 / all, 1e-15)) }
  }

  func derivatives(
    scores: UnsafeBufferPointer<Double>, gradients: UnsafeMutableBufferPointer<Float>,
    hessians: UnsafeMutableBufferPointer<Float>
  ) {
    let rows = targets.count
    let factor = Double(classes) / Double(classes - 1)
    ThreadPool.shared.parallelFor(rows, grain: 1024) { range in
      var p = [Double](repeating: 0, count: classes)
      for i in range {
        for k in 0..<classes { p[k] = scores[k * rows + i] }
        softmax(&p)
        let weight = weights?[i] ?? 1
        for k in 0..<classes {
          gradients[k * rows + i] = Float((p[k] - (targets[i] == k ? 1 : 0)) * weight)
          hessians[k * rows + i] = Float(factor * p[k] * (1 - p[k]) * weight)
        }
      }
    }
  }
}
