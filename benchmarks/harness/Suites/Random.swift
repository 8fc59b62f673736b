import Foundation
import Lathe

/// Random numbers and dropout.
enum RandomSuite {
  static var workloads: [Workload] {
    let count = 1 << 24
    return [
      draw("uniform", count, isQuick: true, { Tensor.uniform([count], generator: $0, device: $1) }) {
        words, lane in
        Double(words[lane] >> 8) * 0x1p-24
      },
      draw("normal", count, { Tensor.normal([count], generator: $0, device: $1) }) { words, lane in
        let pair = lane / 2 * 2
        let radius = (-2 * log((Double(words[pair] >> 8) + 1) * 0x1p-24)).squareRoot()
        let angle = 2 * Double.pi * Double(words[pair + 1] >> 8) * 0x1p-24
        return lane % 2 == 0 ? radius * cos(angle) : radius * sin(angle)
      },
      dropout(count),
    ]
  }

  private static let seed: UInt64 = 7

  private static func draw(
    _ name: String, _ count: Int, isQuick: Bool = false, _ body: @escaping (Generator, Device) -> Tensor,
    _ reference: @escaping (_ words: [UInt32], _ lane: Int) -> Double
  ) -> Workload {
    Workload(.random, name, "\(count)", work: .traffic(Double(count * 4)), isQuick: isQuick) { device in
      let generator = Generator(seed: seed)
      return Trial(run: { try body(generator, device).computed() }) {
        try RelativeError.of(body(Generator(seed: seed), device), at: SamplePlaces(4096, of: count)) {
          reference(PhiloxReference.words(block: UInt64($0 / 4), seed: seed), $0 % 4)
        }
      }
    }
  }

  private static func dropout(_ count: Int) -> Workload {
    Workload(.random, "dropout", "\(count)", work: .traffic(Double(2 * count * 4))) { device in
      let values = SampleValues(1)
      let x = try values.tensor([count], on: device)
      let generator = Generator(seed: seed)
      let probability: Float = 0.25
      return Trial(run: { try x.dropout(probability: probability, generator: generator).computed() }) {
        let result = x.dropout(probability: probability, generator: Generator(seed: seed))
        return try RelativeError.of(result, at: SamplePlaces(4096, of: count)) {
          let words = PhiloxReference.words(block: UInt64($0 / 4), seed: seed)
          let isKept = Double(words[$0 % 4] >> 8) * 0x1p-24 >= Double(probability)
          return isKept ? values.double($0) / (1 - Double(probability)) : 0
        }
      }
    }
  }
}

/// The generator of Salmon and others (SC 2011) as their paper writes it: Philox4x32 with ten rounds.
enum PhiloxReference {
  /// The four words of a block.
  static func words(block: UInt64, seed: UInt64) -> [UInt32] {
    var (c0, c1, c2, c3) = (UInt32(truncatingIfNeeded: block), UInt32(block >> 32), UInt32(0), UInt32(0))
    var (k0, k1) = (UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32))
    for _ in 0..<10 {
      let first = UInt64(0xD251_1F53) * UInt64(c0)
      let second = UInt64(0xCD9E_8D57) * UInt64(c2)
      (c0, c1, c2, c3) = (
        UInt32(second >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: second),
        UInt32(first >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: first)
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return [c0, c1, c2, c3]
  }
}
