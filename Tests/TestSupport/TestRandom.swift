/// The tests' own deterministic numbers (SplitMix64), so that inputs do not depend on what is tested.
package struct TestRandom {
  private var state: UInt64

  /// A sequence that depends on nothing but the text.
  package init(_ seed: String) {
    state = 0x9e37_79b9_7f4a_7c15
    for byte in seed.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    state = state &+ 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// The next number of 0..<1.
  package mutating func unit() -> Double { Double(next() >> 11) / 9007199254740992 }

  /// The next number between two bounds.
  package mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }

  /// The next whole number of low...high.
  package mutating func integer(_ low: Int, _ high: Int) -> Int {
    low + Int(next() % UInt64(high - low + 1))
  }

  /// 0..<count in random order.
  package mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(0, i)) }
    return order
  }
}
