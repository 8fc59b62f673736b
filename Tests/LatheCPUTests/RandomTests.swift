import CPUKernels
import Foundation
import LatheCPU
import LatheCore
import Testing

/// The generator against known answers, the distributions against its words.
@Suite struct RandomTests {
  @Test func philoxKnownAnswers() {
    func block(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
      var out = [UInt32](repeating: 0, count: 4)
      lathe_philox_block(&out, counter, key)
      return out
    }
    #expect(block([0, 0, 0, 0], [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    let ones = UInt32.max
    #expect(
      block([ones, ones, ones, ones], [ones, ones]) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
  }

  private static let key = RandomKey(seed: 0x1234_5678_9abc_def0, offset: 0xffff_fff0)

  private func word(_ i: Int) -> UInt32 {
    let counter = Self.key.offset + UInt64(i / 4)
    var out = [UInt32](repeating: 0, count: 4)
    lathe_philox_block(
      &out, [UInt32(truncatingIfNeeded: counter), UInt32(counter >> 32), 0, 0],
      [UInt32(truncatingIfNeeded: Self.key.seed), UInt32(Self.key.seed >> 32)])
    return out[i % 4]
  }

  private func draw(_ distribution: RandomDistribution, _ count: Int) throws -> [Float] {
    let y = try CPU.empty([count])
    try CPU.backend.run(.random(distribution, key: Self.key), inputs: [], outputs: [y])
    return try CPU.read(y, as: Float.self)
  }

  @Test(arguments: [1, 2, 3, 5, 255, 1023, 1026, 20_003]) func distributionsFollowTheWords(count: Int) throws
  {
    let units = (0..<count + 3).map { Float(word($0) >> 8) * 0x1p-24 }
    let uniform = try draw(.uniform(low: -2, high: 3), count)
    #expect((0..<count).allSatisfy { abs(uniform[$0] - (-2 + 5 * units[$0])) <= 5e-7 })
    let bernoulli = try draw(.bernoulli(probability: 0.3), count)
    #expect((0..<count).allSatisfy { bernoulli[$0] == (units[$0] < 0.3 ? 1 : 0) })
    let normal = try draw(.normal(mean: 0.5, deviation: 2), count)
    #expect(
      (0..<count).allSatisfy {
        let even = $0 & ~1
        let radius = (-2 * log(Double(units[even]) + 0x1p-24)).squareRoot()
        let angle = 2 * Double.pi * Double(units[even + 1])
        let expected = 0.5 + 2 * radius * ($0 % 2 == 0 ? cos(angle) : sin(angle))
        return abs(Double(normal[$0]) - expected) < 6e-6
      })
    let x = try CPU.operand((0..<count).map { Float($0) + 1 })
    let dropped = try CPU.empty([count])
    try CPU.backend.run(.dropout(probability: 0.25, key: Self.key), inputs: [x], outputs: [dropped])
    let kept = try CPU.read(dropped, as: Float.self)
    #expect((0..<count).allSatisfy { kept[$0] == (units[$0] >= 0.25 ? (Float($0) + 1) / 0.75 : 0) })
  }
}
