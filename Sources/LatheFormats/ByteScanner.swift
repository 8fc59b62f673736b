/// Reads numbers and texts from bytes, front to back, and never behind their end.
struct ByteScanner {
  /// The bytes, in which offsets are counted.
  let bytes: UnsafeRawBufferPointer
  /// Where the next value is.
  private(set) var offset: Int
  /// Where the values end.
  let end: Int

  /// - Parameter range: The bytes that are read; all of them where nil.
  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>? = nil) {
    self.bytes = bytes
    offset = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// Bytes that have not been read.
  var left: Int { end - offset }

  /// What is wrong here.
  func fault(_ message: String) -> HeaderFault { HeaderFault(message: message, offset: offset) }

  /// A number, its least byte first.
  mutating func number<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(HeaderFault) -> T {
    let size = MemoryLayout<T>.size
    guard left >= size else { throw fault("the file ends within a number") }
    let value = bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
    offset += size
    return T(littleEndian: value)
  }

  /// The place of the next bytes, which are passed over.
  ///
  /// - Parameter what: What they are, for messages.
  mutating func take(_ count: UInt64, _ what: String) throws(HeaderFault) -> Range<Int> {
    guard count <= UInt64(left) else {
      throw fault("\(what) of \(count) bytes, and \(left) are left")
    }
    defer { offset += Int(count) }
    return offset..<offset + Int(count)
  }

  /// Bytes that a text may have.
  private static let longestText: UInt64 = 1 << 26

  /// The next bytes as text.
  mutating func text(_ count: UInt64) throws(HeaderFault) -> String {
    let start = offset
    guard count <= Self.longestText || count > UInt64(left) else { throw fault("a text of \(count) bytes") }
    guard let text = String(validating: bytes[try take(count, "a text")], as: UTF8.self) else {
      throw HeaderFault(message: "a text that is not UTF-8", offset: start)
    }
    return text
  }

  /// The bytes up to a line's end, without it, which is passed over.
  mutating func line() throws(HeaderFault) -> Range<Int> {
    guard let length = bytes[offset..<end].firstIndex(of: 0x0A) else { throw fault("a line without an end") }
    defer { offset = length + 1 }
    return offset..<length
  }
}
