import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Values of a type are what the type holds, whether a step ran by itself or was joined with others.
  @Suite("Rounding of joined steps", .serialized)
  struct HalfRounding {
    private static let devices: [(Device, Int)] = TestDevice.all.map { ($0, $0 == .cpu ? 40 : 1) }

    @Test(arguments: TestDevice.all)
    func eachStepRounds(_ device: Device) throws {
      func half(_ values: [Float]) -> Tensor { Tensor(values, dtype: .float16, device: device) }
      let x = half([2048, 1000, 60000])
      #expect(try ((x + 1) - x).scalars(as: Float.self) == [0, 1, 0])
      #expect(try (x + 1).cast(to: .float32).scalars(as: Float.self) == [2048, 1001, 60000])
      #expect(try (x + x .> 65504).scalars(as: Bool.self) == [false, false, true])
      #expect(try ((half([1, 1, 2]) / 3) * 3 - 1).scalars(as: Float.self) == [0, 0, 1])
      // Inside a sum the elements are rounded, the sum itself is not.
      #expect(try (half([2048, 2048, 1]) + 1).sum(dtype: .float32).item() == 4098)
      #expect(try (x + x).max().item() == .infinity)
      let y = Tensor([256, 3], dtype: .bfloat16, device: device)
      #expect(try ((y + 1) - y).scalars(as: Float.self) == [0, 1])
      // Products and sums are two roundings in float32, too.
      let z = Tensor([Float(1 + 0x1p-12)], device: device)
      #expect(try (z * z - Float(1 + 0x1p-11)).scalars(as: Float.self) == [0])
    }

    @Test func constantsAreRounded() throws {
      for device in TestDevice.all {
        let x = Tensor.full([2], 2048, dtype: .float16, device: device)
        #expect(try ((x + 1) - 2048).scalars(as: Float.self) == [0, 0])
      }
    }

    /// What a random step does with the tensors before it.
    private typealias Step = (inout [Tensor]) -> Tensor

    private func step(_ random: inout TestRandom, _ dtype: DType, count: Int) -> Step {
      let (i, j) = (random.integer(0, count - 1), random.integer(0, count - 1))
      switch random.integer(0, 19) {
      case 0: return { $0[i] + $0[j] }
      case 1: return { $0[i] - $0[j] }
      case 2: return { $0[i] * $0[j] }
      case 3: return { $0[i] / ($0[j].abs() + 0.5) }
      case 4: return { $0[i].maximum($0[j]) }
      case 5: return { $0[i].minimum(0.3) }
      case 6: return { $0[i].tanh() }
      case 7: return { $0[i].sigmoid() * $0[j] }
      case 8: return { $0[i].gelu() }
      case 9: return { $0[i].abs().sqrt() }
      case 10: return { $0[i] * 0.3 + 1 }
      case 11: return { $0[i].clamped(-1.1, 2.7) }
      case 12: return { ($0[i].cast(to: .float32) * 1.7 - 0.1).cast(to: dtype) }
      case 13: return { Tensor.where($0[i] .> $0[j], $0[i], $0[j] * 3) }
      case 14: return { $0[i].sin() }
      case 15: return { $0[i].leakyReLU(slope: 0.1) }
      case 16: return { $0[i].relu().square() }
      case 17: return { $0[i].mish() }
      case 18: return { $0[i].floor() - $0[j] }
      default: return { -$0[i].softplus() }
      }
    }

    /// The numbers that a chain of ten steps gives, with memory after every step or only at its end.
    private func chain(_ seed: String, _ dtype: DType, _ device: Device, joined: Bool) throws -> [[Float]] {
      var random = TestRandom(seed)
      var tensors = try (0..<3).map { _ in
        try Tensor((0..<53).map { _ in random.uniform(-4, 4) }, dtype: dtype, device: device).computed()
      }
      for _ in 0..<10 {
        let next = step(&random, dtype, count: tensors.count)(&tensors)
        if !joined { try next.computed() }
        tensors.append(next)
      }
      let last = tensors[tensors.count - 1]
      // First what a reduction makes of the chain that is not in memory yet.
      let sum = try last.sum().item()
      if joined { TensorLists.compute([Array(tensors.suffix(2))]) }
      return [[sum]] + (try tensors.suffix(2).map { try $0.scalars() })
    }

    @Test(arguments: devices, [DType.float16, .bfloat16, .float32])
    func joinedStepsGiveTheSameBits(_ place: (Device, Int), _ dtype: DType) throws {
      for chainNumber in 0..<place.1 {
        let seed = "chain \(chainNumber)"
        let joined = try chain(seed, dtype, place.0, joined: true)
        let stepwise = try chain(seed, dtype, place.0, joined: false)
        for (a, b) in zip(joined.dropFirst().joined(), stepwise.dropFirst().joined()) {
          #expect(a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN), "\(seed), \(dtype): \(a), \(b)")
        }
        // Reductions may add in another order.
        if dtype != .float32 {
          #expect(joined[0][0] == stepwise[0][0] || joined[0][0].isNaN, "\(seed), \(dtype)")
        }
      }
    }

    @Test(arguments: TestDevice.all)
    func insideWithPrecision(_ device: Device) throws {
      let x = Tensor([2048, 3], dtype: .float16, device: device)
      let result = withPrecision(.float16) { ((x + 1) - x).cast(to: .float32) }
      #expect(try result.scalars(as: Float.self) == [0, 1])
    }

    /// A rule of a gradient is one operation: computed in float32, rounded once.
    @Test(arguments: TestDevice.all)
    func gradientsRoundOnce(_ device: Device) throws {
      let values = (0..<97).map { Float16(Float($0 - 48) * 0.093) }
      let functions: [@Sendable (Tensor) -> Tensor] = [{ $0.gelu() }, { $0.mish() }]
      for (place, function) in functions.enumerated() {
        let x = Tensor(values, device: device).requiringGradient()
        let wide = Tensor(values, dtype: .float32, device: device).requiringGradient()
        let gradient = function(x).sum().gradient(of: x)
        let reference = function(wide).sum().gradient(of: wide).cast(to: .float16)
        #expect(gradient.dtype == .float16)
        #expect(
          try gradient.scalars(as: Float.self) == reference.scalars(as: Float.self), "function \(place)")
      }
    }
  }
}
