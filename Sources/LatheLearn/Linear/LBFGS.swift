/// Minimises a smooth function by L-BFGS with ten pairs (Liu and Nocedal, 1989), and steps that satisfy Wolfe's conditions.
struct LBFGS {
  /// The most iterations.
  var maxIterations: Int
  /// The largest derivative at which a point counts as the minimum.
  var tolerance: Double

  struct Result {
    var point: [Double]
    var iterations: Int
    var hasConverged: Bool
  }

  typealias Function = (_ point: [Double], _ gradient: inout [Double]) -> Double

  /// A point on the way, with value and gradient.
  private struct Place {
    var step = 0.0
    var point: [Double]
    var value: Double
    var gradient: [Double]
    /// The derivative along the direction.
    var slope = 0.0
  }

  func minimize(from start: [Double], _ function: Function) -> Result {
    var gradient = start
    let value = function(start, &gradient)
    var here = Place(point: start, value: value, gradient: gradient)
    var pairs: [(s: [Double], y: [Double], rho: Double)] = []
    for iteration in 0..<maxIterations {
      if isFlat(here.gradient) { return Result(point: here.point, iterations: iteration, hasConverged: true) }
      var direction = Self.direction(here.gradient, pairs)
      here.slope = Self.dot(direction, here.gradient)
      if !(here.slope < 0) {
        pairs = []
        direction = here.gradient.map { -$0 }
        here.slope = Self.dot(direction, here.gradient)
      }
      let first = pairs.isEmpty ? min(1, 1 / Self.dot(direction, direction).squareRoot()) : 1
      guard let next = search(here, direction, first: first, function) else {
        // Rounding hides what is left to gain, unless old pairs led astray.
        if pairs.isEmpty {
          return Result(point: here.point, iterations: iteration, hasConverged: isNearlyFlat(here.gradient))
        }
        pairs = []
        continue
      }
      let s = zip(next.point, here.point).map { $0 - $1 }
      let y = zip(next.gradient, here.gradient).map { $0 - $1 }
      let curvature = Self.dot(s, y)
      if curvature > 2.2e-16 * Self.dot(y, y) {
        pairs.append((s, y, 1 / curvature))
        if pairs.count > 10 { pairs.removeFirst() }
      }
      here = next
      here.step = 0
    }
    return Result(point: here.point, iterations: maxIterations, hasConverged: isFlat(here.gradient))
  }

  private func isFlat(_ gradient: [Double]) -> Bool { gradient.allSatisfy { abs($0) <= tolerance } }

  /// As flat as sums in float64 show at best.
  private func isNearlyFlat(_ gradient: [Double]) -> Bool {
    gradient.allSatisfy { abs($0) <= max(tolerance, 1e-9) }
  }

  /// The inverse Hessian that the pairs tell of, times the gradient, downhill.
  private static func direction(
    _ gradient: [Double], _ pairs: [(s: [Double], y: [Double], rho: Double)]
  ) -> [Double] {
    var q = gradient.map { -$0 }
    var factors = [Double](repeating: 0, count: pairs.count)
    for (place, pair) in pairs.enumerated().reversed() {
      factors[place] = pair.rho * dot(pair.s, q)
      for i in q.indices { q[i] -= factors[place] * pair.y[i] }
    }
    if let last = pairs.last {
      let scale = 1 / (last.rho * dot(last.y, last.y))
      for i in q.indices { q[i] *= scale }
    }
    for (place, pair) in pairs.enumerated() {
      let factor = factors[place] - pair.rho * dot(pair.y, q)
      for i in q.indices { q[i] += factor * pair.s[i] }
    }
    return q
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
  }

  /// A step that lowers the value enough and the slope to nine tenths (Nocedal and Wright, algorithms 3.5 and 3.6).
  private func search(_ start: Place, _ direction: [Double], first: Double, _ function: Function) -> Place? {
    func place(_ step: Double) -> Place {
      var point = start.point
      for i in point.indices { point[i] += step * direction[i] }
      var gradient = point
      let value = function(point, &gradient)
      return Place(
        step: step, point: point, value: value, gradient: gradient, slope: Self.dot(direction, gradient))
    }
    // What rounding of the value may hide.
    let slack = 1e-15 * max(1, abs(start.value))
    func isLow(_ p: Place) -> Bool { p.value <= start.value + 1e-4 * p.step * start.slope + slack }
    func isDone(_ p: Place) -> Bool { isLow(p) && abs(p.slope) <= -0.9 * start.slope }
    var low = start
    var high: Place?
    var step = first
    for _ in 0..<40 {
      let p = place(step)
      if isDone(p) { return p }
      if !p.value.isFinite || !isLow(p) || p.value > low.value + slack {
        high = p
      } else {
        let towards = high.map { $0.step - low.step } ?? 1
        if p.slope * towards >= 0 { high = low }
        low = p
      }
      if let high {
        guard abs(high.step - low.step) > 1e-14 * max(1, low.step) else { break }
        step = Self.between(low, high)
      } else {
        step = 4 * p.step
      }
    }
    return low.step > 0 && low.value < start.value ? low : nil
  }

  /// The minimum of the cubic through two places, kept off both ends.
  private static func between(_ low: Place, _ high: Place) -> Double {
    let width = high.step - low.step
    let middle = low.step + width / 2
    guard high.value.isFinite, high.slope.isFinite else { return low.step + width / 10 }
    let d = low.slope + high.slope - 3 * (low.value - high.value) / (low.step - high.step)
    let square = d * d - low.slope * high.slope
    guard square >= 0 else { return middle }
    let root = width < 0 ? -square.squareRoot() : square.squareRoot()
    let found = high.step - width * (high.slope + root - d) / (high.slope - low.slope + 2 * root)
    let share = (found - low.step) / width
    return share.isFinite && share > 0.1 && share < 0.9
      ? found : share.isFinite && share <= 0.1 ? low.step + width / 10 : middle
  }
}
