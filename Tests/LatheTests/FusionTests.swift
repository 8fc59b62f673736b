import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// How many kernels run, counted by the device.
  @Suite("Fusion", .serialized)
  struct Fusion {
    /// The launches that a piece of work takes; the inputs must be in memory already.
    private func launches(_ device: Device, _ work: () throws -> Void) rethrows -> Int {
      let before = device.counters.launches
      try work()
      return device.counters.launches - before
    }

    private func inputs(_ count: Int, _ shape: Shape, _ device: Device) throws -> [Tensor] {
      let generator = Generator(seed: 1)
      return try (0..<count).map { _ in
        try Tensor.uniform(shape, generator: generator, device: device).computed()
      }
    }

    @Test(arguments: TestDevice.all)
    func chainIsOneLaunch(_ device: Device) throws {
      let x = try inputs(4, [64, 65], device)
      let fused = device.counters.fusedOperations
      let count = try launches(device) { try ((x[0] * x[1] + x[2]).gelu() + x[3]).computed() }
      #expect(count == 1)
      #expect(device.counters.fusedOperations > fused)
    }

    @Test(arguments: TestDevice.all)
    func nothingRunsBeforeItIsNeeded(_ device: Device) throws {
      let x = try inputs(2, [33, 7], device)
      var y: Tensor?
      #expect(launches(device) { y = (x[0] * x[1]).exp() + 1 } == 0)
      let waiting = try #require(y)
      #expect(try launches(device) { try waiting.computed() } == 1)
      #expect(try launches(device) { _ = try waiting.scalars(as: Float.self) } == 0)
    }

    @Test(arguments: TestDevice.all)
    func broadcastingIsPartOfTheChain(_ device: Device) throws {
      let x = try inputs(1, [64, 65], device)[0]
      let row = try inputs(1, [65], device)[0]
      let column = try inputs(1, [64, 1], device)[0]
      #expect(try launches(device) { try ((x * row + column) * 2 - 1).tanh().computed() } == 1)
    }

    @Test(arguments: TestDevice.all)
    func reductionsAbsorbTheirInput(_ device: Device) throws {
      let x = try inputs(2, [64, 65], device)
      // Small enough for one stage: the `gpu` kernels sum many elements to one in two.
      let small = try inputs(2, [8, 33], device)
      #expect(try launches(device) { try (small[0] * small[1]).sum().computed() } == 1)
      #expect(try launches(device) { try (x[0] - x[1]).square().mean(axis: 1).computed() } == 1)
      #expect(try launches(device) { try (x[0] + 1).log().max(axis: 0).computed() } == 1)
    }

    @Test(arguments: TestDevice.all)
    func sharedIntermediatesAreComputedOnce(_ device: Device) throws {
      let x = try inputs(2, [64, 65], device)
      // Nobody else holds y: it never reaches memory.
      let bytes = device.counters.bytesInUse
      var result: Tensor?
      let count = try launches(device) {
        let y = (x[0] * x[1]).exp()
        result = y * y + y
        try result?.computed()
      }
      #expect(count <= 2)
      let size = 64 * 65 * 4
      #expect(device.counters.bytesInUse - bytes <= 2 * size)
      // Somebody holds y: it becomes a second output of the same kernel.
      let y = (x[0] * x[1]).exp()
      let z = y * y + y
      #expect(try launches(device) { try z.computed() } == 1)
      #expect(try launches(device) { try y.computed() } == 0)
      let (a, b) = (try x[0].array(), try x[1].array())
      let expected = (a * b).map { Double(Float($0)) }
      let e = expected.map { exp($0) }
      expectEqual(y, e)
      expectEqual(z, e * e + e)
    }

    @Test(arguments: TestDevice.all)
    func viewsOfAChainDoNotRepeatIt(_ device: Device) throws {
      let x = try inputs(1, [64, 65], device)[0]
      let y = x.exp()
      let count = try launches(device) {
        try y.computed()
        try y.transposed().computed()
        try y[1..<5].computed()
        try y.reshaped(to: [65, 64]).computed()
      }
      #expect(count == 1)
    }

    @Test(arguments: TestDevice.all)
    func constantsTakeNoLaunch(_ device: Device) throws {
      let x = try inputs(1, [64, 65], device)[0]
      #expect(try launches(device) { try (x + Tensor.ones([65], device: device) * 2).computed() } == 1)
    }

    @Test(arguments: TestDevice.all)
    func matrixProductsReadTransposesInPlace(_ device: Device) throws {
      let x = try inputs(2, [33, 65], device)
      #expect(try launches(device) { try x[0].matmul(x[1].transposed()).computed() } <= 2)
      let counters = device.counters
      try x[0].transposed().matmul(x[1]).computed()
      #expect(device.counters.fallbacks == counters.fallbacks)
    }

    @Test(arguments: TestDevice.all)
    func linearIsOneProduct(_ device: Device) throws {
      let x = try inputs(1, [32, 64], device)[0]
      let weight = try inputs(1, [16, 64], device)[0]
      let bias = try inputs(1, [16], device)[0]
      // A packing pass may come before the product; bias and activation must not come behind it.
      let count = try launches(device) {
        try x.linear(weight: weight, bias: bias, activation: .relu).computed()
      }
      let product = try launches(device) { try x.matmul(weight.transposed()).computed() }
      #expect(count == product)
    }
  }
}
