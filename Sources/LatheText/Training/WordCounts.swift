import LatheCore

/// The words of a corpus and how often each comes.
struct WordCounts {
  /// The words as bytes.
  private(set) var words: [[UInt8]] = []
  /// How often each word comes.
  private(set) var counts: [Int] = []
  private var table = ByteTable(capacity: 1 << 12)

  /// Counts the words that the steps in front of a model make of texts.
  ///
  /// - Parameter leavesBytes: Whether words come as bytes where the last step writes letters for them.
  init(
    _ texts: some Sequence<String>, normalizer: Normalizer?, preTokenizer: PreTokenizer?, leavesBytes: Bool
  ) throws {
    let state = EncodingState()
    for text in texts {
      var text = text
      try text.withUTF8 { utf8 in
        guard let bytes = utf8.baseAddress, !utf8.isEmpty else { return }
        guard utf8.count < Int(Int32.max) / 4 else {
          throw LatheError(.invalidArgument, "a text of \(utf8.count) bytes; cut it into parts below 512 MB")
        }
        state.normalizing.text.view(bytes, 0..<utf8.count)
        try normalizer?.apply(state.normalizing)
        state.splitting.begin(0..<state.normalizing.text.count)
        try preTokenizer?.apply(state.splitting, leavesBytes: leavesBytes)
        count(state)
      }
    }
    guard !words.isEmpty else {
      throw LatheError(.invalidArgument, "the texts to learn tokens from have no words in them")
    }
  }

  private mutating func count(_ state: EncodingState) {
    let pieces = state.splitting.pieces
    for index in 0..<pieces.count {
      let piece = pieces.pointer[index]
      let word = UnsafeBufferPointer(
        start: state.normalizing.text.bytes + Int(piece.start), count: Int(piece.end - piece.start))
      guard let base = word.baseAddress else { continue }
      let known = table.value(base, word.count)
      if known >= 0 {
        counts[Int(known)] += 1
      } else {
        table.insert(word, Int32(words.count))
        words.append(Array(word))
        counts.append(1)
      }
    }
  }
}
