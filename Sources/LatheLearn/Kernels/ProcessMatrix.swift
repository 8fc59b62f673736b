import LatheCPU
import LatheCore

/// A kernel's values at all pairs of rows.
enum ProcessMatrix {
  /// K, row after row, and for each setting the derivatives by its logarithm.
  static func whole(_ x: DenseRows, _ kernel: ProcessKernel, gradients: Bool) -> (
    k: [Double], slopes: [[Double]]
  ) {
    let (rows, settings) = (x.rows, kernel.theta.count)
    var k = [Double](repeating: 0, count: rows * rows)
    var slopes = [Double](repeating: 0, count: gradients ? settings * rows * rows : 0)
    k.withUnsafeMutableBufferPointer { k in
      slopes.withUnsafeMutableBufferPointer { slopes in
        nonisolated(unsafe) let (k, slopes) = (k, slopes)
        ThreadPool.shared.parallelFor(rows, grain: 8) { range in
          var own = [Double](repeating: 0, count: settings)
          x.values.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress else { return }
            for i in range {
              for j in 0..<rows {
                k[i * rows + j] = kernel.value(
                  start + i * x.columns, start + j * x.columns, x.columns, isSame: i == j, &own, from: 0,
                  wanted: gradients)
                if gradients { for s in 0..<settings { slopes[(s * rows + i) * rows + j] = own[s] } }
              }
            }
          }
        }
      }
    }
    let size = rows * rows
    return (k, gradients ? (0..<settings).map { Array(slopes[$0 * size..<($0 + 1) * size]) } : [])
  }

  /// The kernel of a row with all others.
  static func row(_ point: UnsafePointer<Double>, _ x: DenseRows, _ kernel: ProcessKernel) -> [Double] {
    var none: [Double] = []
    return x.values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return [] }
      return (0..<x.rows).map {
        kernel.value(point, start + $0 * x.columns, x.columns, isSame: false, &none, from: 0, wanted: false)
      }
    }
  }

  /// The settings with the largest value, within e^-11.5 and e^11.5 as scikit-learn's; the best of several starts.
  ///
  /// - Parameter evaluate: The value at logarithms of settings; writes its derivatives. Nil where it has none.
  static func best(
    _ kernel: ProcessKernel, restarts: Int, seed: UInt64, _ evaluate: ([Double], inout [Double]) -> Double?
  ) -> ProcessKernel {
    let (low, high) = (logarithm(1e-5), logarithm(1e5))
    // Settings between limits as logistic functions of numbers without.
    func inside(_ t: Double) -> Double { low + (high - low) * logistic(t) }
    func outside(_ theta: Double) -> Double {
      let share = min(max((theta - low) / (high - low), 1e-9), 1 - 1e-9)
      return logarithm(share / (1 - share))
    }
    var random = RandomSource(seed: seed)
    var starts = [kernel.theta]
    for _ in 0..<restarts { starts.append(kernel.theta.map { _ in low + (high - low) * random.uniform() }) }
    var found: (value: Double, theta: [Double])?
    for start in starts {
      func negative(_ point: [Double], _ gradient: inout [Double]) -> Double {
        let theta = point.map { inside($0) }
        guard let value = evaluate(theta, &gradient) else { return .infinity }
        for i in gradient.indices {
          let share = logistic(point[i])
          gradient[i] *= -(high - low) * share * (1 - share)
        }
        return -value
      }
      let result = LBFGS(maxIterations: 200, tolerance: 1e-5).minimize(
        from: start.map { outside($0) }, negative)
      let theta = result.point.map { inside($0) }
      var gradient = theta
      guard let value = evaluate(theta, &gradient) else { continue }
      if value > found?.value ?? -.infinity { found = (value, theta) }
    }
    return found.map { kernel.with(theta: $0.theta) } ?? kernel
  }
}
