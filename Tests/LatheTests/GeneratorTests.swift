import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  @Suite("Random numbers", .serialized)
  struct RandomNumbers {
    /// Philox4x32-10 of the paper, on its own words.
    private func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
      var c = counter
      var k = key
      for _ in 0..<10 {
        let p0 = UInt64(c[0]) * 0xD251_1F53
        let p1 = UInt64(c[2]) * 0xCD9E_8D57
        c = [
          UInt32(p1 >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: p1), UInt32(p0 >> 32) ^ c[3] ^ k[1],
          UInt32(truncatingIfNeeded: p0),
        ]
        k[0] &+= 0x9E37_79B9
        k[1] &+= 0xBB67_AE85
      }
      return c
    }

    /// The word for element i of a drawing that starts at a block.
    private func word(_ i: Int, seed: UInt64, offset: UInt64 = 0) -> UInt32 {
      let block = offset + UInt64(i / 4)
      let counter = [UInt32(truncatingIfNeeded: block), UInt32(block >> 32), 0, 0]
      return philox(counter, [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)])[i % 4]
    }

    @Test func thePaperVectors() {
      #expect(philox([0, 0, 0, 0], [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
      let ones = UInt32.max
      #expect(
        philox([ones, ones, ones, ones], [ones, ones]) == [
          0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd,
        ])
    }

    @Test(arguments: TestDevice.all)
    func uniformNumbers(_ device: Device) throws {
      let seed: UInt64 = 0x1234_5678_9abc_def0
      let generator = Generator(seed: seed)
      for (count, offset) in [(93, 0), (5, 24), (1, 26), (0, 27), (6, 27)] as [(Int, UInt64)] {
        #expect(generator.state.offset == offset)
        let found: [Float] = try Tensor.uniform([count], generator: generator, device: device).scalars()
        let expected = (0..<count).map { Float(word($0, seed: seed, offset: offset) >> 8) * 0x1p-24 }
        #expect(found == expected, "\(count) from block \(offset)")
      }
    }

    @Test(arguments: TestDevice.all)
    func uniformRange(_ device: Device) throws {
      let found: [Float] = try Tensor.uniform(
        [4096], low: -2, high: 3, generator: Generator(seed: 7), device: device
      ).scalars()
      let expected = (0..<4096).map { -2 + 5 * Double(word($0, seed: 7) >> 8) * 0x1p-24 }
      for (x, y) in zip(found, expected) { #expect(Swift.abs(Double(x) - y) < 1e-6) }
    }

    /// The high end is never drawn, whatever rounding would make of the numbers below it.
    @Test(arguments: TestDevice.all)
    func uniformStaysBelowItsHighEnd(_ device: Device) throws {
      func ends(_ low: Float, _ high: Float, _ dtype: DType) throws -> (low: Float, high: Float) {
        let numbers = Tensor.uniform(
          [1 << 18], low: low, high: high, generator: Generator(seed: 3), dtype: dtype, device: device)
        return (try numbers.min().cast(to: .float32).item(), try numbers.max().cast(to: .float32).item())
      }
      for dtype in [DType.float32, .float16, .bfloat16] {
        for (low, high) in [(0, 1), (1, 2), (1000, 1001), (-1, -0.5), (-3, 0)] as [(Float, Float)] {
          let found = try ends(low, high, dtype)
          #expect(found.low >= low && found.high < high, "\(dtype), \(low), \(high): \(found)")
        }
      }
      #expect(try ends(0, 1, .float16).high == 0.99951171875)
      #expect(try ends(0, 1, .bfloat16).high == 0.99609375)
      #expect(try ends(-3, -1, .int32) == (-3, -2))
      #expect(try ends(0, 256, .uint8) == (0, 255))
      #expect(try ends(2, 2, .float32) == (2, 2))
      // The ends may be further apart than any number.
      let wide = try ends(-2e38, 2e38, .float32)
      #expect(wide.low < -1.99e38 && wide.low >= -2e38 && wide.high > 1.99e38 && wide.high < 2e38)
    }

    @Test(arguments: TestDevice.all)
    func dropoutOfEverything(_ device: Device) throws {
      let x = Tensor([1, .infinity, .nan, -2, 5] as [Float], device: device).requiringGradient()
      let y = x.dropout(probability: 1, generator: Generator(seed: 1))
      #expect(try y.scalars(as: Float.self) == [0, 0, 0, 0, 0])
      #expect(try y.sum().gradient(of: x).scalars(as: Float.self) == [0, 0, 0, 0, 0])
      let half = x.cast(to: .float16).dropout(probability: 1, generator: Generator(seed: 1))
      #expect(try half.scalars(as: Float.self) == [0, 0, 0, 0, 0])
      let never = Tensor.bernoulli([4099], probability: 0, generator: Generator(seed: 1), device: device)
      let always = Tensor.bernoulli([4099], probability: 1, generator: Generator(seed: 1), device: device)
      #expect(try never.sum().item() == 0 && always.sum().item() == 4099)
    }

    @Test(arguments: TestDevice.all)
    func normalNumbers(_ device: Device) throws {
      let found: [Float] = try Tensor.normal(
        [4099], mean: 1, deviation: 2, generator: Generator(seed: 5), device: device
      ).scalars()
      var sum = 0.0
      var squares = 0.0
      for (i, x) in found.enumerated() {
        let pair = i / 2 * 2
        let a = (Double(word(pair, seed: 5) >> 8) + 1) * 0x1p-24
        let b = Double(word(pair + 1, seed: 5) >> 8) * 0x1p-24
        let radius = (-2 * log(a)).squareRoot()
        let expected = 1 + 2 * radius * (i % 2 == 0 ? cos(2 * .pi * b) : sin(2 * .pi * b))
        #expect(Swift.abs(Double(x) - expected) < 2e-5, "element \(i)")
        sum += Double(x)
        squares += Double(x) * Double(x)
      }
      let mean = sum / Double(found.count)
      #expect(Swift.abs(mean - 1) < 0.1)
      #expect(Swift.abs((squares / Double(found.count) - mean * mean).squareRoot() - 2) < 0.1)
    }

    @Test(arguments: TestDevice.all)
    func bernoulliNumbers(_ device: Device) throws {
      for probability in [0, 0.25, 1] as [Float] {
        let found: [Float] =
          try Tensor.bernoulli(
            [1000], probability: probability, generator: Generator(seed: 3), device: device
          ).scalars()
        let expected = (0..<1000).map { Float(word($0, seed: 3) >> 8) * 0x1p-24 < probability ? Float(1) : 0 }
        #expect(found == expected)
      }
    }

    @Test(arguments: TestDevice.all)
    func permutations(_ device: Device) throws {
      for count in [0, 1, 2, 33, 1000] {
        let generator = Generator(seed: 11)
        let found: [Int] = try Tensor.permutation(count, generator: generator, device: device).scalars()
        #expect(found.sorted() == Array(0..<count))
        let again: [Int] = try Tensor.permutation(count, generator: Generator(seed: 11), device: .cpu)
          .scalars()
        #expect(found == again)
      }
    }

    @Test(arguments: TestDevice.all)
    func dropoutKeepsTheMaskForTheGradient(_ device: Device) throws {
      let x = Tensor.ones([40, 50], device: device).requiringGradient()
      let generator = Generator(seed: 21)
      let y = x.dropout(probability: 0.3, generator: generator)
      let values: [Float] = try y.scalars()
      let scale = 1 / Float(0.7)
      let expected = (0..<2000).map { Float(word($0, seed: 21) >> 8) * 0x1p-24 >= 0.3 ? scale : 0 }
      for (found, wanted) in zip(values, expected) { #expect(Swift.abs(found - wanted) < 1e-6) }
      let gradient: [Float] = try y.sum().gradient(of: x).scalars()
      #expect(gradient == values)
      #expect(generator.state.offset == 500)
      #expect(
        try x.dropout(probability: 0, generator: generator).scalars(as: Float.self).allSatisfy { $0 == 1 })
    }

    @Test func statesResume() throws {
      let generator = Generator(seed: 9)
      _ = Tensor.uniform([10], generator: generator, device: .cpu)
      let data = try JSONEncoder().encode(generator.state)
      let next: [Float] = try Tensor.normal([7], generator: generator, device: .cpu).scalars()
      let resumed = Generator(state: try JSONDecoder().decode(Generator.State.self, from: data))
      let again: [Float] = try Tensor.normal([7], generator: resumed, device: .cpu).scalars()
      #expect(next == again)
      #expect(generator.state == resumed.state)
      generator.state = Generator.State(seed: 9)
      let first: [Float] = try Tensor.uniform([10], generator: generator, device: .cpu).scalars()
      let fresh: [Float] = try Tensor.uniform([10], generator: Generator(seed: 9), device: .cpu).scalars()
      #expect(first == fresh)
    }
  }
}
