import LatheCore
import Synchronization

/// A model of tokens.
enum TokenModel: Sendable {
  case wordPiece(WordPieceModel)
  case bpe(BPEModel)
  case unigram(UnigramModel)
  case wordLevel(WordLevelModel)

  var vocabulary: Vocabulary {
    switch self {
    case .wordPiece(let model): model.vocabulary
    case .bpe(let model): model.vocabulary
    case .unigram(let model): model.vocabulary
    case .wordLevel(let model): model.vocabulary
    }
  }

  /// Whether words come as bytes where a vocabulary of letters for bytes would be given letters.
  var takesBytes: Bool { if case .bpe(let model) = self { model.takesBytes } else { false } }

  func encode(_ state: EncodingState) throws {
    switch self {
    case .wordPiece(let model): model.encode(state)
    case .bpe(let model): try model.encode(state)
    case .unigram(let model): try model.encode(state)
    case .wordLevel(let model): try model.encode(state)
    }
  }
}

/// Turns text into the numbers that a network takes, and numbers into text.
///
/// It is read from a file (`Tokenizer(path:)`) and encodes on as many threads as ask it to.
public final class Tokenizer: Sendable {
  /// What the places of tokens count.
  public enum OffsetUnit: Sendable {
    /// Bytes of UTF-8.
    case bytes
    /// Unicode scalars, as Python counts characters.
    case scalars
  }

  let normalizer: Normalizer?
  let preTokenizer: PreTokenizer?
  let model: TokenModel
  let postProcessor: PostProcessor?
  let decoder: Decoder?
  /// The tokens that are found before text is cut, by their numbers.
  public let addedTokens: [Int32: AddedToken]
  /// How encodings are shortened; nil leaves them.
  public let truncation: Truncation?
  /// How encodings are filled up; nil leaves them.
  public let padding: Padding?
  /// The file's content as it was read, for writing.
  let source: JSONValue
  private let plainTokens: AddedTokens
  private let normalizedTokens: AddedTokens
  private let addedTexts: ByteTable
  /// What tokens are looked for as that are found in normalised text; they are shown so, too.
  private let normalizedContents: [Int32: String]
  private let spaces: [Int32: (Int32, Int32)]
  private let states = Mutex<[EncodingState]>([])

  init(_ parts: TokenizerParts) throws {
    normalizer = parts.normalizer
    preTokenizer = parts.preTokenizer
    model = parts.model
    postProcessor = parts.postProcessor
    decoder = parts.decoder
    truncation = parts.truncation
    padding = parts.padding
    source = parts.source
    var byID: [Int32: AddedToken] = [:]
    var contents: [Int32: String] = [:]
    var texts = ByteTable(capacity: parts.addedTokens.count)
    var (plain, normalized) = (AddedTokens(), AddedTokens())
    let work = NormalizerWork()
    for (token, id) in parts.addedTokens {
      byID[id] = token
      texts.insert(token.content, id)
      var bytes = Array(token.content.utf8)
      if token.isNormalized, let normalizer {
        bytes = try bytes.withUnsafeBufferPointer { all in
          guard let base = all.baseAddress else { return [] }
          work.text.view(base, 0..<all.count)
          try normalizer.apply(work)
          return Array(UnsafeBufferPointer(start: work.text.bytes, count: work.text.count))
        }
      }
      if token.isNormalized {
        normalized.insert(token, id, as: bytes)
        contents[id] = String(decoding: bytes, as: UTF8.self)
      } else {
        plain.insert(token, id, as: bytes)
      }
    }
    addedTokens = byID
    normalizedContents = contents
    addedTexts = texts
    plainTokens = plain
    normalizedTokens = normalized
    spaces = Self.spaces(parts.postProcessor, model.vocabulary)
  }

  /// A copy that shortens and fills up otherwise, also where it is written to a file.
  public func with(truncation: Truncation?, padding: Padding?) throws -> Tokenizer {
    var source = source
    source["truncation"] = truncation?.json ?? .null
    source["padding"] = padding?.json ?? .null
    return try Tokenizer(
      TokenizerParts(
        normalizer: normalizer, preTokenizer: preTokenizer, model: model, postProcessor: postProcessor,
        decoder: decoder, addedTokens: addedTokens.sorted { $0.key < $1.key }.map { ($0.value, $0.key) },
        truncation: truncation, padding: padding, source: source))
  }

  /// One more than the largest number of a token.
  public var vocabularySize: Int {
    max(model.vocabulary.size, (addedTokens.keys.max().map { Int($0) + 1 }) ?? 0)
  }

  /// A token's number; nil where there is no such token.
  public func id(of token: String) -> Int32? {
    let added = addedTexts.value(token)
    return added >= 0 ? added : model.vocabulary.id(token)
  }

  /// The token of a number, as the vocabulary writes it; nil where there is none.
  public func token(of id: Int32) -> String? {
    normalizedContents[id] ?? addedTokens[id]?.content ?? model.vocabulary.token(id)
  }

