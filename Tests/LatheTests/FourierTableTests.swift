import Glibc
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// What Fourier transforms keep between calls.
  @Suite("FourierTables", .serialized)
  struct FourierTableTests {
    /// The frequency k of n ones with one larger at the front: a constant but for the first.
    private func checkPulse(_ n: Int, inverse: Bool, _ device: Device) throws {
      var values = [Float](repeating: 1, count: 2 * n)
      for i in 0..<n { values[2 * i + 1] = 0 }
      values[0] = 3
      let x = Tensor(values, shape: [n, 2], device: device)
      let y = inverse ? x.ifft(normalization: .forward) : x.fft()
      let first = try y[0].scalars(as: Float.self)
      #expect(abs(first[0] / Float(n + 2) - 1) < 1e-5 && abs(first[1]) < 1e-4 * Float(n))
      let others = try (y[1..., 0] - 2).abs().max().item() as Float
      // What rounding leaves of sums of n ones.
      #expect(others < max(1e-2, 1e-7 * Float(n)), "length \(n): off by \(others)")
    }

    @Test("A transform of the same length computes no table again", arguments: TestDevice.all)
    func areKept(_ device: Device) throws {
      for n in [48, 96, 134, 131] {
        try checkPulse(n, inverse: false, device)
        let (before, launches) = (FourierTables.byteCount, device.counters.launches)
        try checkPulse(n, inverse: false, device)
        let again = device.counters.launches - launches
        #expect(FourierTables.byteCount == before && before > 0)
        try checkPulse(n, inverse: false, device)
        #expect(device.counters.launches - launches == 2 * again)
      }
    }

    @Test("The oldest go, and results stay")
    func areLimited() throws {
      for n in [1 << 20, 3 << 18, 5 << 17, 7 << 17] {
        for inverse in [false, true] {
          try checkPulse(n, inverse: inverse, .cpu)
          #expect(FourierTables.byteCount <= FourierTables.limit)
        }
      }
      try checkPulse(1 << 20, inverse: false, .cpu)
      try checkPulse(48, inverse: false, .cpu)
    }

    @Test("Tables made while a graph is recorded are constants of it")
    func inGraphs() throws {
      // A length that no other test has.
      let n = 58
      func transformed(_ x: Tensor) -> Tensor { x.fft() }
      let graph = try ComputationGraph.recording([Tensor.ones([n, 2], device: .cpu)]) { [transformed($0[0])] }
        .graph
      let x = Tensor((0..<2 * n).map { Float($0) }, shape: [n, 2], device: .cpu)
      let found = try graph([x])[0].scalars(as: Float.self)
      #expect(try found == transformed(x).scalars(as: Float.self))
    }
  }
}
