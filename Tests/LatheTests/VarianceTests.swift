import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Variances where their rule has a corner: constants, 16 bits, and numbers whose squares float32 cannot hold.
  @Suite("Variance", .serialized)
  struct Variances {
    @Test(arguments: TestDevice.all)
    func constantRows(_ device: Device) throws {
      let x = Tensor([3, 3, 1, 2] as [Float], shape: [2, 2], device: device).requiringGradient()
      let first = x.standardDeviation(axes: [1], correction: 1).sum().gradients(of: [x], creatingGraph: true)[
        0]
      let slope = (0.5).squareRoot()
      expectEqual(first, NDArray([2, 2], [0, 0, -slope, slope]))
      // Of the deviation d of two values a and b, |a - b| / sqrt(2), the second derivatives are 0.
      let second = (first * first).sum().gradient(of: x)
      expectEqual(second, NDArray([2, 2], [0, 0, 0, 0]))
      let constant = Tensor([3, 3, 3] as [Float], device: device).requiringGradient()
      for correction in [0, 1] {
        let gradient = constant.standardDeviation(correction: correction)
          .gradients(of: [constant], creatingGraph: true)[0]
        expectEqual(gradient, NDArray([3], [0, 0, 0]))
        expectEqual((gradient * constant).sum().gradient(of: constant), NDArray([3], [0, 0, 0]))
      }
    }

    @Test(arguments: TestDevice.all)
    func halfPrecisionComputesInFloat32(_ device: Device) throws {
      let values = (0..<600).map { Float($0 % 2 == 0 ? 300 : -300) }
      for dtype in [DType.float16, .bfloat16] {
        let x = Tensor(values, device: device).cast(to: dtype).requiringGradient()
        let deviation = x.standardDeviation()
        #expect(deviation.dtype == dtype)
        #expect(try deviation.cast(to: .float32).item() == Float(300))
        let gradient = try deviation.gradient(of: x).cast(to: .float32).scalars(as: Float.self)
        #expect(abs(gradient[0] * 600 - 1) < 0.01 && abs(gradient[1] * 600 + 1) < 0.01)
      }
    }

    @Test(arguments: TestDevice.all)
    func squaresBeyondFloat32(_ device: Device) throws {
      func deviations(_ size: Float) -> Tensor {
        Tensor([size, -size], device: device).standardDeviation()
      }
      let variance: Float = try Tensor([1.5e19, -1.5e19] as [Float], device: device).variance().item()
      #expect(abs(variance / 2.25e38 - 1) < 1e-6)
      for size in [1e30, 1.5e19, 1e10, 1, 1e-10, 1e-25] as [Float] {
        #expect(abs(try deviations(size).item() as Float / size - 1) < 1e-6, "\(size)")
      }
    }

    /// Layer norm scales rows whose squares leave float32.
    @Test(arguments: TestDevice.all, [4, 100, 3000])
    func layerNormOfHugeRows(_ device: Device, _ columns: Int) throws {
      let rows = (0..<3).map { row in
        (0..<columns).map { column -> Float in
          let step = Float((column * 7 + row) % 4)
          return row == 0 ? step * 1e38 : row == 1 ? step : (step - 1) * 1e38
        }
      }
      let x = Tensor(Array(rows.joined()), shape: [3, columns], device: device).requiringGradient()
      let weight = Tensor((0..<columns).map { Float($0 % 3) }, device: device)
      let bias = Tensor.zeros([columns], device: device)
      let normal = x.layerNorm(weight: weight, bias: bias, epsilon: 1e-5)
      let found = try normal.scalars(as: Float.self)
      for (r, row) in rows.enumerated() {
        let mean = row.reduce(0.0) { $0 + Double($1) } / Double(columns)
        let variance = row.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(columns)
        let deviation = (variance + 1e-5).squareRoot()
        for (c, value) in row.enumerated() {
          let right = (Double(value) - mean) / deviation * Double(c % 3)
          #expect(abs(Double(found[r * columns + c]) - right) <= 1e-5, "row \(r), column \(c)")
        }
      }
      let upstream = Tensor((0..<3 * columns).map { Float($0 % 5) }, shape: [3, columns], device: device)
      let gradient = try normal.gradients(of: [x], upstream: upstream)[0].scalars(as: Float.self)
      #expect(gradient.allSatisfy { $0.isFinite })
    }
  }
}
