import LatheCore

/// Words cut into the longest pieces that the vocabulary has, from the left.
final class WordPieceModel: Sendable {
  let vocabulary: Vocabulary
  let unknownToken: String
  let continuingPrefix: String
  let longestWord: Int
  private let trie: ByteTrie
  private let unknown: Int32
  /// Where pieces that continue a word begin; -1 where there are none.
  private let continuing: Int32

  init(_ vocabulary: Vocabulary, unknownToken: String, continuingPrefix: String, longestWord: Int) throws {
    self.vocabulary = vocabulary
    self.unknownToken = unknownToken
    self.continuingPrefix = continuingPrefix
    self.longestWord = longestWord
    guard let unknown = vocabulary.id(unknownToken) else {
      throw LatheError(.format, "the unknown token '\(unknownToken)' is not in the vocabulary")
    }
    self.unknown = unknown
    var trie = ByteTrie(capacity: vocabulary.count * 3)
    for id in 0..<vocabulary.size {
      if let token = vocabulary.token(Int32(id)), !token.isEmpty { trie.insert(token.utf8, Int32(id)) }
    }
    self.trie = trie
    continuing = trie.node(continuingPrefix.utf8)
  }

  /// Adds the tokens of all pieces.
  func encode(_ state: EncodingState) {
    let pieces = state.splitting.pieces
    let bytes = state.normalizing.text.bytes
    for index in 0..<pieces.count {
      let piece = pieces.pointer[index]
      let (start, count) = (Int(piece.start), Int(piece.end - piece.start))
      guard count <= WordCache.longest else {
        symbols(of: bytes + start, count, state)
        state.emitSymbols(start)
        continue
      }
      let key = WordCache.key(bytes + start, count)
      let entry = state.cache.place(key, count)
      if state.emitCached(entry, key, start, count) { continue }
      symbols(of: bytes + start, count, state)
      state.remember(entry, key, count)
      state.emitSymbols(start)
    }
  }

  private func symbols(of word: UnsafePointer<UInt8>, _ count: Int, _ state: EncodingState) {
    let symbols = state.symbols
    symbols.clear()
    if cut(word, count, symbols) { return }
    symbols.clear()
    symbols.append(EncodingState.Symbol(id: unknown, length: Int32(count)))
  }

  /// Whether a word could be cut into pieces.
  private func cut(
    _ word: UnsafePointer<UInt8>, _ count: Int, _ symbols: GrowingBuffer<EncodingState.Symbol>
  ) -> Bool {
    if count > longestWord {
      var scalars = 0
      for index in 0..<count where !UTF8Bytes.isContinuation(word[index]) { scalars += 1 }
      if scalars > longestWord { return false }
    }
    return trie.values.withUnsafeBufferPointer { values in
      var start = 0
      while start < count {
        var node = start == 0 ? ByteTrie.root : continuing
        if node < 0 { return false }
        var best = (id: Int32(-1), end: 0)
        var place = start
        while place < count {
          node = trie.child(node, word[place])
          if node < 0 { break }
          place += 1
          let id = values[Int(node)]
          if id >= 0 { best = (id, place) }
        }
        if best.id < 0 { return false }
        symbols.append(EncodingState.Symbol(id: best.id, length: Int32(best.end - start)))
        start = best.end
      }
      return true
    }
  }
}

/// Words that are tokens as they are.
final class WordLevelModel: Sendable {
  let vocabulary: Vocabulary
  let unknownToken: String
  private let unknown: Int32?

  init(_ vocabulary: Vocabulary, unknownToken: String) {
    self.vocabulary = vocabulary
    self.unknownToken = unknownToken
    unknown = vocabulary.id(unknownToken)
  }

  /// Adds the tokens of all pieces.
  ///
  /// - Throws: `LatheError.invalidArgument` for a word that is no token where there is none for such words.
  func encode(_ state: EncodingState) throws {
    let pieces = state.splitting.pieces
    for index in 0..<pieces.count {
      let (start, end) = (Int(pieces.pointer[index].start), Int(pieces.pointer[index].end))
      let found = vocabulary.table.value(state.normalizing.text.bytes + start, end - start)
      guard let id = found >= 0 ? found : unknown else {
        throw LatheError(
          .invalidArgument,
          "a word is not in the vocabulary, and neither is the token '\(unknownToken)' for such words")
      }
      state.emit(id, start, end)
      state.word += 1
    }
  }
}
