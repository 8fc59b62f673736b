import LatheCore
import LatheCPU
import Testing

@Suite struct NormalizationTests {
  @Test(arguments: [1, 7, 31, 33, 64, 65, 768], [true, false]) func layerNorm(columns: Int, affine: Bool)
    throws
  {
    for rows in [1, 7, 65, 300] {
      var numbers = Numbers(rows + columns)
      let count = rows * columns
      // A large mean: the variance must not be computed from the sum of squares.
      let x = numbers.floats(count).map { $0 + 100 }
      let dy = numbers.floats(count)
      let (weight, bias) = (numbers.floats(columns), numbers.floats(columns))
      let epsilon = 1e-2
      var (y, means, rstds, dx) = ([Double](), [Double](), [Double](), [Double]())
      var dweight = [Double](repeating: 0, count: columns)
      var dbias = dweight
      for row in 0..<rows {
        let values = x[row * columns..<(row + 1) * columns].map(Double.init)
        let mean = values.reduce(0, +) / Double(columns)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
        let rstd = 1 / (variance + epsilon).squareRoot()
        let normal = values.map { ($0 - mean) * rstd }
        let g = dy[row * columns..<(row + 1) * columns].map(Double.init)
        let d = g.enumerated().map { affine ? $1 * Double(weight[$0]) : $1 }
        let (sum, product) = (d.reduce(0, +), zip(d, normal).map { $0 * $1 }.reduce(0, +))
        for j in 0..<columns {
          y.append(affine ? normal[j] * Double(weight[j]) + Double(bias[j]) : normal[j])
          dx.append(rstd * (d[j] - sum / Double(columns) - normal[j] * product / Double(columns)))
          dweight[j] += g[j] * normal[j]
          dbias[j] += g[j]
        }
        means.append(mean)
        rstds.append(rstd)
      }
      let extra = affine ? [try Kernel.operand(weight), try Kernel.operand(bias)] : []
      let input = try Kernel.operand(x)
      let (out, mean, rstd) = (try Kernel.output(count), try Kernel.output(rows), try Kernel.output(rows))
      try CPUBackend.shared.run(
        .layerNorm(rows: rows, columns: columns, epsilon: Float(epsilon), affine: affine),
        inputs: [input] + extra,
        outputs: [out, mean, rstd])
      let what = "[\(rows), \(columns)]"
      // One unit in the last place of the mean, 100, is 7.6e-6, times a deviation of up to 1/10.
      expectClose(try Kernel.floats(mean), means, "mean \(what)")
      expectClose(try Kernel.floats(rstd), rstds, tolerance: 1e-4, "deviation \(what)")
      expectClose(try Kernel.floats(out), y, tolerance: 1e-4, "layer norm \(what)")
      let gradients = [try Kernel.output(count), try Kernel.output(columns), try Kernel.output(columns)]
      try CPUBackend.shared.run(
        .layerNormBackward(rows: rows, columns: columns, affine: affine),
        inputs: [try Kernel.operand(dy), input, mean, rstd] + extra.prefix(1),
        outputs: affine ? gradients : [gradients[0]])
      expectClose(try Kernel.floats(gradients[0]), dx, tolerance: 1e-4, scale: 10, "dx \(what)")
      if affine {
        expectClose(try Kernel.floats(gradients[1]), dweight, tolerance: 1e-4, scale: 30, "dweight \(what)")
        expectClose(try Kernel.floats(gradients[2]), dbias, tolerance: 1e-6, scale: 30, "dbias \(what)")
      }
    }
  }
}
