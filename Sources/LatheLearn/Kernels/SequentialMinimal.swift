/// Minimises a^T Q a / 2 + p^T a with y^T a = 0 and 0 <= a <= c, two variables at a time: libsvm's algorithm with working sets
/// by second-order information (Fan, Chen and Lin, 2005).
///
/// Q[i][j] = y[i] y[j] K[i][j], where variable i belongs to row i modulo the number of rows.
struct SequentialMinimal {
  let kernel: KernelRows
  let y: [Double]
  let p: [Double]
  let c: [Double]
  let tolerance: Double
  let maxIterations: Int

  struct Result {
    var alpha: [Double]
    var rho: Double
    var hasConverged: Bool
  }

  func solve() -> Result {
    let count = y.count
    let rows = kernel.x.rows
    var alpha = [Double](repeating: 0, count: count)
    var gradient = p
    let diagonal = kernel.diagonal
    var iterations = 0
    var hasConverged = false
    while iterations < maxIterations {
      // The variable that may grow towards y and violates most.
      var (most, i) = (-Double.infinity, -1)
      for t in 0..<count {
        let isUp = y[t] > 0 ? alpha[t] < c[t] : alpha[t] > 0
        if isUp, -y[t] * gradient[t] >= most { (most, i) = (-y[t] * gradient[t], t) }
      }
      if i < 0 {
        hasConverged = true
        break
      }
      let rowI = kernel.row(i % rows)
      var (least, lower, j) = (Double.infinity, -Double.infinity, -1)
      for t in 0..<count {
        let isLow = y[t] > 0 ? alpha[t] > 0 : alpha[t] < c[t]
        guard isLow else { continue }
        let slope = y[t] * gradient[t]
        lower = max(lower, slope)
        let difference = most + slope
        guard difference > 0 else { continue }
        let bend = diagonal[i % rows] + diagonal[t % rows] - 2 * rowI[t % rows]
        let gain = -difference * difference / (bend > 0 ? bend : 1e-12)
        if gain <= least { (least, j) = (gain, t) }
      }
      if most + lower < tolerance || j < 0 {
        hasConverged = true
        break
      }
      iterations += 1
      let rowJ = kernel.row(j % rows)
      let (oldI, oldJ) = (alpha[i], alpha[j])
      step(&alpha, gradient, i, j, kernelIJ: rowI[j % rows], diagonal[i % rows], diagonal[j % rows])
      let changeI = (alpha[i] - oldI) * y[i]
      let changeJ = (alpha[j] - oldJ) * y[j]
      gradient.withUnsafeMutableBufferPointer { gradient in
        for first in stride(from: 0, to: count, by: rows) {
          for t in 0..<rows { gradient[first + t] += y[first + t] * (changeI * rowI[t] + changeJ * rowJ[t]) }
        }
      }
    }
    return Result(alpha: alpha, rho: rho(alpha, gradient), hasConverged: hasConverged)
  }

  /// The best values of two variables, kept within their limits.
  private func step(
    _ alpha: inout [Double], _ gradient: [Double], _ i: Int, _ j: Int, kernelIJ: Double, _ kernelII: Double,
    _ kernelJJ: Double
  ) {
    let bend = kernelII + kernelJJ - 2 * kernelIJ
    let curvature = bend > 0 ? bend : 1e-12
    let (ci, cj) = (c[i], c[j])
    if y[i] != y[j] {
      let delta = (-gradient[i] - gradient[j]) / curvature
      let difference = alpha[i] - alpha[j]
      alpha[i] += delta
      alpha[j] += delta
      if difference > 0 {
        if alpha[j] < 0 { (alpha[j], alpha[i]) = (0, difference) }
      } else if alpha[i] < 0 {
        (alpha[i], alpha[j]) = (0, -difference)
      }
      if difference > ci - cj {
        if alpha[i] > ci { (alpha[i], alpha[j]) = (ci, ci - difference) }
      } else if alpha[j] > cj {
        (alpha[j], alpha[i]) = (cj, cj + difference)
      }
    } else {
      let delta = (gradient[i] - gradient[j]) / curvature
      let sum = alpha[i] + alpha[j]
      alpha[i] -= delta
      alpha[j] += delta
      if sum > ci {
        if alpha[i] > ci { (alpha[i], alpha[j]) = (ci, sum - ci) }
      } else if alpha[j] < 0 {
        (alpha[j], alpha[i]) = (0, sum)
      }
      if sum > cj {
        if alpha[j] > cj { (alpha[j], alpha[i]) = (cj, sum - cj) }
      } else if alpha[i] < 0 {
        (alpha[i], alpha[j]) = (0, sum)
      }
    }
  }

  /// The constant: the mean of what variables within their limits say, else the middle of what the others allow.
  private func rho(_ alpha: [Double], _ gradient: [Double]) -> Double {
    var (upper, lower, sum, free) = (Double.infinity, -Double.infinity, 0.0, 0)
    for t in alpha.indices {
      let value = y[t] * gradient[t]
      if alpha[t] >= c[t] {
        if y[t] < 0 { upper = min(upper, value) } else { lower = max(lower, value) }
      } else if alpha[t] <= 0 {
        if y[t] > 0 { upper = min(upper, value) } else { lower = max(lower, value) }
      } else {
        free += 1
        sum += value
      }
    }
    return free > 0 ? sum / Double(free) : (upper + lower) / 2
  }
}