  /// Encodes a text, or a pair of texts.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - pair: The second text.
  ///   - addsSpecialTokens: Whether beginnings and ends are added.
  ///   - unit: What the tokens' places count.
  /// - Throws: `LatheError` for a text that the tokeniser cannot encode or shorten.
  public func encode(
    _ text: String, pair: String? = nil, addsSpecialTokens: Bool = true, unit: OffsetUnit = .bytes
  ) throws -> Encoding {
    let state = takeState()
    defer { giveBack(state) }
    var result = [try encode(text, pair, addsSpecialTokens, unit, state)]
    padding?.apply(&result)
    return result[0]
  }

  /// Encodes texts on all threads; all are filled up to the length of the longest where the tokeniser pads so.
  public func encode(
    batch: [String], addsSpecialTokens: Bool = true, unit: OffsetUnit = .bytes, threads: Int? = nil
  ) throws -> [Encoding] {
    try encode(batch, nil, addsSpecialTokens, unit, threads)
  }

  /// Encodes pairs of texts on all threads.
  public func encode(
    pairs: [(String, String)], addsSpecialTokens: Bool = true, unit: OffsetUnit = .bytes, threads: Int? = nil
  ) throws -> [Encoding] {
    try encode(pairs.map(\.0), pairs.map(\.1), addsSpecialTokens, unit, threads)
  }

  private func encode(
    _ texts: [String], _ pairs: [String]?, _ addsSpecialTokens: Bool, _ unit: OffsetUnit, _ threads: Int?
  ) throws -> [Encoding] {
    var results = try parallel(texts.count, threads: threads) { range, result in
      let state = takeState()
      defer { giveBack(state) }
      for index in range {
        result.append(try encode(texts[index], pairs?[index], addsSpecialTokens, unit, state))
      }
    }
    padding?.apply(&results)
    return results
  }

  private func takeState() -> EncodingState { states.withLock { $0.popLast() } ?? EncodingState() }

  private func giveBack(_ state: EncodingState) { states.withLock { $0.append(state) } }

  private func encode(
    _ text: String, _ pair: String?, _ addsSpecialTokens: Bool, _ unit: OffsetUnit, _ state: EncodingState
  ) throws -> Encoding {
    var first = try encode(text, 0, unit, state)
    var second = try pair.map { try encode($0, 1, unit, state) }
    if let truncation {
      let added = addsSpecialTokens ? postProcessor?.added(isPair: pair != nil) ?? 0 : 0
      guard truncation.maximum >= added else {
        throw LatheError(
          .invalidArgument,
          "truncation to \(counted(truncation.maximum, "tokens")), but \(added) are added to every text")
      }
      try truncation.apply(&first, &second, to: truncation.maximum - added)
    }
    let all = second.map { [first, $0] } ?? [first]
    guard let postProcessor else { return all.dropFirst().reduce(all[0]) { $0.joined(with: $1) } }
    let parts = postProcessor.apply(all, addsSpecial: addsSpecialTokens) { spaces(in: $0, text, pair, unit) }
    return Self.joined(parts)
  }

  /// One encoding of several; where nothing was cut off, in one piece of memory.
  private static func joined(_ parts: [Encoding]) -> Encoding {
    guard let first = parts.first else { return Encoding() }
    if parts.count == 1 { return first }
    guard parts.allSatisfy(\.overflowing.isEmpty) else {
      return parts.dropFirst().reduce(first) { $0.joined(with: $1) }
    }
    var tokens: [EncodedToken] = []
    tokens.reserveCapacity(parts.reduce(0) { $0 + $1.count })
    for part in parts { tokens.append(contentsOf: part.tokens) }
    return Encoding(tokens)
  }

  private func encode(
    _ text: String, _ sequence: Int8, _ unit: OffsetUnit, _ state: EncodingState
  ) throws -> Encoding {
    var text = text
    return try text.withUTF8 { utf8 in
      guard let bytes = utf8.baseAddress, !utf8.isEmpty else { return Encoding() }
      guard utf8.count < Int(Int32.max) / 4 else {
        throw LatheError(.invalidArgument, "a text of \(utf8.count) bytes; cut it into parts below 512 MB")
      }
      try fill(state, bytes, utf8.count)
      return Self.encoding(of: state, bytes, utf8.count, sequence, unit)
    }
  }

  /// Leaves the tokens of a text in a state.
  private func fill(_ state: EncodingState, _ bytes: UnsafePointer<UInt8>, _ count: Int) throws {
    state.clear()
    guard !plainTokens.isEmpty else { return try encodeSegment(state, bytes, 0..<count) }
    plainTokens.divide(bytes, count, into: state.matches)
    for index in 0..<state.matches.count {
      let part = state.matches.pointer[index]
      if part.id < 0 {
        try encodeSegment(state, bytes, Int(part.start)..<Int(part.end))
      } else {
        add(part, to: state, part.start, part.end)
      }
    }
  }

