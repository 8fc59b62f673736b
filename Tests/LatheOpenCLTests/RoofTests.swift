#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// What the roofs run.
  @Suite(.serialized) struct RoofTests {
    /// Every lane of every work-item ends with a sum of its own, so that a compiler could drop none of them.
    @Test(arguments: devices) func multiplyAddsKeepAllLanes(_ device: TestDevice) throws {
      let rounds = 10
      let starts: [Float] = [
        0.5, 0.75, 1.25, 1.5, 0.625, 0.875, 1.125, 1.375, 0.25, 1.75, 0.125, 2, 0.375, 1.625, 0.6875, 1.1875,
      ]
      let backend = device.backend
      let buffer = try backend.multiplyAdds(rounds: rounds)
      let count = try backend.probeMultiplyAdds(rounds: 1) / 24
      let lanes = buffer.byteCount / 4 / backend.roofItems
      #expect(count == Double(backend.roofItems * lanes))
      let sums = try backend.floats(buffer, count: buffer.byteCount / 4)
      for (place, sum) in sums.enumerated() {
        let start = Double(starts[place % lanes]) + Double(place / lanes % 1024) / 1024
        let step = start * 0.999 * (start + 0.001)
        let expected = (0..<12).reduce(0.0) { $0 + start + 0.1 * Double($1) + Double(rounds) * step }
        guard abs(Double(sum) - expected) > 1e-4 * expected else { continue }
        Issue.record("lane \(place % lanes) of item \(place / lanes) is \(sum), not \(expected)")
        return
      }
    }
  }
#endif
