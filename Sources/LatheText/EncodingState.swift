/// The memory of one thread that encodes: texts under way, words met before, tokens found.
///
/// It is handed from thread to thread, and one at a time has it.
final class EncodingState: @unchecked Sendable {
  /// A token with its place in the original text.
  struct Found: BitwiseCopyable {
    var id: Int32
    var start: Int32
    var end: Int32
    var word: Int32
  }

  /// A token under way in a word, and the bytes that it covers.
  struct Symbol: BitwiseCopyable {
    var id: Int32
    var length: Int32
  }

  /// What is between tokens that are found in the original, where others are looked for in it.
  let segment = NormalizerWork()
  /// The text that is cut into words.
  let normalizing = NormalizerWork()
  let splitting: SplitWork
  let cache = WordCache()
  let tokens = GrowingBuffer<Found>()
  let symbols = GrowingBuffer<Symbol>(capacity: 64)
  let merging = MergeWork()
  let viterbi = GrowingBuffer<UnigramModel.Node>()
  let matches = GrowingBuffer<AddedTokens.Found>()
  let innerMatches = GrowingBuffer<AddedTokens.Found>()
  /// The number of the word under way.
  var word: Int32 = 0

  init() { splitting = SplitWork(normalizing) }

  func clear() {
    tokens.clear()
    word = 0
  }

  /// Adds a token of bytes of the text.
  @inline(__always) func emit(_ id: Int32, _ start: Int, _ end: Int) {
    let place = normalizing.text.original(start, end)
    tokens.append(Found(id: id, start: place.0, end: place.1, word: word))
  }

  /// Adds the symbols of a word that begins at a place, and takes up the next word.
  @inline(__always) func emitSymbols(_ start: Int) {
    var place = start
    tokens.reserve(symbols.count)
    for index in 0..<symbols.count {
      let symbol = symbols.pointer[index]
      let next = place + Int(symbol.length)
      emit(symbol.id, place, next)
      place = next
    }
    word += 1
  }

  /// Adds what the cache has of a word.
  ///
  /// - Returns: Whether it had it.
  @inline(__always) func emitCached(
    _ entry: UnsafeMutablePointer<WordCache.Entry>, _ key: (UInt64, UInt64), _ start: Int, _ count: Int
  ) -> Bool {
    guard entry.pointee.length == UInt8(truncatingIfNeeded: count), entry.pointee.low == key.0,
      entry.pointee.high == key.1
    else { return false }
    let found = entry.pointee
    if found.count == 1 {
      emit(found.ids.0, start, start + count)
    } else {
      let first = start + Int(found.firstLength)
      emit(found.ids.0, start, first)
      if found.count == 2 {
        emit(found.ids.1, first, start + count)
      } else {
        let second = first + Int(found.secondLength)
        emit(found.ids.1, first, second)
        emit(found.ids.2, second, start + count)
      }
    }
    word += 1
    return true
  }

  /// Keeps the symbols of a word where they are few and cover it.
  @inline(__always) func remember(
    _ entry: UnsafeMutablePointer<WordCache.Entry>, _ key: (UInt64, UInt64), _ count: Int
  ) {
    guard symbols.count >= 1 && symbols.count <= 3 else { return }
    var found = WordCache.Entry()
    found.low = key.0
    found.high = key.1
    found.length = UInt8(truncatingIfNeeded: count)
    found.count = UInt8(truncatingIfNeeded: symbols.count)
    var covered = 0
    for index in 0..<symbols.count { covered += Int(symbols.pointer[index].length) }
    guard covered == count else { return }
    found.ids.0 = symbols.pointer[0].id
    found.firstLength = UInt8(truncatingIfNeeded: symbols.pointer[0].length)
    if symbols.count > 1 {
      found.ids.1 = symbols.pointer[1].id
      found.secondLength = UInt8(truncatingIfNeeded: symbols.pointer[1].length)
    }
    if symbols.count > 2 { found.ids.2 = symbols.pointer[2].id }
    entry.pointee = found
  }
}
