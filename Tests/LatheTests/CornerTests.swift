import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Values and gradients at corners, infinities and NaN: PyTorch's, on every device and in 16 bits, too.
  @Suite("Corners", .serialized)
  struct Corners {
    @Test(arguments: TestDevice.all, [DType.float32, .float16])
    func functions(_ device: Device, _ dtype: DType) throws {
      let x = try Tensor(CornerRow.inputs, dtype: dtype, device: device).computed().requiringGradient()
      for first in stride(from: 0, to: CornerRow.all.count, by: 6) {
        let rows = CornerRow.all[first..<min(first + 6, CornerRow.all.count)]
        let results = rows.map { $0.run(x) }
        let ones = Tensor.ones(x.shape, dtype: dtype, device: device)
        let gradients = results.map { $0.gradients(of: [x], upstream: ones)[0] }
        // One kernel for several.
        TensorLists.compute([results.map { $0.detached() } + gradients])
        for (k, row) in rows.enumerated() {
          try check(results[k], row.values, "\(row.name)", dtype)
          try check(gradients[k], row.gradients, "gradient of \(row.name)", dtype)
        }
      }
    }

    private func check(_ tensor: Tensor, _ expected: [Double], _ name: String, _ dtype: DType) throws {
      let found = try tensor.scalars(as: Double.self)
      for (i, x) in CornerRow.inputs.enumerated() {
        let isSame =
          expected[i].isNaN
          ? found[i].isNaN
          : found[i] == expected[i]
            || abs(found[i] - expected[i]) <= (dtype == .float32 ? 2e-6 : 1e-3) * max(1, abs(expected[i]))
        #expect(isSame, "\(name) at \(x): \(found[i]), not \(expected[i])")
      }
    }

    /// Pairs whose powers have gradients that are no ordinary numbers; PyTorch's values.
    @Test(arguments: TestDevice.all)
    func powersOfZero(_ device: Device) throws {
      let (nan, inf) = (Float.nan, Float.infinity)
      let base: [Float] = [0, 0, 0, 0, 0, 0, 0, 0, -0.0, -0.0, inf, inf, 1, -2, -2, nan, 0]
      let exponent: [Float] = [-1, -0.5, -2, 0, 1, 2, -inf, inf, -1, -2, 1, 0, nan, 2, 0.5, 0, nan]
      let a = Tensor(base, device: device).requiringGradient()
      let b = Tensor(exponent, device: device).requiringGradient()
      let gradients = a.pow(b).sum().gradients(of: [a, b])
      let expectedA: [Float] = [
        -inf, -inf, -inf, 0, 1, 0, -inf, nan, -inf, inf, 1, 0, nan, -4, nan, 0, nan,
      ]
      let expectedB: [Float] = [
        -inf, -inf, -inf, 0, 0, 0, -inf, 0, inf, -inf, inf, inf, 0, nan, nan, nan, nan,
      ]
      for (gradient, expected) in zip(gradients, [expectedA, expectedB]) {
        let found = try gradient.scalars(as: Float.self)
        for i in found.indices {
          #expect(
            found[i] == expected[i] || (found[i].isNaN && expected[i].isNaN),
            "\(base[i]) to \(exponent[i]): \(found[i]), not \(expected[i])")
        }
      }
      let c = Tensor([-1, 0, 2] as [Float], device: device).requiringGradient()
      let ofZero = Tensor.zeros([], device: device).pow(c).sum().gradient(of: c)
      #expect(try ofZero.scalars(as: Float.self) == [-inf, 0, 0])
      // The exponent 0 gives 0 whatever the gradient behind it is.
      let x = Tensor([3] as [Float], device: device).requiringGradient()
      #expect(try (x.pow(0) * Float.infinity).sum().gradient(of: x).item() == 0)
    }

    /// NaN on one side passes the whole gradient to both.
    @Test(arguments: TestDevice.all)
    func extremaOfNaN(_ device: Device) throws {
      let a = Tensor([.nan, 1, .nan, 2, 1, 2] as [Float], device: device).requiringGradient()
      let b = Tensor([1, .nan, .nan, 2, 2, 1] as [Float], device: device).requiringGradient()
      let largest = a.maximum(b).sum().gradients(of: [a, b])
      #expect(try largest[0].scalars(as: Float.self) == [1, 1, 1, 0.5, 0, 1])
      #expect(try largest[1].scalars(as: Float.self) == [1, 1, 1, 0.5, 1, 0])
      let smallest = a.minimum(b).sum().gradients(of: [a, b])
      #expect(try smallest[0].scalars(as: Float.self) == [1, 1, 1, 0.5, 1, 0])
      #expect(try smallest[1].scalars(as: Float.self) == [1, 1, 1, 0.5, 0, 1])
    }

    @Test(arguments: TestDevice.all)
    func slopesOfPReLU(_ device: Device) throws {
      let x = Tensor([0, -0.0, 2, -2] as [Float], device: device).requiringGradient()
      let slope = Tensor([0.25] as [Float], device: device).requiringGradient()
      let gradients = x.prelu(slope: slope).sum().gradients(of: [x, slope])
      #expect(try gradients[0].scalars(as: Float.self) == [0.25, 0.25, 1, 0.25])
      #expect(try gradients[1].scalars(as: Float.self) == [-2])
    }

    @Test(arguments: TestDevice.all)
    func limitsOutsideTheType(_ device: Device) throws {
      let bytes = Tensor([7, 200] as [UInt8], device: device)
      #expect(try bytes.clamped(-5, nil as Int?).scalars(as: Int.self) == [7, 200])
      #expect(try bytes.clamped(-5, 300).scalars(as: Int.self) == [7, 200])
      #expect(try bytes.clamped(300, nil as Int?).scalars(as: Int.self) == [255, 255])
      #expect(try bytes.clamped(nil as Int?, -1).scalars(as: Int.self) == [0, 0])
      let numbers = Tensor([-7, 200] as [Int32], device: device)
      #expect(try numbers.clamped(0, 1 << 40).scalars(as: Int.self) == [0, 200])
      #expect(try numbers.clamped(-1 << 40, 9).scalars(as: Int.self) == [-7, 9])
      #expect(bytes.clamped(-5, 300).dtype == .uint8)
    }
  }
}
