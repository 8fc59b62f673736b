#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  #if canImport(Glibc)
    import Glibc
  #endif

  /// The counter-based generator against the published known answer and a plain implementation.
  @Suite(.serialized) struct RandomTests {
    /// Philox4x32-10 as in the paper.
    static func philox(counter: UInt64, seed: UInt64) -> [UInt32] {
      var c: [UInt32] = [UInt32(truncatingIfNeeded: counter), UInt32(counter >> 32), 0, 0]
      var key0 = UInt32(truncatingIfNeeded: seed)
      var key1 = UInt32(seed >> 32)
      for _ in 0..<10 {
        let a = UInt64(0xD251_1F53) * UInt64(c[0])
        let b = UInt64(0xCD9E_8D57) * UInt64(c[2])
        c = [
          UInt32(b >> 32) ^ c[1] ^ key0, UInt32(truncatingIfNeeded: b), UInt32(a >> 32) ^ c[3] ^ key1,
          UInt32(truncatingIfNeeded: a),
        ]
        key0 &+= 0x9E37_79B9
        key1 &+= 0xBB67_AE85
      }
      return c
    }

    static func unit(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }

    @Test func knownAnswer() {
      #expect(
        RandomTests.philox(counter: 0, seed: 0) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    }

    @Test(arguments: devices) func uniformNumbers(_ device: TestDevice) throws {
      let backend = device.backend
      // The second counter's low word wraps within a vector.
      for (seed, offset, count) in [(UInt64(0), UInt64(0), 9), (0x1234_5678_9abc_def0, 0xffff_fffa, 10_003)] {
        let output = try backend.empty([count], .float32)
        try backend.run(
          .random(.uniform(low: 0, high: 1), key: RandomKey(seed: seed, offset: offset)), inputs: [],
          outputs: [output])
        let got = try backend.floats(output.buffer, count: count)
        for i in 0..<count {
          let words = RandomTests.philox(counter: offset + UInt64(i / 4), seed: seed)
          #expect(got[i] == RandomTests.unit(words[i % 4]), "\(i)")
        }
      }
    }

    @Test(arguments: devices) func normalNumbers(_ device: TestDevice) throws {
      let backend = device.backend
      let count = 1003
      let output = try backend.empty([count], .float32)
      try backend.run(
        .random(.normal(mean: 1, deviation: 2), key: RandomKey(seed: 7, offset: 5)), inputs: [],
        outputs: [output])
      let got = try backend.floats(output.buffer, count: count)
      for i in 0..<count {
        let words = RandomTests.philox(counter: 5 + UInt64(i / 4), seed: 7)
        let pair = i % 4 / 2 * 2
        let radius = (-2 * log((Double(words[pair] >> 8) + 1) * 0x1p-24)).squareRoot()
        let angle = 2 * Double.pi * Double(words[pair + 1] >> 8) * 0x1p-24
        let want = 1 + 2 * radius * (i % 2 == 0 ? cos(angle) : sin(angle))
        #expect(abs(Double(got[i]) - want) < 4e-6, "\(i): \(got[i]) \(want)")
      }
    }

    @Test(arguments: devices) func bernoulliAndDropout(_ device: TestDevice) throws {
      let backend = device.backend
      let count = 517
      let key = RandomKey(seed: 99, offset: 3)
      let values = (0..<count).map { Float($0) + 1 }
      let flags = try backend.empty([count], .float32)
      let kept = try backend.empty([count], .float32)
      try backend.run(.random(.bernoulli(probability: 0.3), key: key), inputs: [], outputs: [flags])
      try backend.run(
        .dropout(probability: 0.3, key: key), inputs: [backend.operand(values, [count], .float32)],
        outputs: [kept])
      let gotFlags = try backend.floats(flags.buffer, count: count)
      let gotKept = try backend.floats(kept.buffer, count: count)
      for i in 0..<count {
        let unit = RandomTests.unit(RandomTests.philox(counter: 3 + UInt64(i / 4), seed: 99)[i % 4])
        #expect(gotFlags[i] == (unit < 0.3 ? 1 : 0))
        let want: Float = unit >= 0.3 ? values[i] / (1 - 0.3) : 0
        #expect(abs(gotKept[i] - want) <= 2 * want.ulp)
      }
    }
  }
#endif
