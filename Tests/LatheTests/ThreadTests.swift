import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Tensors may be used from any thread.
  @Suite("Threads", .serialized)
  struct Threads {
    @Test(arguments: TestDevice.all)
    func manyThreadsEvaluateTheSameTensors(_ device: Device) async throws {
      let generator = Generator(seed: 2)
      let x = Tensor.uniform([33, 65], generator: generator, device: device)
      let shared = (x * 2 + 1).exp()
      let derived = shared.sum(axis: 1)
      let expected = try (x * 2 + 1).exp().sum(axis: 1).array()
      try await withThrowingTaskGroup(of: NDArray.self) { group in
        for i in 0..<16 {
          group.addTask { try i % 2 == 0 ? derived.array() : (shared * 1).sum(axis: 1).array() }
        }
        for try await found in group {
          #expect(mismatch(found, expected, .float32, .accumulated) == nil)
        }
      }
    }

    @Test(arguments: TestDevice.all)
    func threadsTrainIndependently(_ device: Device) async throws {
      @Sendable func train(_ seed: UInt64) throws -> [Float] {
        let generator = Generator(seed: seed)
        let x = Tensor.normal([16, 7], generator: generator, device: device)
        let target = Tensor.normal([16, 3], generator: generator, device: device)
        var weight = Tensor.zeros([3, 7], device: device).requiringGradient()
        for _ in 0..<20 {
          let loss = (x.linear(weight: weight, bias: nil) - target).square().mean()
          weight = (weight.detached() - loss.gradient(of: weight) * 0.1).requiringGradient()
        }
        return try weight.scalars()
      }
      let expected = try (0..<6).map { try train(UInt64($0)) }
      try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
        for i in 0..<6 { group.addTask { (i, try train(UInt64(i))) } }
        for try await (i, found) in group { #expect(found == expected[i], "seed \(i)") }
      }
    }
  }
}
