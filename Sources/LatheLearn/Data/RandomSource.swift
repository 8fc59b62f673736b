/// Random numbers that a seed decides (SplitMix64), the same on every host.
package struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The numbers of one stream of a seed.
  package init(seed: UInt64, stream: UInt64 = 0) {
    state = seed &+ stream &* 0xD134_2543_DE82_EF95
    _ = next()
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in 0..<1.
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A whole number in 0..<n.
  package mutating func below(_ n: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(n)).high) }

  /// A number of the standard normal distribution.
  package mutating func normal() -> Double {
    // Marsaglia's polar method.
    while true {
      let (a, b) = (2 * uniform() - 1, 2 * uniform() - 1)
      let square = a * a + b * b
      if square > 0 && square < 1 { return a * (-2 * logarithm(square) / square).squareRoot() }
    }
  }

  /// Puts numbers into a random order.
  package mutating func shuffle<T>(_ values: inout [T]) {
    guard values.count > 1 else { return }
    for i in stride(from: values.count - 1, to: 0, by: -1) { values.swapAt(i, below(i + 1)) }
  }

  /// `count` different numbers of 0..<n, rising.
  package mutating func sample(_ count: Int, of n: Int) -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(count)
    var missing = count
    for i in 0..<n where missing > 0 && below(n - i) < missing {
      result.append(i)
      missing -= 1
    }
    return result
  }
}
