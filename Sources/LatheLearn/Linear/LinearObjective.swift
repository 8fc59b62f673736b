import CPUKernels

/// What linear models minimise besides the penalty.
enum LinearLoss: Sendable {
  /// The log loss of classes 0 and 1.
  case logistic
  /// The log loss of several classes, each with scores of its own.
  case multinomial(Int)
  /// Half the deviance of counts whose logarithm is the score.
  case poisson
  /// The square of what a score lacks to 1 on its side; targets are -1 and 1.
  case squaredHinge

  var outputs: Int {
    if case .multinomial(let classes) = self { return classes }
    return 1
  }

  /// Adds up a block's losses and writes their derivatives by the scores.
  func add(
    _ scores: UnsafeMutablePointer<Double>, _ targets: UnsafePointer<Double>,
    _ weights: UnsafePointer<Double>?, _ count: Int, _ gradients: UnsafeMutablePointer<Double>
  ) -> Double {
    switch self {
    case .logistic: return lathe_linear_log_loss(scores, targets, weights, count, gradients)
    case .multinomial(let classes):
      var sum = 0.0
      for i in 0..<count {
        let s = scores + i * classes
        let g = gradients + i * classes
        let weight = weights?[i] ?? 1
        let own = Int(targets[i])
        var most = s[0]
        for k in 1..<classes { most = max(most, s[k]) }
        var total = 0.0
        for k in 0..<classes {
          g[k] = exponential(s[k] - most)
          total += g[k]
        }
        sum += weight * (logarithm(total) + most - s[own])
        for k in 0..<classes { g[k] *= weight / total }
        g[own] -= weight
      }
      return sum
    case .poisson:
      var sum = 0.0
      for i in 0..<count {
        let weight = weights?[i] ?? 1
        let mean = exponential(scores[i])
        sum += weight * (mean - targets[i] * scores[i])
        gradients[i] = weight * (mean - targets[i])
      }
      return sum
    case .squaredHinge:
      var sum = 0.0
      for i in 0..<count {
        let weight = weights?[i] ?? 1
        let lack = max(0, 1 - targets[i] * scores[i])
        sum += weight * lack * lack
        gradients[i] = -2 * weight * targets[i] * lack
      }
      return sum
    }
  }
}

/// The mean loss of rows plus half the squared weights by a factor, and its gradient, in one pass over the rows.
///
/// Parameters are the weights of each output, then the outputs' intercepts.
struct LinearObjective: Sendable {
  let x: DenseRows
  let targets: [Double]
  let weights: [Double]?
  let loss: LinearLoss
  let fitsIntercept: Bool
  /// The factor of the penalty.
  let l2: Double
  /// Whether intercepts are penalised, too.
  var penalizesIntercept = false

  /// The sum of all rows' weights.
  var weightSum: Double { weights?.reduce(0, +) ?? Double(x.rows) }

  var parameterCount: Int { loss.outputs * (x.columns + (fitsIntercept ? 1 : 0)) }

  /// The value; writes the gradient.
  func evaluate(_ parameters: [Double], gradient: inout [Double]) -> Double {
    let outputs = loss.outputs
    let columns = x.columns
    let inWeights = outputs * columns
    let scale = 1 / weightSum
    // Gradients of weights, then of intercepts, then the value.
    let sums = targets.withUnsafeBufferPointer { targets in
      (weights ?? []).withUnsafeBufferPointer { weights in
        parameters.withUnsafeBufferPointer { parameters in
          x.sum(inWeights + outputs + 1) { range, rows, sums in
            guard let targets = targets.baseAddress, let w = parameters.baseAddress else { return }
            let count = range.count
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * count * outputs) { room in
              guard let scores = room.baseAddress else { return }
              let gradients = scores + count * outputs
              lathe_linear_scores(rows, count, columns, w, outputs, scores)
              if fitsIntercept {
                for i in 0..<count {
                  for k in 0..<outputs { scores[i * outputs + k] += w[inWeights + k] }
                }
              }
              sums[inWeights + outputs] += loss.add(
                scores, targets + range.lowerBound,
                weights.isEmpty ? nil : weights.baseAddress.map { $0 + range.lowerBound }, count, gradients)
              lathe_linear_gradient(rows, count, columns, gradients, outputs, sums)
              if fitsIntercept {
                for i in 0..<count {
                  for k in 0..<outputs { sums[inWeights + k] += gradients[i * outputs + k] }
                }
              }
            }
          }
        }
      }
    }
    var value = sums[inWeights + outputs] * scale
    let penalized = penalizesIntercept ? parameterCount : inWeights
    for i in 0..<parameterCount {
      gradient[i] = sums[i] * scale
      guard i < penalized else { continue }
      value += 0.5 * l2 * parameters[i] * parameters[i]
      gradient[i] += l2 * parameters[i]
    }
    return value
  }
}
