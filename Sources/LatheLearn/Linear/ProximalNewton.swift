import CPUKernels

/// Minimises a mean loss with a penalty of absolute weights: Newton's steps, of which each is found by coordinate descent
/// (Friedman, Hastie and Tibshirani, 2010), one output after the other.
struct ProximalNewton {
  let objective: LinearObjective
  /// The factor of absolute weights; intercepts have none.
  let l1: Double
  let maxIterations: Int
  let tolerance: Double

  /// Parameters in the order of `LinearObjective`.
  func minimize() -> LBFGS.Result {
    let columns = objective.x.columns
    let outputs = objective.loss.outputs
    var point = [Double](repeating: 0, count: objective.parameterCount)
    var gradient = point
    var value = objective.evaluate(point, gradient: &gradient) + penalty(point)
    for iteration in 0..<maxIterations {
      var change = 0.0
      for output in 0..<outputs {
        // The places of an output's parameters.
        var places = Array(output * columns..<(output + 1) * columns)
        if objective.fitsIntercept { places.append(outputs * columns + output) }
        let step = newtonStep(point, gradient, places, output)
        if step.allSatisfy({ $0 == 0 }) { continue }
        // What the step promises, of which a part must come true.
        var promise = 0.0
        for (place, delta) in zip(places, step) {
          promise += gradient[place] * delta
          if place < outputs * columns { promise += l1 * (abs(point[place] + delta) - abs(point[place])) }
        }
        var factor = 1.0
        for _ in 0..<40 {
          var next = point
          for (place, delta) in zip(places, step) { next[place] += factor * delta }
          var nextGradient = gradient
          let nextValue = objective.evaluate(next, gradient: &nextGradient) + penalty(next)
          if nextValue <= value + 1e-4 * factor * promise + 1e-15 * max(1, abs(value)) {
            for (a, b) in zip(point, next) { change = max(change, abs(a - b)) }
            (point, gradient, value) = (next, nextGradient, nextValue)
            break
          }
          factor /= 2
        }
      }
      let largest = point.reduce(0) { max($0, abs($1)) }
      if change <= tolerance * largest || change == 0 {
        return LBFGS.Result(point: centered(point), iterations: iteration + 1, hasConverged: true)
      }
    }
    return LBFGS.Result(point: centered(point), iterations: maxIterations, hasConverged: false)
  }

  /// What is added to the constants of all classes changes nothing; their sum is made 0.
  private func centered(_ point: [Double]) -> [Double] {
    let outputs = objective.loss.outputs
    guard outputs > 1, objective.fitsIntercept else { return point }
    let inWeights = outputs * objective.x.columns
    let mean = point[inWeights...].reduce(0, +) / Double(outputs)
    return Array(point[..<inWeights]) + point[inWeights...].map { $0 - mean }
  }

  private func penalty(_ point: [Double]) -> Double {
    var sum = 0.0
    for i in 0..<objective.loss.outputs * objective.x.columns { sum += abs(point[i]) }
    return l1 * sum
  }

  /// The minimum of the second-order model of one output's parameters.
  private func newtonStep(
    _ point: [Double], _ gradient: [Double], _ places: [Int], _ output: Int
  ) -> [Double] {
    let columns = objective.x.columns
    let size = places.count
    let hessian = hessian(point, output)
    var step = [Double](repeating: 0, count: size)
    // The Hessian times the step.
    var bend = step
    for _ in 0..<1000 {
      var (largest, largestChange) = (0.0, 0.0)
      for j in 0..<size {
        let curvature = hessian[j * size + j]
        guard curvature > 0 else { continue }
        let old = point[places[j]] + step[j]
        let pull = curvature * old - gradient[places[j]] - bend[j]
        let new = j < columns ? max(abs(pull) - l1, 0) * (pull < 0 ? -1 : 1) / curvature : pull / curvature
        let delta = new - old
        largest = max(largest, abs(new))
        guard delta != 0 else { continue }
        step[j] += delta
        hessian.withUnsafeBufferPointer { hessian in
          guard let row = hessian.baseAddress else { return }
          lathe_linear_add(delta, row + j * size, &bend, size)
        }
        largestChange = max(largestChange, abs(delta))
      }
      if largestChange <= 1e-13 * max(largest, 1e-300) { break }
    }
    return step
  }

  /// Second derivatives by an output's weights and its intercept.
  private func hessian(_ point: [Double], _ output: Int) -> [Double] {
    let x = objective.x
    let columns = x.columns
    let outputs = objective.loss.outputs
    var scores = x.scores(Array(point[..<(outputs * columns)]), outputs: outputs)
    if objective.fitsIntercept {
      for i in scores.indices { scores[i] += point[outputs * columns + i % outputs] }
    }
    let scale = 1 / objective.weightSum
    let curvatures = (0..<x.rows).map { row -> Double in
      let p: Double
      if outputs == 1 {
        p = logistic(scores[row])
      } else {
        var shares = Array(scores[row * outputs..<(row + 1) * outputs])
        softmax(&shares)
        p = shares[output]
      }
      return p * (1 - p) * scale * (objective.weights?[row] ?? 1)
    }
    let gram = x.gram(curvatures)
    let size = columns + (objective.fitsIntercept ? 1 : 0)
    var result = [Double](repeating: 0, count: size * size)
    for i in 0..<columns {
      for j in 0..<columns { result[i * size + j] = gram[i * columns + j] }
      result[i * size + i] += objective.l2
    }
    if objective.fitsIntercept {
      for (j, value) in x.weightedSum(curvatures).enumerated() {
        result[j * size + columns] = value
        result[columns * size + j] = value
      }
      result[size * size - 1] = curvatures.reduce(0, +)
    }
    return result
  }
}
