/// Minimises functions of few parameters whose derivatives are taken from differences.
enum SmoothMinimum {
  /// The best point that L-BFGS reaches from several starts.
  static func find(
    from starts: [[Double]], iterations: Int = 200, _ function: ([Double]) -> Double
  ) -> (point: [Double], value: Double) {
    func minimum(_ start: [Double], _ iterations: Int) -> (point: [Double], value: Double) {
      let found = LBFGS(maxIterations: iterations, tolerance: 1e-9).minimize(from: start) { point, gradient in
        var moved = point
        for i in point.indices {
          let step = 6e-6 * max(1, abs(point[i]))
          moved[i] = point[i] + step
          let high = function(moved)
          moved[i] = point[i] - step
          let low = function(moved)
          moved[i] = point[i]
          gradient[i] = (high - low) / (2 * step)
        }
        return function(point)
      }
      return (found.point, function(found.point))
    }
    if starts.count == 1 { return minimum(starts[0], iterations) }
    // A few steps show which start leads lowest.
    var best = (point: starts[0], value: Double.infinity)
    for start in starts {
      let found = minimum(start, min(25, iterations))
      if found.value < best.value { best = found }
    }
    let found = minimum(best.point, iterations)
    if found.value < best.value { best = found }
    return best
  }
}
