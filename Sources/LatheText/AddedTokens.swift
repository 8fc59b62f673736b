#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A token that is found in text before anything is cut.
public struct AddedToken: Sendable, Equatable {
  /// What is looked for.
  public var content: String
  /// Whether spaces before it belong to it.
  public var stripsLeft = false
  /// Whether spaces behind it belong to it.
  public var stripsRight = false
  /// Whether it is only found as a word of its own.
  public var isSingleWord = false
  /// Whether it is looked for in normalised text.
  public var isNormalized = false
  /// Whether decoding may leave it out.
  public var isSpecial = false

  /// A token that is found in text before anything is cut.
  public init(_ content: String, isSpecial: Bool = false, isNormalized: Bool = false) {
    self.content = content
    self.isSpecial = isSpecial
    self.isNormalized = isNormalized
  }
}

/// Finds added tokens in text, the longest that begins first.
struct AddedTokens: Sendable {
  /// A part of a text: a token, or (-1) what lies between.
  struct Found: BitwiseCopyable {
    var id: Int32
    var start: Int32
    var end: Int32
  }

  private var trie = ByteTrie()
  private var tokens: [Int32: AddedToken] = [:]
  private var isFirst = [Bool](repeating: false, count: 256)
  private var firstBytes: [UInt8] = []

  /// Whether there is nothing to find.
  var isEmpty: Bool { tokens.isEmpty }

  /// Adds a token that is looked for as `bytes`.
  mutating func insert(_ token: AddedToken, _ id: Int32, as bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    trie.insert(bytes, id)
    tokens[id] = token
    if !isFirst[Int(first)] { firstBytes.append(first) }
    isFirst[Int(first)] = true
  }

  /// Divides a text; what is not a token has -1.
  func divide(_ bytes: UnsafePointer<UInt8>, _ count: Int, into result: GrowingBuffer<Found>) {
    result.clear()
    var last = 0
    var place = 0
    while let start = candidate(bytes, place, count) {
      let (id, length) = longest(bytes, start, count)
      guard id >= 0, let token = tokens[id] else {
        place = start + 1
        continue
      }
      place = start + length
      if token.isSingleWord, !isWord(bytes, start, place, count) { continue }
      var (from, to) = (start, place)
      if token.stripsLeft { from = max(last, whitespace(bytes, before: from)) }
      if token.stripsRight { to = whitespace(bytes, behind: to, count) }
      if last < from { result.append(Found(id: -1, start: Int32(last), end: Int32(from))) }
      result.append(Found(id: id, start: Int32(from), end: Int32(to)))
      last = to
    }
    if last < count { result.append(Found(id: -1, start: Int32(last), end: Int32(count))) }
  }

  /// The next place where a token may begin.
  @inline(__always)
  private func candidate(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ count: Int) -> Int? {
    guard start < count else { return nil }
    if firstBytes.count == 1 {
      guard let found = memchr(bytes + start, Int32(firstBytes[0]), count - start) else { return nil }
      return UnsafeRawPointer(found) - UnsafeRawPointer(bytes)
    }
    return isFirst.withUnsafeBufferPointer { isFirst in
      for place in start..<count where isFirst[Int(bytes[place])] { return place }
      return nil
    }
  }

  private func longest(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ count: Int) -> (Int32, Int) {
    var node = ByteTrie.root
    var best: (Int32, Int) = (-1, 0)
    for place in start..<count {
      node = trie.child(node, bytes[place])
      if node < 0 { break }
      let id = trie.values[Int(node)]
      if id >= 0 { best = (id, place + 1 - start) }
    }
    return best
  }

  private func isWord(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ count: Int) -> Bool {
    if start > 0 && Scalars.isWord(UTF8Bytes.last(bytes, before: start).0) { return false }
    return end == count || !Scalars.isWord(UTF8Bytes.scalar(bytes, end).0)
  }

  private func whitespace(_ bytes: UnsafePointer<UInt8>, before end: Int) -> Int {
    var place = end
    while place > 0 {
      let (scalar, length) = UTF8Bytes.last(bytes, before: place)
      guard Scalars.isWhitespace(scalar) else { break }
      place -= length
    }
    return place
  }

  private func whitespace(_ bytes: UnsafePointer<UInt8>, behind start: Int, _ count: Int) -> Int {
    var place = start
    while place < count {
      let (scalar, length) = UTF8Bytes.scalar(bytes, place)
      guard Scalars.isWhitespace(scalar) else { break }
      place += length
    }
    return place
  }
}
