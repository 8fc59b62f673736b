import Foundation

/// The ways to cut words into pieces, with what they say of the pieces.
struct UnigramLattice {
  /// A piece with the logarithm of its probability.
  struct Piece {
    var text: String
    var score: Double
  }

  private let pieces: [Piece]
  private let trie: ByteTrie

  init(_ pieces: [Piece]) {
    self.pieces = pieces
    var trie = ByteTrie(capacity: pieces.count * 3)
    for (id, piece) in pieces.enumerated() { trie.insert(piece.text.utf8, Int32(id)) }
    self.trie = trie
  }

  /// Calls back for each piece that begins at a place, with its end.
  @inline(__always) private func matches(_ word: [UInt8], _ start: Int, _ body: (Int, Int) -> Void) {
    var node = ByteTrie.root
    for place in start..<word.count {
      node = trie.child(node, word[place])
      if node < 0 { return }
      let id = trie.values[Int(node)]
      if id >= 0 { body(Int(id), place + 1) }
    }
  }

  private static func add(_ a: Double, _ b: Double) -> Double {
    if a == -.infinity { return b }
    if b == -.infinity { return a }
    let (high, low) = a > b ? (a, b) : (b, a)
    return high - low > 50 ? high : high + log1p(exp(low - high))
  }

  /// The pieces with the probabilities that follow from how often the words use them.
  ///
  /// - Parameter alphabet: So many pieces at the beginning stay in any case.
  func estimated(_ words: WordCounts, alphabet: Int) -> [Piece] {
    var expected = [Double](repeating: 0, count: pieces.count)
    for (word, count) in zip(words.words, words.counts) { collect(word, Double(count), &expected) }
    var result: [Piece] = []
    var total = 0.0
    for (index, piece) in pieces.enumerated() where index < alphabet || expected[index] >= 0.5 {
      let count = max(expected[index], 0.5)
      total += count
      result.append(Piece(text: piece.text, score: count))
    }
    let whole = Self.digamma(total)
    for index in result.indices { result[index].score = Self.digamma(result[index].score) - whole }
    return result
  }

  /// Adds how often each piece is expected in a word.
  private func collect(_ word: [UInt8], _ count: Double, _ expected: inout [Double]) {
    var forward = [Double](repeating: -.infinity, count: word.count + 1)
    var backward = forward
    forward[0] = 0
    backward[word.count] = 0
    for start in 0..<word.count where forward[start] > -.infinity {
      matches(word, start) { forward[$1] = Self.add(forward[$1], forward[start] + pieces[$0].score) }
    }
    let whole = forward[word.count]
    guard whole > -.infinity else { return }
    for start in (0..<word.count).reversed() where forward[start] > -.infinity {
      matches(word, start) { id, end in
        let score = pieces[id].score + backward[end]
        backward[start] = Self.add(backward[start], score)
        expected[id] += count * exp(forward[start] + score - whole)
      }
    }
  }

  /// The likeliest pieces of a word; without one of them.
  private func best(_ word: [UInt8], without excluded: Int) -> [Int]? {
    var nodes = [(score: Double, start: Int, id: Int)](repeating: (-.infinity, -1, -1), count: word.count + 1)
    nodes[0].score = 0
    for start in 0..<word.count where nodes[start].score > -.infinity {
      matches(word, start) { id, end in
        let score = nodes[start].score + pieces[id].score
        if id != excluded && score > nodes[end].score { nodes[end] = (score, start, id) }
      }
    }
    guard nodes[word.count].score > -.infinity else { return nil }
    var result: [Int] = []
    var end = word.count
    while end > 0 {
      result.append(nodes[end].id)
      end = nodes[end].start
    }
    return result
  }

  /// The pieces without those that cost least to lose.
  func pruned(_ words: WordCounts, to size: Int, alphabet: Int) -> [Piece] {
    var used = [Double](repeating: 0, count: pieces.count)
    var total = 0.0
    for (word, count) in zip(words.words, words.counts) {
      for id in best(word, without: -1) ?? [] {
        used[id] += Double(count)
        total += Double(count)
      }
    }
    var losses: [(id: Int, loss: Double)] = []
    for id in alphabet..<pieces.count where used[id] > 0 {
      guard let others = best(Array(pieces[id].text.utf8), without: id) else { continue }
      let instead = others.reduce(0) { $0 + pieces[$1].score }
      losses.append((id, used[id] / total * (pieces[id].score - instead)))
    }
    losses.sort { ($0.loss, $1.id) > ($1.loss, $0.id) }
    let kept = losses.prefix(max(0, size - alphabet)).map(\.id).sorted()
    return pieces.prefix(alphabet) + kept.map { pieces[$0] }
  }

  /// The derivative of the logarithm of the gamma function.
  private static func digamma(_ value: Double) -> Double {
    var (x, result) = (value, 0.0)
    while x < 7 {
      result -= 1 / x
      x += 1
    }
    x -= 0.5
    let square = 1 / (x * x)
    return result + log(x)
      + square * (1.0 / 24 - square * (7.0 / 960 - square * (31.0 / 8064 - square * 127.0 / 30720)))
  }
}
