import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Which types operations work in inside `withPrecision`, and what their gradients keep.
  @Suite("Mixed precision", .serialized)
  struct MixedPrecision {
    private func numbers(_ shape: Shape, _ device: Device, seed: UInt64 = 1) -> Tensor {
      Tensor.normal(shape, generator: Generator(seed: seed), device: device)
    }

    @Test(arguments: TestDevice.all)
    func typesFollowTheOperation(_ device: Device) throws {
      let x = numbers([2, 4, 6], device)
      let weight = numbers([6, 6], device).requiringGradient()
      for (precision, half) in [(Precision.bfloat16, DType.bfloat16), (.float16, .float16)] {
        withPrecision(precision) {
          let h = x.linear(weight: weight)
          #expect(h.dtype == half)
          #expect(x.matmul(weight).dtype == half)
          #expect(x.reshaped(to: [1, 2, 4, 6]).conv2D(numbers([3, 2, 2, 2], device)).dtype == half)
          let heads = x.reshaped(to: [2, 1, 4, 6])
          #expect(heads.attention(keys: heads, values: heads).dtype == half)
          #expect(h.gelu().dtype == half && h.relu().dtype == half && (h * 2).dtype == half)
          #expect((h + x).dtype == .float32)
          #expect(h.softmax().dtype == .float32 && h.logSoftmax().dtype == .float32)
          #expect(h.layerNorm().dtype == .float32 && h.rmsNorm().dtype == .float32)
          #expect(h.groupNorm(groups: 2).dtype == .float32)
          #expect(h.batchNorm().output.dtype == half && h.batchNorm().mean.dtype == .float32)
          #expect(h.exp().dtype == .float32 && h.log().dtype == .float32 && h.pow(2).dtype == .float32)
          #expect(h.sum().dtype == .float32 && h.mean(axis: 1).dtype == .float32)
          #expect(h.variance().dtype == .float32 && h.logSumExp(axis: 0).dtype == .float32)
          #expect(h.max().dtype == half && h.argmax().dtype == .int32)
          #expect(withPrecision(.float32) { x.linear(weight: weight) }.dtype == .float32)
          #expect(Tensor.arange(3, device: device).matmul(Tensor.arange(3, device: device)).dtype == .int32)
        }
      }
      #expect(x.linear(weight: weight).dtype == .float32)
    }

    @Test(arguments: TestDevice.all)
    func productsRoundOperandsAndResultOnly(_ device: Device) throws {
      // Sums of 512 numbers: float32 accumulation shows where a 16-bit one would be off by percents.
      let x = numbers([8, 512], device)
      let weight = numbers([16, 512], device, seed: 2).requiringGradient()
      let bias = numbers([16], device, seed: 3).requiringGradient()
      let upstream = numbers([8, 16], device, seed: 4).cast(to: .bfloat16)
      let y = withPrecision(.bfloat16) { x.linear(weight: weight, bias: bias) }
      func rounded(_ t: Tensor) -> Tensor { t.detached().cast(to: .bfloat16).cast(to: .float32) }
      let expected = rounded(x).linear(weight: rounded(weight), bias: rounded(bias)).cast(to: .bfloat16)
      #expect(try y.bytes() == expected.bytes())
      let found = y.gradients(of: [weight, bias], upstream: upstream)
      let g = upstream.cast(to: .float32)
      #expect(found[0].dtype == .float32)
      #expect(try found[0].bytes() == g.transposed().matmul(rounded(x)).bytes())
      #expect(try found[1].bytes() == g.sum(axis: 0).bytes())
    }

    /// What an expression on the tape takes: inputs of a product that only it reads are made again, from 16 bits.
    @Test(arguments: TestDevice.all)
    func theTapeKeepsSixteenBits(_ device: Device) throws {
      let (rows, width) = (256, 1024)
      let x = try numbers([rows, width], device).computed()
      let first = try numbers([width, width], device, seed: 2).computed().requiringGradient()
      let second = try numbers([width, width], device, seed: 3).computed().requiringGradient()
      // The sum of a row's squares behind a norm alone is the same for all parameters.
      let weights = try numbers([width], device, seed: 4).computed()
      func kept(_ precision: Precision) throws -> (bytes: Int, gradients: [Tensor]) {
        try device.synchronize()
        let before = device.counters.bytesInUse
        let loss = withPrecision(precision) {
          x.linear(weight: first).gelu().linear(weight: second).gelu().layerNorm(weight: weights).square()
            .sum()
        }
        try loss.computed()
        let bytes = device.counters.bytesInUse - before
        return (bytes, loss.gradients(of: [first, second]))
      }
      let unit = rows * width * 4
      let full = try kept(.float32)
      // Two products' results, two activations, the norm's result.
      #expect(full.bytes > 5 * unit - unit / 4, "\(full.bytes)")
      for precision in [Precision.bfloat16, .float16] {
        let half = try kept(precision)
        // Input and first result 16-bit; the second activation is what the norm keeps; its result is float32.
        #expect(half.bytes < 3 * unit + unit / 4, "\(precision): \(half.bytes), unit \(unit)")
        for (a, b) in zip(half.gradients, full.gradients) {
          let error = try ((a - b).square().sum() / b.square().sum()).sqrt().item()
          // PyTorch's autocast is off by 0.026 and 0.004 here.
          #expect(error < (precision == .bfloat16 ? 0.04 : 0.01), "\(precision): \(error)")
        }
      }
    }

    @Test(arguments: TestDevice.all)
    func gradientsCanBeDifferentiatedAgain(_ device: Device) throws {
      let x = numbers([3, 4], device).requiringGradient()
      let weight = numbers([4, 4], device, seed: 2).requiringGradient()
      func second(_ precision: Precision) -> Tensor {
        let y = withPrecision(precision) { x.linear(weight: weight).tanh().matmul(weight).square().sum() }
        let g = y.gradient(of: x, creatingGraph: true)
        return g.cast(to: .float32).square().sum().gradient(of: weight)
      }
      let (full, half) = (second(.float32), second(.bfloat16))
      let error = try ((half - full).square().sum() / full.square().sum()).sqrt().item()
      #expect(error > 0 && error < 0.1, "\(error)")
    }

    @Test func layersThatShareAnInputShareItsCopy() throws {
      let device = Device.cpu
      let x = try numbers([64, 1024], device).computed().requiringGradient()
      let weights = try (0..<3).map { seed in
        try numbers([8, 1024], device, seed: UInt64(seed + 2)).computed().requiringGradient()
      }
      let before = device.counters.bytesInUse
      let results = withPrecision(.bfloat16) { weights.map { x.linear(weight: $0) } }
      #expect(device.counters.bytesInUse - before < 2 * 64 * 1024 * 2)
      #expect(results.count == 3)
    }
  }
}
