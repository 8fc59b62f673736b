/// A text that normalisers change, and the memory that they use for it.
final class NormalizerWork {
  let text = AlignedText()
  private let source = ScalarText()
  private let result = ScalarText()
  private let changes = ScalarChanges()
  private let builder = AlignedTextBuilder()
  private let matches = GrowingBuffer<Match>()

  /// Whether no form of normalisation changes anything.
  var isInert: Bool {
    let (bytes, count) = (text.bytes, text.count)
    if UTF8Bytes.isASCII(bytes, count) { return true }
    var index = 0
    while index < count {
      let (scalar, length) = UTF8Bytes.scalar(bytes, index)
      if !Scalars.isInert(scalar) { return false }
      index += length
    }
    return true
  }

  /// Where the text begins in the original.
  private var origin: Int32 { text.count == 0 ? Int32(text.base) : text.place(0).0 }

  /// Replaces scalars by what a step makes of them.
  func transform(_ step: (ScalarText, ScalarChanges) -> Void) {
    let origin = self.origin
    text.scalars(into: source)
    step(source, changes)
    changes.apply(from: source, origin: origin, into: result)
    text.replace(by: result)
  }

  /// Keeps the scalars that a condition holds for.
  func filter(_ keep: (UInt32) -> Bool) {
    text.scalars(into: source)
    let count = source.count
    source.filter(keep)
    if source.count < count { text.replace(by: source) }
  }

  /// Keeps a range of bytes.
  func keep(_ range: Range<Int>) {
    builder.clear()
    builder.append(text, range)
    text.replace(by: builder)
  }

  /// Replaces each match of a pattern; what comes in stands for the last byte of what it replaces.
  func replace(_ pattern: Pattern, _ content: [UInt32]) throws {
    try pattern.matches(text.bytes, 0..<text.count, into: matches)
    guard matches.count > 0 else { return }
    let origin = self.origin
    builder.clear()
    var last = 0
    for index in 0..<matches.count {
      let match = matches.pointer[index]
      builder.append(text, last..<Int(match.start))
      let place = match.end == 0 ? (origin, origin) : text.place(Int(match.end) - 1)
      append(content, place)
      last = Int(match.end)
    }
    builder.append(text, last..<text.count)
    text.replace(by: builder)
  }

  private func append(_ content: [UInt32], _ place: (Int32, Int32)) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4) { bytes in
      guard let base = bytes.baseAddress else { return }
      for scalar in content {
        for index in 0..<UTF8Bytes.write(scalar, to: base) { builder.append(base[index], place) }
      }
    }
  }

  /// Puts scalars in front, which stand for what the first one stands for; an empty text stays empty.
  func prepend(_ content: [UInt32], range: Range<Int>?) {
    guard text.count > 0 else { return }
    builder.clear()
    append(content, text.place(0))
    builder.append(text, 0..<text.count)
    text.replace(by: builder)
  }

  /// Writes each byte as the letter that stands for it.
  func mapBytes(_ range: Range<Int>) {
    builder.clear()
    for index in range {
      for byte in ByteLetters.utf8[Int(text.bytes[index])] { builder.append(byte, text.place(index)) }
    }
    text.replace(by: builder)
  }

  /// Rebuilds the text of pieces, each of which may get something in front; the pieces then lie in the new text.
  func rebuild(_ pieces: GrowingBuffer<Piece>, _ append: (AlignedTextBuilder, Piece) -> Void) {
    builder.clear()
    for index in 0..<pieces.count {
      let start = Int32(builder.bytes.count)
      append(builder, pieces.pointer[index])
      pieces.pointer[index] = Piece(start: start, end: Int32(builder.bytes.count))
    }
    text.replace(by: builder)
  }
}

/// The letters that stand for bytes in vocabularies of bytes.
enum ByteLetters {
  /// Of each byte its letter: itself where it is printable, others above 255.
  static let scalars: [UInt32] = {
    var next: UInt32 = 256
    return (0...255).map { byte in
      if (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174 { return UInt32(byte) }
      defer { next += 1 }
      return next
    }
  }()

  /// The same as UTF-8.
  static let utf8: [[UInt8]] = scalars.map { scalar in
    Unicode.Scalar(scalar).map { Array(String($0).utf8) } ?? []
  }

  /// The byte of each letter; nil for what is none.
  static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 512)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The bytes that letters stand for; nil where one of them is no such letter.
  static func decode(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard scalar.value < 512, bytes[Int(scalar.value)] >= 0 else { return nil }
      result.append(UInt8(bytes[Int(scalar.value)]))
    }
    return result
  }
}
