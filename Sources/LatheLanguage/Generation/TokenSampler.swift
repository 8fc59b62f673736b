import Foundation

/// Chooses a token by its score.
package struct TokenSampler {
  let options: GenerationOptions

  package init(options: GenerationOptions) { self.options = options }

  /// The place of the largest score, of equal ones the first; nil where none is a number above minus infinity.
  package static func largest(_ logits: [Float]) -> Int? {
    logits.withUnsafeBufferPointer { scores in
      // Eight at a time, which a compiler makes vectors of.
      var best = -Float.infinity
      for score in scores where score > best { best = score }
      return best == -.infinity ? nil : scores.firstIndex(of: best)
    }
  }

  /// Draws a token.
  ///
  /// - Parameters:
  ///   - logits: One for each token.
  ///   - number: Uniform in 0 ..< 1.
  /// - Returns: Nil where no token is allowed.
  package func choose(_ logits: [Float], _ number: Double) -> Int? {
    guard options.temperature > 0 else { return Self.largest(logits) }
    guard let best = Self.largest(logits) else { return nil }
    let peak = Double(logits[best])
    var candidates = candidates(logits)
    let scale = 1 / options.temperature
    // Relative to the likeliest; sorted, the likeliest first.
    var weights = candidates.map { exp((Double(logits[$0]) - peak) * scale) }
    func keep(_ count: Int) {
      guard count < candidates.count else { return }
      candidates.removeLast(candidates.count - count)
      weights.removeLast(weights.count - count)
    }
    if let topK = options.topK { keep(topK) }
    if let topP = options.topP, topP < 1 { keep(Self.count(weights, making: topP)) }
    if let minP = options.minP { keep(max(weights.prefix { $0 >= minP }.count, 1)) }
    if let typical = options.typicalP, typical < 1 {
      let order = Self.typicalOrder(weights)
      let kept = order.prefix(Self.count(order.map { weights[$0] }, making: typical)).sorted()
      candidates = kept.map { candidates[$0] }
      weights = kept.map { weights[$0] }
    }
    return draw(candidates, weights, number)
  }

  private func draw(_ candidates: [Int], _ weights: [Double], _ number: Double) -> Int? {
    var left = number * weights.reduce(0, +)
    for (candidate, weight) in zip(candidates, weights) {
      if left < weight { return candidate }
      left -= weight
    }
    return candidates.last
  }

  /// The tokens that can be drawn, the likeliest first, of equal ones that with the lower number.
  private func candidates(_ logits: [Float]) -> [Int] {
    var places = logits.indices.filter { logits[$0] > -.infinity }
    if let topK = options.topK, topK < places.count {
      // The scores of those that stay, without an order of all.
      let limit = Self.largestScores(places.map { logits[$0] }, topK)
      places = places.filter { logits[$0] >= limit }
    }
    return places.sorted { logits[$0] > logits[$1] || (logits[$0] == logits[$1] && $0 < $1) }
  }

  /// The smallest of the `count` largest numbers.
  private static func largestScores(_ numbers: [Float], _ count: Int) -> Float {
    // A heap of the largest, the smallest on top.
    var heap = Array(numbers.prefix(count))
    func sink(_ start: Int) {
      var place = start
      while true {
        var child = 2 * place + 1
        guard child < heap.count else { return }
        if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < heap[place] else { return }
        heap.swapAt(child, place)
        place = child
      }
    }
    for place in (0..<heap.count / 2).reversed() { sink(place) }
    for number in numbers.dropFirst(count) where number > heap[0] {
      heap[0] = number
      sink(0)
    }
    return heap[0]
  }

  /// How many of the first weights make up a share of all; at least one.
  private static func count(_ weights: [Double], making share: Double) -> Int {
    let wanted = share * weights.reduce(0, +)
    var sum = 0.0
    for (index, weight) in weights.enumerated() {
      sum += weight
      if sum >= wanted { return index + 1 }
    }
    return weights.count
  }

  /// The places of weights by how far their surprise is from the mean surprise.
  private static func typicalOrder(_ weights: [Double]) -> [Int] {
    let sum = weights.reduce(0, +)
    let surprises = weights.map { -log($0 / sum) }
    let entropy = zip(weights, surprises).reduce(0) { $1.0 > 0 ? $0 + $1.0 / sum * $1.1 : $0 }
    return weights.indices.sorted {
      let (a, b) = (abs(surprises[$0] - entropy), abs(surprises[$1] - entropy))
      return a < b || (a == b && $0 < $1)
    }
  }

  /// A number in 0 ..< 1 that seed and step decide alone (Steele et al., 2014).
  package static func number(seed: UInt64, step: Int) -> Double {
    func mix(_ value: UInt64) -> UInt64 {
      var z = value &+ 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    let bits = mix(mix(mix(seed)) ^ UInt64(truncatingIfNeeded: step))
    return Double(bits >> 11) * 0x1p-53
  }
}
