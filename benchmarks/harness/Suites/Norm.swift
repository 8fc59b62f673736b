import Lathe

/// Layer and batch normalisation.
enum NormSuite {
  static var workloads: [Workload] {
    [
      layerNorm(8192, 768), layerNormBackward(8192, 768), batchNorm(images: 64, channels: 64, size: 32),
    ]
  }

  private static let epsilon = 1e-5

  /// A row as the reference sees it: (x - mean) / deviation, and the deviation.
  private static func normalized(_ values: [Double]) -> (values: [Double], scale: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    let scale = 1 / (variance + epsilon).squareRoot()
    return (values.map { ($0 - mean) * scale }, scale)
  }

  private static func row(_ values: SampleValues, _ row: Int, _ columns: Int) -> [Double] {
    (0..<columns).map { values.double(row * columns + $0) }
  }

  private static func layerNorm(_ rows: Int, _ columns: Int) -> Workload {
    Workload(
      .norm, "layer-norm-forward", "\(rows)x\(columns)", parameters: ["rows": rows, "columns": columns],
      work: .traffic(Double(2 * rows * columns * 4)), isQuick: true, hasPeers: true
    ) { device in
      let (vx, vw, vb) = (SampleValues(1), SampleValues(2), SampleValues(3))
      let x = try vx.tensor([rows, columns], on: device)
      let weight = try vw.tensor([columns], on: device)
      let bias = try vb.tensor([columns], on: device)
      return Trial(run: { try x.layerNorm(weight: weight, bias: bias).computed() }) {
        try SoftmaxSuite.rowError(x.layerNorm(weight: weight, bias: bias), rows, columns) { index in
          normalized(row(vx, index, columns)).values.enumerated().map {
            $1 * vw.double($0) + vb.double($0)
          }
        }
      }
    }
  }

  private static func layerNormBackward(_ rows: Int, _ columns: Int) -> Workload {
    Workload(
      .norm, "layer-norm-backward", "\(rows)x\(columns)", parameters: ["rows": rows, "columns": columns],
      work: .traffic(Double(3 * rows * columns * 4)), hasPeers: true
    ) { device in
      let (vx, vw, vb, vg) = (SampleValues(1), SampleValues(2), SampleValues(3), SampleValues(4))
      let x = try vx.tensor([rows, columns], on: device).requiringGradient()
      let weight = try vw.tensor([columns], on: device).requiringGradient()
      let bias = try vb.tensor([columns], on: device).requiringGradient()
      let upstream = try vg.tensor([rows, columns], on: device)
      let y = x.layerNorm(weight: weight, bias: bias)
      let gradients = { y.gradients(of: [x, weight, bias], upstream: upstream, retainingGraph: true) }
      return Trial(tolerance: 1e-4, run: { for gradient in gradients() { try gradient.computed() } }) {
        let found = gradients()
        let inputError = try SoftmaxSuite.rowError(found[0], rows, columns) { index in
          let (xs, scale) = normalized(row(vx, index, columns))
          let gs = (0..<columns).map { vg.double(index * columns + $0) * vw.double($0) }
          let mean = gs.reduce(0, +) / Double(columns)
          let projection = zip(gs, xs).reduce(0) { $0 + $1.0 * $1.1 } / Double(columns)
          return zip(gs, xs).map { scale * ($0 - mean - $1 * projection) }
        }
        var weightGradient = [Double](repeating: 0, count: columns)
        var biasGradient = weightGradient
        for index in 0..<rows {
          let (xs, _) = normalized(row(vx, index, columns))
          for column in 0..<columns {
            let g = vg.double(index * columns + column)
            weightGradient[column] += g * xs[column]
            biasGradient[column] += g
          }
        }
        let all = SamplePlaces(columns, of: columns)
        let weightError = try RelativeError.of(found[1], at: all) { weightGradient[$0] }
        return max(inputError, weightError, try RelativeError.of(found[2], at: all) { biasGradient[$0] })
      }
    }
  }

  private static func batchNorm(images: Int, channels: Int, size: Int) -> Workload {
    let shape: Shape = [images, channels, size, size]
    let plane = size * size
    return Workload(
      .norm, "batch-norm-forward-backward", "\(images)x\(channels)x\(size)x\(size)",
      // Forward reads twice and writes; backward reads x and dy twice and writes dx.
      work: .traffic(Double(8 * shape.elementCount * 4))
    ) { device in
      let (vx, vw, vb, vg) = (SampleValues(1), SampleValues(2), SampleValues(3), SampleValues(4))
      let x = try vx.tensor(shape, on: device).requiringGradient()
      let weight = try vw.tensor([channels], on: device).requiringGradient()
      let bias = try vb.tensor([channels], on: device).requiringGradient()
      let upstream = try vg.tensor(shape, on: device)
      let gradients = {
        x.batchNorm(weight: weight, bias: bias).output.gradients(of: [x, weight, bias], upstream: upstream)
      }
      return Trial(tolerance: 1e-4, run: { for gradient in gradients() { try gradient.computed() } }) {
        let found = try gradients()[0].hostValues()
        var error = RelativeError()
        for channel in [0, channels - 1] {
          func places(_ values: SampleValues) -> [Double] {
            (0..<images * plane).map {
              values.double(($0 / plane * channels + channel) * plane + $0 % plane)
            }
          }
          let (xs, scale) = normalized(places(vx))
          let gs = places(vg)
          let mean = gs.reduce(0, +) / Double(gs.count)
          let projection = zip(gs, xs).reduce(0) { $0 + $1.0 * $1.1 } / Double(gs.count)
          for i in 0..<images * plane {
            let expected = vw.double(channel) * scale * (gs[i] - mean - xs[i] * projection)
            error.add(found[(i / plane * channels + channel) * plane + i % plane], expected)
          }
        }
        return error.value
      }
    }
  }
}
