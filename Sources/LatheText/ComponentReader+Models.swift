import LatheCore

extension ComponentReader {
  /// Reads a model.
  ///
  /// - Parameter bytes: Whether words come as bytes, for vocabularies with letters for them.
  func model(bytes: Bool) throws -> TokenModel {
    // The oldest files do not name it.
    let name = try optional("type")?.string() ?? (json["merges"] != nil ? "BPE" : "WordPiece")
    switch name {
    case "WordPiece":
      return .wordPiece(
        try placedModel {
          try WordPieceModel(
            try vocabulary(), unknownToken: try optional("unk_token")?.string() ?? "[UNK]",
            continuingPrefix: try optional("continuing_subword_prefix")?.string() ?? "##",
            longestWord: try optional("max_input_chars_per_word")?.integer() ?? 100)
        })
    case "WordLevel":
      return .wordLevel(
        WordLevelModel(try vocabulary(), unknownToken: try optional("unk_token")?.string() ?? "<unk>"))
    case "BPE": return .bpe(try pairs(bytes: bytes))
    case "Unigram": return .unigram(try unigram())
    case let name: throw unsupported("the type '\(name)'")
    }
  }

  /// A vocabulary's message has no place yet; a component's has.
  private func placedModel<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as LatheError {
      throw error.message.hasPrefix(place) ? error : LatheError(error.kind, "\(place): \(error.message)")
    }
  }

  private func vocabulary() throws -> Vocabulary {
    let reader = try required("vocab")
    guard let members = reader.json.members else {
      throw reader.wrong("is \(reader.json.kind), expected an object")
    }
    let tokens = try members.map { member in
      guard let id = member.value.integer else {
        throw reader.wrong("the number of the token '\(member.key)' is \(member.value.kind)")
      }
      return (member.key, id)
    }
    return try reader.placed { try Vocabulary(tokens) }
  }

  private func pairs(bytes: Bool) throws -> BPEModel {
    if let dropout = try optional("dropout"), dropout.json.double != 0 {
      throw dropout.unsupported("dropping merges by chance")
    }
    var options = BPEModel.Options()
    options.unknownToken = try optional("unk_token")?.string()
    options.continuingPrefix = try optional("continuing_subword_prefix")?.string()
    options.endSuffix = try optional("end_of_word_suffix")?.string()
    options.fusesUnknown = try bool("fuse_unk", default: false)
    options.fallsBackToBytes = try bool("byte_fallback", default: false)
    options.ignoresMerges = try bool("ignore_merges", default: false)
    let vocabulary = try vocabulary()
    let merges = try merges()
    return try placedModel { try BPEModel(vocabulary, merges: merges, options: options, bytes: bytes) }
  }

  private func merges() throws -> [(String, String)] {
    let reader = try required("merges")
    guard let values = reader.json.array else {
      throw reader.wrong("is \(reader.json.kind), expected a list")
    }
    var result: [(String, String)] = []
    result.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      if let text = value.string {
        if text.hasPrefix("#version") { continue }
        guard let pair = Self.pair(text) else {
          throw reader.wrong("merge \(index + 1) is not two tokens with a space between")
        }
        result.append(pair)
      } else if let parts = value.array, parts.count == 2, let first = parts[0].string,
        let second = parts[1].string
      {
        result.append((first, second))
      } else {
        throw reader.wrong("merge \(index + 1) is not two tokens")
      }
    }
    return result
  }

  /// Two tokens with one space between; nil of other texts.
  static func pair(_ text: String) -> (String, String)? {
    let utf8 = text.utf8
    guard let space = utf8.firstIndex(of: 0x20), space != utf8.startIndex else { return nil }
    let rest = utf8.index(after: space)
    guard rest != utf8.endIndex, !utf8[rest...].contains(0x20) else { return nil }
    return (String(text[..<space]), String(text[rest...]))
  }

  private func unigram() throws -> UnigramModel {
    let reader = try required("vocab")
    guard let values = reader.json.array else {
      throw reader.wrong("is \(reader.json.kind), expected a list")
    }
    let pieces = try values.enumerated().map { index, value in
      guard let parts = value.array, parts.count == 2, let piece = parts[0].string,
        let score = parts[1].double
      else { throw reader.wrong("piece \(index) is not a text with its score") }
      return (piece, score)
    }
    let unknown = try optional("unk_id")?.integer()
    let fallsBack = try bool("byte_fallback", default: false)
    return try placedModel { try UnigramModel(pieces, unknown: unknown, fallsBackToBytes: fallsBack) }
  }
}
