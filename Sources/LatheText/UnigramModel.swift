import LatheCore

/// Words cut so that the pieces are the likeliest together.
final class UnigramModel: Sendable {
  /// The best way to a place in a word.
  struct Node: BitwiseCopyable {
    var id: Int32
    var start: Int32
    var score: Double
  }

  let vocabulary: Vocabulary
  let scores: [Double]
  let unknown: Int32?
  let fallsBackToBytes: Bool
  private let trie: ByteTrie
  private let unknownScore: Double
  private let fallbackTokens: [Int32]

  /// How much less likely than the least likely piece an unknown scalar is.
  private static let penalty = 10.0

  init(_ pieces: [(String, Double)], unknown: Int?, fallsBackToBytes: Bool) throws {
    vocabulary = try Vocabulary(pieces.enumerated().map { ($1.0, $0) })
    scores = pieces.map(\.1)
    if let wrong = scores.firstIndex(where: { !$0.isFinite }) {
      throw LatheError(.format, "the score of the piece '\(pieces[wrong].0)' is no finite number")
    }
    if let unknown, unknown < 0 || unknown >= pieces.count {
      throw LatheError(.format, "unk_id is \(unknown), but there are \(counted(pieces.count, "pieces"))")
    }
    self.unknown = unknown.map(Int32.init)
    self.fallsBackToBytes = fallsBackToBytes
    var trie = ByteTrie(capacity: pieces.count * 3)
    for (id, piece) in pieces.enumerated() where !piece.0.isEmpty { trie.insert(piece.0.utf8, Int32(id)) }
    self.trie = trie
    unknownScore = (scores.min() ?? 0) - Self.penalty
    let vocabulary = self.vocabulary
    let tokens = (0...255).map { vocabulary.id(byteToken(UInt8($0))) ?? -1 }
    fallbackTokens = fallsBackToBytes ? tokens : []
  }

  /// Adds the tokens of all pieces.
  ///
  /// - Throws: `LatheError.invalidArgument` for unknown scalars where there is no token for them.
  func encode(_ state: EncodingState) throws {
    let pieces = state.splitting.pieces
    let bytes = state.normalizing.text.bytes
    for index in 0..<pieces.count {
      let (start, end) = (Int(pieces.pointer[index].start), Int(pieces.pointer[index].end))
      let count = end - start
      let word = bytes + start
      guard count <= WordCache.longest else {
        try encodeWord(word, start, count, state)
        continue
      }
      let key = WordCache.key(word, count)
      let entry = state.cache.place(key, count)
      if state.emitCached(entry, key, start, count) { continue }
      if try encodeWord(word, start, count, state) { state.remember(entry, key, count) }
    }
  }

  /// Adds the tokens of one word.
  ///
  /// - Returns: Whether the state's symbols are all of them, each for its bytes.
  @discardableResult
  private func encodeWord(
    _ word: UnsafePointer<UInt8>, _ start: Int, _ count: Int, _ state: EncodingState
  ) throws -> Bool {
    try cut(word, count, state)
    var place = start
    var isPlain = true
    for index in 0..<state.symbols.count {
      let symbol = state.symbols.pointer[index]
      let next = place + Int(symbol.length)
      if symbol.id == unknown {
        isPlain = emitUnknown(word + (place - start), place, next, state) && isPlain
      } else {
        state.emit(symbol.id, place, next)
      }
      place = next
    }
    state.word += 1
    return isPlain
  }

  /// Adds what stands for bytes that no piece covers.
  ///
  /// - Returns: Whether that is the unknown token.
  private func emitUnknown(
    _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ state: EncodingState
  ) -> Bool {
    let whole = vocabulary.table.value(bytes, end - start)
    if whole >= 0 {
      state.emit(whole, start, end)
      return whole == unknown
    }
    let isCovered =
      !fallbackTokens.isEmpty && (0..<end - start).allSatisfy { fallbackTokens[Int(bytes[$0])] >= 0 }
    if isCovered {
      for index in 0..<end - start { state.emit(fallbackTokens[Int(bytes[index])], start, end) }
      return false
    }
    state.emit(unknown ?? 0, start, end)
    return true
  }

  /// Leaves the likeliest pieces of a word in the state's symbols, unknown neighbours as one.
  private func cut(_ word: UnsafePointer<UInt8>, _ count: Int, _ state: EncodingState) throws {
    let nodes = state.viterbi
    nodes.clear()
    nodes.reserve(count + 1)
    let best = nodes.pointer
    for place in 0...count { best[place] = Node(id: -1, start: -1, score: 0) }
    try trie.values.withUnsafeBufferPointer { values in
      var start = 0
      while start < count {
        let score = best[start].score
        let length = UTF8Bytes.length(word[start])
        var hasSingle = false
        var node = ByteTrie.root
        var place = start
        while place < count {
          node = trie.child(node, word[place])
          if node < 0 { break }
          place += 1
          let id = values[Int(node)]
          guard id >= 0 else { continue }
          let candidate = scores[Int(id)] + score
          if best[place].start < 0 || candidate > best[place].score {
            best[place] = Node(id: id, start: Int32(start), score: candidate)
          }
          if place - start == length { hasSingle = true }
        }
        if !hasSingle {
          let end = start + length
          let candidate = unknownScore + score
          if best[end].start < 0 || candidate > best[end].score {
            guard let unknown else {
              throw LatheError(
                .invalidArgument,
                "the text has a scalar that no piece covers, and the model has no unknown token")
            }
            best[end] = Node(id: unknown, start: Int32(start), score: candidate)
          }
        }
        start += length
      }
    }
    let symbols = state.symbols
    symbols.clear()
    var end = count
    while end > 0 {
      let node = best[end]
      let length = Int32(end) - node.start
      if node.id == unknown, symbols.count > 0, symbols.pointer[symbols.count - 1].id == unknown {
        symbols.pointer[symbols.count - 1].length += length
      } else {
        symbols.append(EncodingState.Symbol(id: node.id, length: length))
      }
      end = Int(node.start)
    }
    var all = UnsafeMutableBufferPointer(start: symbols.pointer, count: symbols.count)
    all.reverse()
  }
}
