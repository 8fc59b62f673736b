import LatheCore

/// Byte-pair encoding: words are scalars or bytes at first, of which pairs join in the order of training.
final class BPEModel: Sendable {
  /// What a vocabulary of pairs says besides tokens and merges.
  struct Options: Sendable {
    var unknownToken: String?
    var continuingPrefix: String?
    var endSuffix: String?
    var fusesUnknown = false
    var fallsBackToBytes = false
    var ignoresMerges = false
  }

  let vocabulary: Vocabulary
  let options: Options
  /// The merges as they were read, for writing.
  let merges: [(String, String)]
  private let pairs: PairTable
  private let unknown: Int32
  /// Of each byte its token in a model of bytes; -1 where it has none.
  private let byteTokens: [Int32]
  /// Of each byte its token `<0x..>`; empty where one is missing.
  private let fallbackTokens: [Int32]
  /// Whole words of bytes, for models that look them up before merging.
  private let wholeWords: ByteTable?
  /// Whether words come as bytes and not as the letters for them.
  let takesBytes: Bool

  /// - Parameter bytes: Whether words will come as bytes, where the vocabulary has letters for them.
  /// - Throws: `LatheError.format` for a merge of what is no token.
  init(_ vocabulary: Vocabulary, merges: [(String, String)], options: Options, bytes: Bool) throws {
    self.vocabulary = vocabulary
    self.options = options
    self.merges = merges
    let hasParts = options.continuingPrefix?.isEmpty == false || options.endSuffix?.isEmpty == false
    takesBytes = bytes && !hasParts && !options.fallsBackToBytes
    unknown =
      try options.unknownToken.map { token in
        guard let id = vocabulary.id(token) else {
          throw LatheError(.format, "the unknown token '\(token)' is not in the vocabulary")
        }
        return id
      } ?? -1
    pairs = try Self.table(vocabulary, merges, prefix: options.continuingPrefix ?? "")
    byteTokens = ByteLetters.utf8.map { letters in
      letters.withUnsafeBufferPointer { all in
        all.baseAddress.map { vocabulary.table.value($0, all.count) } ?? -1
      }
    }
    let fallback = (0...255).map { vocabulary.id(byteToken(UInt8($0))) ?? -1 }
    fallbackTokens = options.fallsBackToBytes ? fallback : []
    if takesBytes && options.ignoresMerges {
      var words = ByteTable(capacity: vocabulary.count)
      for id in 0..<vocabulary.size {
        guard let token = vocabulary.token(Int32(id)), let bytes = ByteLetters.decode(token) else { continue }
        bytes.withUnsafeBufferPointer { _ = words.insert($0, Int32(id)) }
      }
      wholeWords = words
    } else {
      wholeWords = nil
    }
  }

  private static func table(
    _ vocabulary: Vocabulary, _ merges: [(String, String)], prefix: String
  ) throws -> PairTable {
    var table = PairTable(capacity: merges.count)
    let skipped = prefix.unicodeScalars.count
    for (rank, (first, second)) in merges.enumerated() {
      let tail = skipped == 0 ? second : String(second.unicodeScalars.dropFirst(skipped))
      let joined = first + tail
      guard let left = vocabulary.id(first), let right = vocabulary.id(second), let id = vocabulary.id(joined)
      else {
        let missing = [first, second, joined].first { vocabulary.id($0) == nil } ?? joined
        throw LatheError(
          .format, "merge \(rank + 1) ('\(first)' and '\(second)'): '\(missing)' is not in the vocabulary")
      }
      table.insert(left, right, PairTable.Merge(rank: Int32(rank), id: id))
    }
    return table
  }

