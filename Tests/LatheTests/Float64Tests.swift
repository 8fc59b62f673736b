import Glibc
import Lathe
import LatheCore
import TestSupport
import Testing

extension AllTests {
  /// What float64 has beside the rows of the operation suite, all of which run in it, too.
  @Suite("float64", .serialized)
  struct Float64 {
    @Test func isMadeByName() throws {
      #expect(Tensor(1.5).dtype == .float32 && Tensor([0.5, 1.5]).dtype == .float32)
      let x = Tensor([0.1, -1e300, 1e-310], dtype: .float64, device: .cpu)
      #expect(x.dtype == .float64)
      #expect(try x.scalars(as: Double.self) == [0.1, -1e300, 1e-310])
      #expect(try x.scalars(as: Float.self) == [0.1, -Float.infinity, 0])
      #expect(try Tensor.full([], 0.1, dtype: .float64, device: .cpu).item(as: Double.self) == 0.1)
      #expect(
        try Tensor.linspace(0, 1, count: 4, dtype: .float64, device: .cpu).scalars(as: Double.self)
          == [0, 1.0 / 3, 2.0 / 3, 1])
      #expect(
        Tensor([1, 2.5], dtype: .float64, device: .cpu).description
          == "Tensor([1. , 2.5], shape=[2], dtype=float64, device=cpu)")
    }

    @Test func isTheLargestType() {
      for other in DType.allCases {
        #expect(DType.promote(.float64, other) == .float64 && DType.promote(other, .float64) == .float64)
      }
      #expect(DType.promote(.float16, .bfloat16) == .float32)
    }

    @Test("Numbers beside it keep their digits", arguments: TestDevice.all)
    func numbers(_ device: Device) throws {
      let x = Tensor([3, 7], dtype: .float64, device: device)
      #expect(try (x * 0.1).scalars(as: Double.self) == [3 * 0.1, 7 * 0.1])
      #expect(try (x + Int64(1 << 52)).scalars(as: Double.self) == [0x1p52 + 3, 0x1p52 + 7])
      #expect(
        try (0.1 - x).leakyReLU(slope: 0.1).scalars(as: Double.self) == [(0.1 - 3) * 0.1, (0.1 - 7) * 0.1])
      let y = Tensor([3, 7] as [Float], device: device)
      #expect((y * 0.1).dtype == .float32)
      #expect(try (y * 0.1).scalars(as: Float.self) == [3 * Float(0.1), 7 * Float(0.1)])
    }

    @Test("Conversions round once, saturate, and make 0 of NaN", arguments: TestDevice.all)
    func conversions(_ device: Device) throws {
      // Next to the middle between two numbers of 11 (of 8) bits: float32 would round to the middle, which is then a tie.
      let (middle, brainMiddle) = (1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-8 + 0x1p-40)
      let halves: [Double] = [middle, 65519.999999999, 1e300, .nan]
      let half = Tensor(halves, dtype: .float64, device: device)
      let rounded = try half.cast(to: .float16).scalars(as: Float.self)
      #expect(rounded[0] == Float(1 + 0x1p-10))
      #expect(rounded[1] == 65504 && rounded[2] == .infinity && rounded[3].isNaN)
      let brain = Tensor([brainMiddle, -brainMiddle], dtype: .float64, device: device)
      let expected: [Float] = [1 + 0x1p-7, -1 - 0x1p-7]
      #expect(try brain.cast(to: .bfloat16).scalars(as: Float.self) == expected)
      let wide = Tensor([1e30, -1e30, .nan, 2.9, -2.9, .infinity], dtype: .float64, device: device)
      #expect(
        try wide.cast(to: .int32).scalars(as: Int64.self) == [
          2_147_483_647, -2_147_483_648, 0, 2, -2, 2_147_483_647,
        ])
      #expect(try wide.cast(to: .int64).scalars(as: Int64.self) == [.max, .min, 0, 2, -2, .max])
      #expect(try wide.cast(to: .uint8).scalars(as: Int64.self) == [255, 0, 0, 2, 0, 255])
      #expect(try wide.cast(to: .bool).scalars(as: Bool.self) == [true, true, true, true, true, true])
      #expect(
        try Tensor([1e-320, 0], dtype: .float64, device: device).cast(to: .bool).scalars(as: Bool.self)[1]
          == false)
      let whole = Tensor([Int64(1 << 53) - 1, -3], device: device)
      #expect(try whole.cast(to: .float64).scalars(as: Double.self) == [0x1p53 - 1, -3])
    }

    @Test("Chains are one kernel and stay in float64", arguments: TestDevice.all)
    func chains(_ device: Device) throws {
      let x = Tensor((1...200).map { Double($0) / 7 }, dtype: .float64, device: device)
      let before = device.counters
      let y = ((x.exp() + 1).log() * x - x.sqrt()).sum()
      let result = try y.item(as: Double.self)
      #expect(device.counters.launches - before.launches <= 2)
      var expected = 0.0
      for i in 1...200 {
        let v = Double(i) / 7
        expected += log(exp(v) + 1) * v - v.squareRoot()
      }
      #expect(abs(result / expected - 1) < 1e-13)
    }

    @Test("Long sums and means", arguments: TestDevice.all)
    func sums(_ device: Device) throws {
      let x = Tensor.full([300_000], 0.1, dtype: .float64, device: device).contiguous()
      #expect(abs(try x.sum().item(as: Double.self) / 30_000 - 1) < 1e-12)
      #expect(abs(try x.mean().item(as: Double.self) / 0.1 - 1) < 1e-12)
      #expect(abs(try x.cumulativeSum(axis: 0)[-1].item(as: Double.self) / 30_000 - 1) < 1e-10)
      #expect(try x.sum(dtype: .float32).dtype == .float32)
    }

    @Test("Numbers that float32 does not tell apart are ordered", arguments: TestDevice.all)
    func order(_ device: Device) throws {
      let (above, highest, below) = (1 + 0x1p-51, 1 + 0x1p-50, 1 - 0x1p-52)
      let x = Tensor([above, 1, highest, below], dtype: .float64, device: device)
      #expect(try x.argsort().scalars(as: Int.self) == [3, 1, 0, 2])
      #expect(try x.argmax().item(as: Int.self) == 2)
      #expect(try x.topK(2).indices.scalars(as: Int.self) == [2, 0])
      #expect(try x.unique().values.count == 4)
      #expect(try x.max().item(as: Double.self) == highest)
    }

    @Test("Random numbers have more digits than a float32", arguments: TestDevice.all)
    func random(_ device: Device) throws {
      func draw() throws -> [Double] {
        try Tensor.uniform(
          [1000], low: -1, high: 3, generator: Generator(seed: 7), dtype: .float64, device: device
        )
        .scalars(as: Double.self)
      }
      let uniform = try draw()
      #expect(try draw() == uniform)
      #expect(uniform.allSatisfy { $0 >= -1 && $0 < 3 })
      #expect(uniform.filter { Double(Float($0)) != $0 }.count > 900)
      let normal = try Tensor.normal(
        [20_000], mean: 2, deviation: 3, generator: Generator(seed: 7), dtype: .float64, device: device)
      #expect(abs(try normal.mean().item(as: Double.self) - 2) < 0.1)
      #expect(abs(try normal.standardDeviation().item(as: Double.self) - 3) < 0.1)
      let kept = Tensor.ones([1000], dtype: .float64, device: device).dropout(
        probability: 0.3, generator: Generator(seed: 1))
      #expect(Set(try kept.scalars(as: Double.self)) == [0, 1 / (1 - Double(Float(0.3)))])
    }

    @Test("Products of both types are of float64", arguments: TestDevice.all)
    func mixedProducts(_ device: Device) throws {
      let a = Tensor([0.1, 0.2, 0.3, 0.4], shape: [2, 2], dtype: .float64, device: device)
      let b = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2], device: device).requiringGradient()
      let product = a.matmul(b)
      #expect(product.dtype == .float64)
      #expect(abs(try product[0, 0].item(as: Double.self) - 0.7) < 1e-15)
      let gradient = product.sum().gradient(of: b)
      #expect(gradient.dtype == .float32)
      #expect(try gradient.scalars(as: Float.self) == [0.4, 0.4, 0.6, 0.6].map { Float($0) })
      let loss = a.linear(weight: b, bias: Tensor([1, 1] as [Float], device: device))
      #expect(loss.dtype == .float64)
    }

    @Test(
      "A device without float64 names what to do, and computes what needs none",
      .enabled(if: TestDevice.runsOpenCL, TestDevice.skipReason), arguments: ["cpu", "gpu"])
    func devicesWithout(_ profile: String) async {
      await #expect(processExitsWith: .success) { [profile = profile as String] in
        setenv("LATHE_FLOAT64", "off", 1)
        try TestDevice.onOpenCL(profile, Self.checkWithoutFloat64)
      }
    }

    private static func checkWithoutFloat64(_ device: Device) throws {
      #expect(!device.info.float64)
      let x = Tensor([2, 1, 4, 3], shape: [2, 2], dtype: .float64, device: device)
      let narrow = Tensor([2, 1, 4, 3] as [Float], shape: [2, 2], device: device)
      let results = [
        x.exp(), x.sum(), x.matmul(x), x.sorted().values, x.softmax(), narrow.cast(to: .float64),
        narrow.cast(to: .float64).sum().cast(to: .float32), x.cast(to: .float32),
      ]
      for (number, result) in results.enumerated() {
        let error = #expect(throws: LatheError.self, "\(number)") { try result.scalars(as: Float.self) }
        #expect(
          error?.message.hasSuffix(
            ": \(device.name) has no float64 (cl_khr_fp64); cast to float32 or move the tensors to another device"
          ) == true, "\(number): \(error.map { "\($0)" } ?? "")")
      }
      // The bytes are there, and another device takes them.
      #expect(try x.scalars(as: Double.self) == [2, 1, 4, 3])
      #expect(try x.moved(to: .cpu).sum().item(as: Double.self) == 10)
      let y = narrow.requiringGradient()
      #expect(try (y.matmul(y) * 0.5).sum().gradient(of: y).scalars(as: Float.self).count == 4)
      #expect(try narrow.sorted().values.scalars(as: Float.self) == [1, 2, 3, 4])
    }

    @Test("What has no kernel of its own does not compute in float32", arguments: TestDevice.all)
    func compositions(_ device: Device) throws {
      let x = Tensor([1, 1 + 1e-12], shape: [1, 2], dtype: .float64, device: device)
      let weights = try x.softmax().scalars(as: Double.self)
      #expect(weights[1] > weights[0] && abs(weights[1] - 0.5 - 2.5e-13) < 1e-15)
      #expect(x.layerNorm().dtype == .float64 && x.logSoftmax().dtype == .float64)
      let labels = Tensor([5] as [Int32], device: device)
      #expect(throws: LatheError.self) { try x.crossEntropy(labels).item() }
      #expect(throws: LatheError.self) { try x.crossEntropy(Tensor([-1] as [Int32], device: device)).item() }
      let image = Tensor.ones([1, 1, 5, 4], dtype: .float64, device: device)
      #expect(image.adaptiveAveragePool2D(output: (2, 3)).dtype == .float64)
      #expect(try image.adaptiveMaxPool2D(output: (2, 3)).sum().item() == 6)
    }
  }
}
