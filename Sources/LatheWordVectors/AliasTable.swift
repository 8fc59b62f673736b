/// Draws words by their weights with one number (Walker, 1977): a place, and by a share itself or its alias.
package struct AliasTable {
  /// Below which of 2^24 numbers a place stands for itself.
  package private(set) var shares: [UInt32]
  package private(set) var aliases: [Int32]

  package init(_ weights: [Double]) {
    let sum = weights.reduce(0, +)
    var scaled = weights.map { $0 / sum * Double(weights.count) }
    shares = [UInt32](repeating: 1 << 24, count: weights.count)
    aliases = weights.indices.map { Int32($0) }
    var small = scaled.indices.filter { scaled[$0] < 1 }
    var large = scaled.indices.filter { scaled[$0] >= 1 }
    while let less = small.popLast(), let more = large.last {
      shares[less] = UInt32((scaled[less] * 0x1p24).rounded())
      aliases[less] = Int32(more)
      scaled[more] -= 1 - scaled[less]
      if scaled[more] < 1 {
        large.removeLast()
        small.append(more)
      }
    }
  }
}