  /// Adds the tokens of all pieces.
  func encode(_ state: EncodingState) throws {
    let pieces = state.splitting.pieces
    let bytes = state.normalizing.text.bytes
    for index in 0..<pieces.count {
      let piece = pieces.pointer[index]
      let (start, count) = (Int(piece.start), Int(piece.end - piece.start))
      let word = bytes + start
      if options.ignoresMerges {
        let id = wholeWords?.value(word, count) ?? vocabulary.table.value(word, count)
        if id >= 0 {
          state.emit(id, start, start + count)
          state.word += 1
          continue
        }
      }
      guard count <= WordCache.longest else {
        symbols(of: word, count, state)
        state.emitSymbols(start)
        continue
      }
      let key = WordCache.key(word, count)
      let entry = state.cache.place(key, count)
      if state.emitCached(entry, key, start, count) { continue }
      symbols(of: word, count, state)
      state.remember(entry, key, count)
      state.emitSymbols(start)
    }
  }

  /// The tokens of a word.
  private func symbols(of word: UnsafePointer<UInt8>, _ count: Int, _ state: EncodingState) {
    let symbols = state.symbols
    symbols.clear()
    var pending = EncodingState.Symbol(id: -1, length: 0)
    func addUnknown(_ length: Int) {
      guard unknown >= 0 else { return }
      if pending.length > 0 && options.fusesUnknown {
        pending.length += Int32(length)
      } else {
        if pending.length > 0 { symbols.append(pending) }
        pending = EncodingState.Symbol(id: unknown, length: Int32(length))
      }
    }
    func add(_ id: Int32, _ length: Int) {
      if pending.length > 0 {
        symbols.append(pending)
        pending.length = 0
      }
      symbols.append(EncodingState.Symbol(id: id, length: Int32(length)))
    }
    if takesBytes {
      for index in 0..<count {
        let id = byteTokens[Int(word[index])]
        if id >= 0 { add(id, 1) } else { addUnknown(1) }
      }
    } else {
      var place = 0
      while place < count {
        let length = UTF8Bytes.length(word[place])
        let id = scalarToken(word, place, length, isLast: place + length == count)
        if id >= 0 {
          add(id, length)
        } else if !addFallback(word, place, length, isLast: place + length == count, symbols) {
          addUnknown(length)
        }
        place += length
      }
    }
    if pending.length > 0 { symbols.append(pending) }
    state.merging.merge(symbols, pairs)
  }

  private func scalarToken(_ word: UnsafePointer<UInt8>, _ place: Int, _ length: Int, isLast: Bool) -> Int32 {
    let prefix = place > 0 ? options.continuingPrefix ?? "" : ""
    let suffix = isLast ? options.endSuffix ?? "" : ""
    if prefix.isEmpty && suffix.isEmpty { return vocabulary.table.value(word + place, length) }
    let scalar = Array(UnsafeBufferPointer(start: word + place, count: length))
    return vocabulary.table.value(Array(prefix.utf8) + scalar + Array(suffix.utf8))
  }

  /// Adds the tokens of a scalar's bytes, prefix and suffix included; false where there are none.
  private func addFallback(
    _ word: UnsafePointer<UInt8>, _ place: Int, _ length: Int, isLast: Bool,
    _ symbols: GrowingBuffer<EncodingState.Symbol>
  ) -> Bool {
    guard !fallbackTokens.isEmpty else { return false }
    let prefix = place > 0 ? Array((options.continuingPrefix ?? "").utf8) : []
    let suffix = isLast ? Array((options.endSuffix ?? "").utf8) : []
    let all = prefix + Array(UnsafeBufferPointer(start: word + place, count: length)) + suffix
    guard all.allSatisfy({ fallbackTokens[Int($0)] >= 0 }) else { return false }
    for byte in all { symbols.append(EncodingState.Symbol(id: fallbackTokens[Int(byte)], length: 1)) }
    return true
  }
}

/// The token that stands for a byte in vocabularies that fall back to bytes.
func byteToken(_ byte: UInt8) -> String {
  let digits = Array("0123456789ABCDEF")
  return "<0x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])>"
}