  private func add(_ part: AddedTokens.Found, to state: EncodingState, _ start: Int32, _ end: Int32) {
    guard part.start < part.end else { return }
    state.tokens.append(EncodingState.Found(id: part.id, start: start, end: end, word: state.word))
    state.word += 1
  }

  /// Adds the tokens of a part between tokens that are found in the original.
  private func encodeSegment(_ state: EncodingState, _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>)
    throws
  {
    guard !normalizedTokens.isEmpty else {
      state.normalizing.text.view(bytes, range)
      try normalizer?.apply(state.normalizing)
      return try encodePiece(state)
    }
    let text = state.segment.text
    text.view(bytes, range)
    try normalizer?.apply(state.segment)
    normalizedTokens.divide(text.bytes, text.count, into: state.innerMatches)
    for index in 0..<state.innerMatches.count {
      let part = state.innerMatches.pointer[index]
      if part.id < 0 {
        state.normalizing.text.slice(of: text, Int(part.start)..<Int(part.end))
        try encodePiece(state)
      } else if part.start < part.end {
        let place = text.original(Int(part.start), Int(part.end))
        add(part, to: state, place.0, place.1)
      }
    }
  }

  /// Adds the tokens of the text under way.
  private func encodePiece(_ state: EncodingState) throws {
    state.splitting.begin(0..<state.normalizing.text.count)
    try preTokenizer?.apply(state.splitting, leavesBytes: model.takesBytes)
    try model.encode(state)
  }

  private static func encoding(
    of state: EncodingState, _ bytes: UnsafePointer<UInt8>, _ count: Int, _ sequence: Int8, _ unit: OffsetUnit
  ) -> Encoding {
    let found = state.tokens
    var token = EncodedToken(0, type: Int32(sequence))
    token.sequence = sequence
    token.isAdded = false
    let tokens = [EncodedToken](unsafeUninitializedCapacity: found.count) { buffer, filled in
      for index in 0..<found.count {
        let source = found.pointer[index]
        token.id = source.id
        token.start = source.start
        token.end = source.end
        token.word = source.word
        buffer.initializeElement(at: index, to: token)
      }
      filled = found.count
      if unit == .scalars && !UTF8Bytes.isASCII(bytes, count) { countScalars(buffer, filled, bytes, count) }
    }
    return Encoding(tokens)
  }

  /// Replaces places in bytes by places in scalars.
  private static func countScalars(
    _ tokens: UnsafeMutableBufferPointer<EncodedToken>, _ tokenCount: Int, _ bytes: UnsafePointer<UInt8>,
    _ count: Int
  ) {
    let places = [Int32](unsafeUninitializedCapacity: count + 1) { places, filled in
      var scalars: Int32 = -1
      for index in 0..<count {
        if !UTF8Bytes.isContinuation(bytes[index]) { scalars += 1 }
        places[index] = scalars
      }
      places[count] = scalars + 1
      filled = count + 1
    }
    for index in 0..<tokenCount {
      tokens[index].start = places[Int(tokens[index].start)]
      tokens[index].end = places[Int(tokens[index].end)]
    }
  }

  /// The spaces at the ends of tokens, where a step leaves them out.
  private static func spaces(_ step: PostProcessor?, _ vocabulary: Vocabulary) -> [Int32: (Int32, Int32)] {
    guard trims(step) else { return [:] }
    var result: [Int32: (Int32, Int32)] = [:]
    for id in 0..<Int32(vocabulary.size) {
      guard let token = vocabulary.token(id) else { continue }
      let found = spaces(around: token)
      if found != (0, 0) { result[id] = found }
    }
    return result
  }

  private static func spaces(around text: String) -> (Int32, Int32) {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      scalar.value == 0x120 || Scalars.isWhitespace(scalar.value)
    }
    let leading = text.unicodeScalars.prefix(while: isSpace).count
    let trailing = text.unicodeScalars.reversed().prefix(while: isSpace).count
    return (Int32(leading), Int32(trailing))
  }

  private static func trims(_ step: PostProcessor?) -> Bool {
    switch step {
    case .roberta(_, _, let trims, _), .byteLevel(let trims, _): trims
    case .sequence(let steps): steps.contains { Self.trims($0) }
    default: false
    }
  }

  /// The spaces at the ends of a token; those of added tokens depend on the text.
  private func spaces(in token: EncodedToken, _ text: String, _ pair: String?, _ unit: OffsetUnit) -> (
    Int32, Int32
  ) {
    guard let added = addedTokens[token.id], added.stripsLeft || added.stripsRight, token.sequence >= 0 else {
      return spaces[token.id] ?? (0, 0)
    }
    let whole = token.sequence == 0 ? text : pair ?? ""
    let range = Int(token.start)..<Int(token.end)
    switch unit {
    case .bytes:
      return Self.spaces(around: String(decoding: Array(whole.utf8)[range], as: UTF8.self))
    case .scalars:
      return Self.spaces(around: String(String.UnicodeScalarView(Array(whole.unicodeScalars)[range])))
    }
  }
}
