import Foundation
import Lathe

/// Attention over sample values and its gradients in float64, one head at a time.
struct AttentionReference {
  /// q, k and v.
  let inputs = [SampleValues(1), SampleValues(2), SampleValues(3)]
  let upstream = SampleValues(4)
  private let sizes: AttentionSuite.Sizes

  init(_ sizes: AttentionSuite.Sizes) { self.sizes = sizes }

  /// One head's matrices, [length, width] each.
  private func head(_ values: SampleValues, _ index: Int) -> [[Double]] {
    (0..<sizes.length).map { row in
      (0..<sizes.width).map { values.double((index * sizes.length + row) * sizes.width + $0) }
    }
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
  }

  /// Row `row` of softmax(q k^T / sqrt(width)).
  private func weights(_ row: Int, _ q: [Double], _ k: [[Double]]) -> [Double] {
    let scale = 1 / Double(sizes.width).squareRoot()
    let scores = k.enumerated().map { sizes.isCausal && $0 > row ? 0 : exp(dot(q, $1) * scale) }
    let sum = scores.reduce(0, +)
    return scores.map { $0 / sum }
  }

  /// The sum of rows, each times its factor.
  private func combined(_ factors: [Double], _ rows: [[Double]]) -> [Double] {
    var result = [Double](repeating: 0, count: sizes.width)
    for (factor, row) in zip(factors, rows) {
      for i in result.indices { result[i] += factor * row[i] }
    }
    return result
  }

  /// The heads looked at: the first and the last.
  private var heads: [Int] { [0, sizes.batch * sizes.heads - 1] }

  private func add(_ rows: [[Double]], of head: Int, in values: [Float], to error: inout RelativeError) {
    for (row, expected) in rows.enumerated() {
      for (column, value) in expected.enumerated() {
        error.add(values[(head * sizes.length + row) * sizes.width + column], value)
      }
    }
  }

  func error(output: Tensor) throws -> Double {
    let values = try output.hostValues()
    var error = RelativeError()
    for head in heads {
      let (q, k, v) = (self.head(inputs[0], head), self.head(inputs[1], head), self.head(inputs[2], head))
      add(q.enumerated().map { combined(weights($0, $1, k), v) }, of: head, in: values, to: &error)
    }
    return error.value
  }

  func error(gradients: [Tensor]) throws -> Double {
    let values = try gradients.map { try $0.hostValues() }
    var errors = [RelativeError](repeating: RelativeError(), count: 3)
    let scale = 1 / Double(sizes.width).squareRoot()
    for head in heads {
      let (q, k, v) = (self.head(inputs[0], head), self.head(inputs[1], head), self.head(inputs[2], head))
      let g = self.head(upstream, head)
      let zero = [[Double]](
        repeating: [Double](repeating: 0, count: sizes.width), count: sizes.length)
      var (dq, dk, dv) = (zero, zero, zero)
      for row in 0..<sizes.length {
        let p = weights(row, q[row], k)
        let dp = v.map { dot(g[row], $0) }
        let mean = dot(p, dp)
        let ds = zip(p, dp).map { $0 * ($1 - mean) * scale }
        dq[row] = combined(ds, k)
        for column in 0..<sizes.length {
          for i in 0..<sizes.width {
            dk[column][i] += ds[column] * q[row][i]
            dv[column][i] += p[column] * g[row][i]
          }
        }
      }
      for (index, rows) in [dq, dk, dv].enumerated() {
        add(rows, of: head, in: values[index], to: &errors[index])
      }
    }
    return errors.map(\.value).max() ?? .infinity
  }
}
