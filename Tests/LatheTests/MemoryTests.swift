import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  @Suite("Memory", .serialized)
  struct Memory {
    /// One step of a small network, as a training loop does it.
    private func step(_ parameters: inout [Tensor], _ x: Tensor, _ labels: Tensor) throws -> Tensor {
      let hidden = x.linear(weight: parameters[0], bias: parameters[1]).relu()
      let normal = hidden.layerNorm(weight: parameters[2], bias: parameters[3])
      let loss = normal.linear(weight: parameters[4], bias: nil).crossEntropy(labels)
      let gradients = loss.gradients(of: parameters)
      parameters = try zip(parameters, gradients).map { parameter, gradient in
        try (parameter.detached() - gradient * 0.1).computed().requiringGradient()
      }
      return loss
    }

    @Test(arguments: TestDevice.all)
    func trainingStepsLeakNothing(_ device: Device) throws {
      let generator = Generator(seed: 4)
      func parameter(_ shape: Shape) throws -> Tensor {
        try Tensor.uniform(shape, low: -0.3, high: 0.3, generator: generator, device: device).computed()
          .requiringGradient()
      }
      var parameters = [
        try parameter([31, 20]), try parameter([31]), try parameter([31]), try parameter([31]),
        try parameter([10, 31]),
      ]
      let x = try Tensor.normal([32, 20], generator: generator, device: device).computed()
      let labels = Tensor((0..<32).map { Int32($0 % 10) }, device: device)
      var first: Float = 0
      var last: Float = 0
      var warm = Counters()
      for i in 0..<200 {
        let loss = try step(&parameters, x, labels)
        if i == 0 { first = try loss.item() }
        if i == 199 { last = try loss.item() } else { try loss.computed() }
        if i == 20 {
          try device.synchronize()
          warm = device.counters
        }
      }
      try device.synchronize()
      let end = device.counters
      // Pages in which launches report bad indices, taken from the cache, come and go.
      #expect(end.bytesInUse <= warm.bytesInUse + 4096)
      #expect(end.allocations == warm.allocations, "buffers taken from the system after warm-up")
      // The last loss is still held in the first count.
      #expect(end.bytesInUse + end.cachedBytes <= warm.bytesInUse + warm.cachedBytes)
      #expect(end.peakBytes == warm.peakBytes)
      #expect(last < first * 0.5, "the loss went from \(first) to \(last)")
    }

    @Test(arguments: TestDevice.all)
    func theGraphGoesWithTheLoss(_ device: Device) throws {
      let x = try Tensor.ones([64, 64], device: device).contiguous().computed().requiringGradient()
      let before = device.counters.bytesInUse
      do {
        var y = x
        for _ in 0..<10 { y = y.matmul(x).tanh() }
        let loss = y.sum()
        _ = try loss.item()
        #expect(device.counters.bytesInUse > before)
      }
      try device.synchronize()
      #expect(device.counters.bytesInUse == before)
    }

    @Test(arguments: TestDevice.all)
    func gradientsFreeTheGraph(_ device: Device) throws {
      let x = try Tensor.ones([64, 64], device: device).contiguous().computed().requiringGradient()
      var y = x
      for _ in 0..<10 { y = y.matmul(x).tanh() }
      let loss = y.sum()
      y = x
      _ = try loss.item()
      let full = device.counters.bytesInUse
      let gradient = loss.gradient(of: x)
      _ = try gradient.scalars(as: Float.self)
      try device.synchronize()
      // The loss is still held, what was saved for the gradient is not.
      #expect(device.counters.bytesInUse < full)
      _ = loss
    }

    @Test(arguments: TestDevice.all)
    func thePoolGivesBuffersBack(_ device: Device) throws {
      device.emptyCache()
      do {
        _ = try Tensor.zeros([1000, 1000], device: device).computed()
      }
      try device.synchronize()
      let before = device.counters
      #expect(before.cachedBytes >= 4_000_000)
      // The same size comes from the pool.
      do {
        _ = try Tensor.ones([1000, 1000], device: device).computed()
      }
      #expect(device.counters.allocations == before.allocations)
      try device.synchronize()
      device.emptyCache()
      #expect(device.counters.cachedBytes == 0)
      device.resetCounters()
      #expect(device.counters.launches == 0)
      #expect(device.counters.peakBytes == device.counters.bytesInUse)
    }

    @Test func longChainsDoNotOverflowTheStack() async {
      await #expect(processExitsWith: .success) { try longChain(length: 100_000) }
    }

    @Test func longChainsWithoutGradientDoNotOverflowTheStack() async {
      await #expect(processExitsWith: .success) {
        var x = Tensor.ones([2], device: .cpu)
        for _ in 0..<100_000 { x = x + 0.5 }
        guard try x.scalars(as: Float.self) == [50_001, 50_001] else { exit(1) }
      }
    }

    @Test func droppedChainsDoNotOverflowTheStack() async {
      await #expect(processExitsWith: .success) {
        let x = Tensor.ones([2], device: .cpu).requiringGradient()
        var y = x
        for _ in 0..<100_000 { y = (y * x).reshaped(to: [2, 1]).reshaped(to: [2]) }
        y = x
        guard try y.scalars(as: Float.self) == [1, 1] else { exit(1) }
      }
    }
  }
}

/// Builds a long chain, walks it back and drops it; ends the process where the gradient is wrong.
private func longChain(length: Int) throws {
  let x = Tensor([1, 2] as [Float], device: .cpu).requiringGradient()
  var y = x
  for i in 0..<length { y = i % 2 == 0 ? y + x : -y }
  let gradient: [Float] = try y.sum().gradient(of: x).scalars()
  // y -> -(y + x): the gradient alternates between -2 and 1, so it stays 1 in the end.
  var expected: Float = 1
  for i in 0..<length { expected = i % 2 == 0 ? expected + 1 : -expected }
  guard gradient == [expected, expected] else { exit(1) }
}
