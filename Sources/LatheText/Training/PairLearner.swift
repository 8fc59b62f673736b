/// Learns which pairs of tokens join: always the most frequent one, as byte-pair encoding has it.
struct PairLearner {
  /// The tokens, those of the beginning first.
  private(set) var tokens: [String]
  /// The pairs that joined, in order.
  private(set) var merges: [(String, String)] = []
  private var ids: [String: Int32] = [:]
  private var words: [[Int32]]
  private let counts: [Int]
  private let prefix: String
  private var frequency: [UInt64: Int] = [:]
  /// Of each pair the words that have or had it.
  private var places: [UInt64: [Int32]] = [:]
  private var queue: [Candidate] = []

  private struct Candidate {
    var count: Int
    var pair: UInt64

    static func > (a: Candidate, b: Candidate) -> Bool {
      a.count > b.count || (a.count == b.count && a.pair < b.pair)
    }
  }

  /// - Parameters:
  ///   - tokens: The tokens of the beginning.
  ///   - words: The words in those tokens.
  ///   - prefix: What tokens begin with that continue a word; joined to another they lose it.
  init(tokens: [String], words: [[Int32]], counts: [Int], prefix: String) {
    self.tokens = tokens
    self.words = words
    self.counts = counts
    self.prefix = prefix
    for (id, token) in tokens.enumerated() { ids[token] = Int32(id) }
  }

  private static func key(_ first: Int32, _ second: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
  }

  /// Joins pairs until there are so many tokens, or no pair comes often enough.
  mutating func learn(size: Int, minimum: Int) {
    for (index, word) in words.enumerated() where word.count > 1 {
      for place in 0..<word.count - 1 { note(Self.key(word[place], word[place + 1]), index, counts[index]) }
    }
    queue = frequency.map { Candidate(count: $0.value, pair: $0.key) }.sorted { $0 > $1 }
    while tokens.count < size, let best = pop() {
      let now = frequency[best.pair] ?? 0
      guard now >= minimum, now > 0 else { continue }
      guard now == best.count else {
        push(Candidate(count: now, pair: best.pair))
        continue
      }
      join(best.pair)
    }
  }

  private mutating func note(_ pair: UInt64, _ word: Int, _ count: Int) {
    frequency[pair, default: 0] += count
    guard count > 0 else { return }
    if places[pair]?.last != Int32(word) { places[pair, default: []].append(Int32(word)) }
  }

  private mutating func join(_ pair: UInt64) {
    let (first, second) = (Int32(truncatingIfNeeded: pair >> 32), Int32(truncatingIfNeeded: pair))
    let (left, right) = (tokens[Int(first)], tokens[Int(second)])
    let text =
      left
      + (right.hasPrefix(prefix)
        ? String(right.unicodeScalars.dropFirst(prefix.unicodeScalars.count)) : right)
    var id = Int32(tokens.count)
    if let known = ids[text] {
      id = known
    } else {
      tokens.append(text)
      ids[text] = id
    }
    merges.append((left, right))
    var changed: Set<UInt64> = []
    for index in places.removeValue(forKey: pair) ?? [] {
      join(first, second, into: id, inWord: Int(index), &changed)
    }
    frequency[pair] = nil
    for pair in changed {
      if let count = frequency[pair], count > 0 { push(Candidate(count: count, pair: pair)) }
    }
  }

  private mutating func join(
    _ first: Int32, _ second: Int32, into id: Int32, inWord index: Int, _ changed: inout Set<UInt64>
  ) {
    let word = words[index]
    let count = counts[index]
    var result: [Int32] = []
    result.reserveCapacity(word.count)
    var place = 0
    while place < word.count {
      guard place + 1 < word.count, word[place] == first, word[place + 1] == second else {
        result.append(word[place])
        place += 1
        continue
      }
      if let before = result.last {
        note(Self.key(before, first), index, -count)
        note(Self.key(before, id), index, count)
        changed.insert(Self.key(before, id))
      }
      result.append(id)
      place += 2
      if place < word.count {
        let after = word[place]
        note(Self.key(second, after), index, -count)
        note(Self.key(id, after), index, count)
        changed.insert(Self.key(id, after))
      }
    }
    words[index] = result
  }

  private mutating func push(_ candidate: Candidate) {
    queue.append(candidate)
    var place = queue.count - 1
    while place > 0, candidate > queue[(place - 1) / 2] {
      queue[place] = queue[(place - 1) / 2]
      place = (place - 1) / 2
    }
    queue[place] = candidate
  }

  private mutating func pop() -> Candidate? {
    guard let top = queue.first, let last = queue.popLast() else { return nil }
    if queue.isEmpty { return top }
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < queue.count else { break }
      if child + 1 < queue.count, queue[child + 1] > queue[child] { child += 1 }
      guard queue[child] > last else { break }
      queue[place] = queue[child]
      place = child
    }
    queue[place] = last
    return top
  }
}
