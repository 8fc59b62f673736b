import Lathe
import TestSupport
import Testing

extension AllTests {
  @Suite("Attention and memory", .serialized)
  struct AttentionMemory {
    /// Forward and backward of [1, 2, 1024, 16]: a matrix of all scores would take 8 MB.
    private static let scoreBytes = 2 * 1024 * 1024 * 4

    /// The largest memory held while the result and its gradients are computed, beyond what was held before.
    private func peak(_ device: Device, dropout: Float) throws -> Int {
      let generator = Generator(seed: 8)
      let rows = try (0..<3).map { _ in
        try Tensor.normal([1, 1024, 32], generator: generator, device: device).computed().requiringGradient()
      }
      try device.synchronize()
      device.resetCounters()
      let before = device.counters.bytesInUse
      let heads = rows.map { $0.reshaped(to: [1, 1024, 2, 16]).transposed(1, 2) }
      let output = heads[0].attention(
        keys: heads[1], values: heads[2], isCausal: true, dropout: (dropout, generator))
      let joined = output.transposed(1, 2).reshaped(to: [1, 1024, 32])
      for gradient in joined.square().sum().gradients(of: rows) { try gradient.computed() }
      try device.synchronize()
      return device.counters.peakBytes - before
    }

    @Test(arguments: TestDevice.all)
    func noMatrixOfScoresIsHeld(_ device: Device) throws {
      let found = try peak(device, dropout: 0)
      #expect(found < Self.scoreBytes / 2, "\(found) bytes")
    }

    /// The measure itself: with dropout the scores are stored, and that shows.
    @Test func aMatrixOfScoresWouldShow() throws {
      let found = try peak(.cpu, dropout: 0.5)
      #expect(found > Self.scoreBytes, "\(found) bytes")
    }

    /// Heads are split and joined without a pass over memory: one launch forward, one backward on the CPU.
    @Test func headsAreReadWhereTheyAre() throws {
      let x = try Tensor.ones([2, 70, 3 * 64], device: .cpu).contiguous().computed().requiringGradient()
      let upstream = try Tensor.ones([2, 70, 64], device: .cpu).contiguous().computed()
      let heads = (0..<3).map {
        x.sliced(axis: 2, from: 64 * $0, to: 64 * ($0 + 1)).reshaped(to: [2, 70, 4, 16]).transposed(1, 2)
      }
      var before = Device.cpu.counters.launches
      let output = try heads[0].attention(keys: heads[1], values: heads[2]).transposed(1, 2)
        .reshaped(to: [2, 70, 64]).computed()
      #expect(Device.cpu.counters.launches == before + 1)
      before = Device.cpu.counters.launches
      for gradient in output.gradients(of: heads, upstream: upstream) { try gradient.computed() }
      #expect(Device.cpu.counters.launches == before + 1)
    }
  }
}
