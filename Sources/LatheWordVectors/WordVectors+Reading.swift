import LatheCore
import LatheFiles

extension WordVectors {
  /// Reads a file of word2vec, text or binary, or a text without a first line of counts, as GloVe's are.
  ///
  /// A word that comes again is left out and counted in `duplicates`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - format: Its form; nil finds it out from the first vector.
  ///   - limit: No more words than this are read.
  /// - Throws: `LatheError` naming the line or the offset of what is wrong.
  public init(path: String, format: Format? = nil, limit: Int? = nil) throws {
    let file = try MappedFile(path)
    try file.checkSize()
    var reader = WordVectorReader(file.bytes, path: path)
    let header = try reader.header()
    let isBinary =
      format.map { $0 == .binary } ?? (header != nil && !reader.nextLineIsText(header?.width ?? 0))
    if isBinary {
      guard let header else {
        throw LatheError(.format, "\(path): offset 0: no line with the counts of words and elements")
      }
      try reader.readBinary(header, limit: limit ?? .max)
    } else {
      try reader.readText(header, limit: limit ?? .max)
    }
    self.init(trusted: reader.words, reader.values, width: reader.width)
    duplicates = reader.duplicates
  }
}

/// Reads vectors of words from bytes that nothing is known of.
struct WordVectorReader {
  private let bytes: UnsafeRawBufferPointer
  private let path: String
  private var place = 0
  private var line = 0
  private var seen: Set<WordKey> = []
  private(set) var words: [String] = []
  private(set) var values: [Float] = []
  private(set) var width = 0
  private(set) var duplicates = 0
  /// A longer word is no word.
  private static let longestWord = 1 << 16

  init(_ bytes: UnsafeRawBufferPointer, path: String) {
    (self.bytes, self.path) = (bytes, path)
  }

  private func fault(_ what: String) -> LatheError {
    LatheError(.format, "\(path): \(line > 0 ? "line \(line)" : "offset \(place)"): \(what)")
  }

  private func lineEnd(_ start: Int) -> Int {
    bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
  }

  private func fields(_ range: Range<Int>) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var start = range.lowerBound
    for index in range {
      let byte = bytes[index]
      guard byte == 0x20 || byte == 9 || byte == 13 else { continue }
      if index > start { result.append(start..<index) }
      start = index + 1
    }
    if range.upperBound > start { result.append(start..<range.upperBound) }
    return result
  }

  private func text(_ range: Range<Int>) throws -> String {
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw fault("a word is not UTF-8")
    }
    return text
  }

  /// The counts of the first line; nil where it is a word with its vector.
  mutating func header() throws -> (count: Int, width: Int)? {
    guard !bytes.isEmpty else { throw LatheError(.format, "\(path): an empty file") }
    let end = lineEnd(0)
    // A first line of counts is short, whatever the file is.
    guard end <= 64 else { return nil }
    let parts = fields(0..<end)
    guard parts.count == 2, let count = Int(try text(parts[0])), let width = Int(try text(parts[1])) else {
      return nil
    }
    guard count > 0, width > 0 else { throw fault("\(count) words of \(width) elements") }
    place = min(end + 1, bytes.count)
    return (count, width)
  }

  /// Whether the line that comes is a word and as many numbers.
  func nextLineIsText(_ width: Int) -> Bool {
    let end = lineEnd(place)
    let parts = fields(place..<min(end, place + (1 << 22)))
    return parts.count > width && parts.suffix(width).allSatisfy { number($0) != nil }
  }

  private func number(_ range: Range<Int>) -> Float? {
    guard range.count <= 64 else { return nil }
    let text = String(decoding: bytes[range], as: UTF8.self)
    // Only what a decimal number is made of: no hexadecimal digits, no names.
    guard text.utf8.allSatisfy({ 48...57 ~= $0 || [43, 45, 46, 69, 101].contains($0) }) else { return nil }
    return Float(text).flatMap { $0.isFinite ? $0 : nil }
  }

  private mutating func add(_ word: String, _ vector: [Float]) {
    guard seen.insert(WordKey(word)).inserted else {
      duplicates += 1
      return
    }
    words.append(word)
    values += vector
  }

  mutating func readText(_ header: (count: Int, width: Int)?, limit: Int) throws {
    line = header == nil ? 0 : 1
    width = header?.width ?? 0
    var read = 0
    while place < bytes.count && read < limit {
      line += 1
      let end = lineEnd(place)
      let parts = fields(place..<end)
      if width == 0 { width = parts.count - 1 }
      guard parts.count > width, width > 0 else {
        throw fault("\(parts.count) fields, not a word and \(width > 0 ? "\(width) numbers" : "its vector")")
      }
      // A word may hold spaces, as some of GloVe's do; the numbers are the last fields.
      let wordEnd = parts[parts.count - width - 1].upperBound
      guard wordEnd - parts[0].lowerBound <= Self.longestWord else {
        throw fault("a word of more than \(Self.longestWord) bytes")
      }
      let vector = try parts.suffix(width).map { part in
        guard let value = number(part) else {
          throw fault("'\(String(decoding: bytes[part].prefix(40), as: UTF8.self))' is no finite number")
        }
        return value
      }
      add(try text(parts[0].lowerBound..<wordEnd), vector)
      read += 1
      if let header, read > header.count {
        throw fault("more words than the \(header.count) that the first line says")
      }
      place = end + 1
    }
    if let header, read < min(header.count, limit) {
      throw fault("the file ends after \(read) of \(header.count) words")
    }
    guard !words.isEmpty else { throw fault("no words") }
  }

  mutating func readBinary(_ header: (count: Int, width: Int), limit: Int) throws {
    width = header.width
    let size = width.multipliedReportingOverflow(by: 4)
    // Each word has a byte, a space and its vector at least.
    guard !size.overflow, size.partialValue <= bytes.count,
      header.count <= (bytes.count - place) / (size.partialValue + 1)
    else {
      throw fault(
        "\(header.count) words of \(width) elements are more than the \(bytes.count) bytes of the file")
    }
    for _ in 0..<min(header.count, limit) {
      // The program word2vec ends each vector with a line end, gensim does not.
      while place < bytes.count && bytes[place] == 0x0A { place += 1 }
      let reach = min(bytes.count, place + Self.longestWord)
      guard let end = bytes[place..<reach].firstIndex(of: 0x20) else {
        throw fault(reach == bytes.count ? "the file ends within a word" : "a word without an end")
      }
      guard end > place else { throw fault("an empty word") }
      guard bytes.count - end - 1 >= size.partialValue else { throw fault("the file ends within a vector") }
      let word = try text(place..<end)
      let vector = (0..<width).map { column in
        Float(
          bitPattern: UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: end + 1 + 4 * column, as: UInt32.self)))
      }
      guard vector.allSatisfy(\.isFinite) else { throw fault("a number of '\(word)' is not finite") }
      add(word, vector)
      place = end + 1 + size.partialValue
    }
  }
}
