import Foundation
import LatheCore
import LatheFiles
import TableKernels

/// The text of a file in UTF-8: the mapped file itself where it is UTF-8 and not compressed.
final class CSVSource: @unchecked Sendable {
  // Unchecked: the bytes never change.

  let path: String
  let encoding: TextEncoding
  /// The text behind a byte-order mark.
  let bytes: UnsafePointer<UInt8>
  let count: Int
  /// Whether 64 bytes behind the text can be read.
  let isPadded: Bool
  private let mapped: MappedFile?
  private let copied: ColumnMemory?

  /// Opens a file.
  ///
  /// - Throws: `LatheError` where it cannot be read, is empty, or is of another kind than text.
  init(_ path: String, encoding wanted: TextEncoding?, memoryLimit: Int?) throws {
    self.path = path
    let file = try MappedFile(path)
    var raw = UnsafeRawBufferPointer(file.bytes)
    var inflated: ColumnMemory?
    if raw.starts(with: [0x1F, 0x8B]) {
      let (memory, count) = try Self.inflate(path, fileSize: file.size, limit: memoryLimit)
      inflated = memory
      raw = UnsafeRawBufferPointer(start: memory.bytes, count: count)
    }
    try Self.refuseOthers(raw, path)
    let (encoding, mark) = Self.encoding(of: raw, wanted)
    self.encoding = encoding
    let text = UnsafeRawBufferPointer(rebasing: raw[min(mark, raw.count)...])
    if encoding == .utf8 {
      mapped = inflated == nil ? file : nil
      copied = inflated
      bytes =
        text.assumingMemoryBound(to: UInt8.self).baseAddress
        ?? UnsafePointer(Self.nothing.bytes.assumingMemoryBound(to: UInt8.self))
      count = text.count
      isPadded = inflated != nil || text.count == 0
    } else {
      let (memory, count) = try Self.utf8(text, encoding, path)
      mapped = nil
      copied = memory
      bytes = UnsafePointer(memory.bytes.assumingMemoryBound(to: UInt8.self))
      self.count = count
      isPadded = true
    }
  }

  private static let nothing = ColumnMemory(byteCount: 64)

  /// Makes sure that the mapped file is still whole.
  func check() throws { try mapped?.checkSize() }

  /// The number of the line on which a place is, counted from 1.
  func line(of place: Int, lineEnd: UInt8) -> Int { lathe_count_byte(bytes, place, lineEnd) + 1 }

  /// An error at a place.
  func fault(_ place: Int, _ lineEnd: UInt8, _ what: String) -> LatheError {
    LatheError(.format, "\(path): line \(line(of: place, lineEnd: lineEnd)): \(what)")
  }

  // --- Kinds of files ---

  private static func refuseOthers(_ raw: UnsafeRawBufferPointer, _ path: String) throws {
    let kinds: [(magic: [UInt8], name: String)] = [
      (Array("%PDF".utf8), "a PDF document; export its table as CSV"),
      ([0x50, 0x4B, 3, 4], "a zip archive or an Excel workbook; unpack it, or save the sheet as CSV"),
      ([0xD0, 0xCF, 0x11, 0xE0], "an old Excel or Word document; save the sheet as CSV"),
      (Array("PAR1".utf8), "a Parquet file; read it as one (.parquet)"),
      (Array("SQLite format 3".utf8), "an SQLite database"),
      ([0x89, 0x50, 0x4E, 0x47], "a PNG image"), ([0xFF, 0xD8, 0xFF], "a JPEG image"),
      ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
      ([0x28, 0xB5, 0x2F, 0xFD], "compressed by zstd; unpack it (unzstd)"),
      (Array("ARROW1".utf8), "an Arrow file"),
    ]
    for kind in kinds where raw.starts(with: kind.magic) {
      throw LatheError(.format, "\(path): not a text file but \(kind.name)")
    }
    // Gzip has its own sign, and what it holds was looked at.
    if raw.isEmpty { throw LatheError(.format, "\(path): an empty file; there must be a row at least") }
  }

  private static func encoding(of raw: UnsafeRawBufferPointer, _ wanted: TextEncoding?) -> (
    TextEncoding, mark: Int
  ) {
    let marks: [(TextEncoding, [UInt8])] = [
      (.utf8, [0xEF, 0xBB, 0xBF]), (.utf16LittleEndian, [0xFF, 0xFE]), (.utf16BigEndian, [0xFE, 0xFF]),
    ]
    for (encoding, mark) in marks where raw.starts(with: mark) && (wanted ?? encoding) == encoding {
      return (encoding, mark.count)
    }
    if let wanted { return (wanted, 0) }
    // Latin text in UTF-16 has a zero for every other byte.
    let sample = raw.prefix(512)
    if sample.count >= 4, sample.count % 2 == 0 {
      let zeros = sample.indices.reduce(into: [0, 0]) { $0[$1 % 2] += sample[$1] == 0 ? 1 : 0 }
      let half = sample.count / 2
      if zeros[1] > half * 3 / 4 && zeros[0] == 0 { return (.utf16LittleEndian, 0) }
      if zeros[0] > half * 3 / 4 && zeros[1] == 0 { return (.utf16BigEndian, 0) }
    }
    return (.utf8, 0)
  }

  // --- Text in memory of its own ---

  private static func inflate(_ path: String, fileSize: Int, limit: Int?) throws -> (ColumnMemory, Int) {
    let stream = try ByteStream(path)
    let limit = ReadingLimits.memory(limit, fileSize: fileSize)
    var memory = ColumnMemory(byteCount: min(limit, max(1 << 20, 4 * fileSize)) + 128)
    var capacity = min(limit, max(1 << 20, 4 * fileSize))
    var count = 0
    while true {
      let room = UnsafeMutableRawBufferPointer(start: memory.bytes + count, count: capacity - count)
      count += try stream.read(into: room)
      if count < capacity { break }
      guard capacity < limit else {
        // Exactly the limit is allowed.
        var one: UInt8 = 0
        if try withUnsafeMutableBytes(of: &one, { try stream.read(into: $0) }) == 0 { break }
        throw ReadingLimits.exceeded(path, limit)
      }
      capacity = min(limit, 2 * capacity)
      let larger = ColumnMemory(byteCount: capacity + 128)
      larger.bytes.copyMemory(from: memory.bytes, byteCount: count)
      memory = larger
    }
    return (memory, count)
  }

  private static func utf8(
    _ text: UnsafeRawBufferPointer, _ encoding: TextEncoding, _ path: String
  ) throws -> (ColumnMemory, Int) {
    let source = text.assumingMemoryBound(to: UInt8.self).baseAddress
    let isWide = encoding == .utf16LittleEndian || encoding == .utf16BigEndian
    let units = isWide ? text.count / 2 : text.count
    let memory = ColumnMemory(byteCount: 3 * units + 128)
    let target = memory.bytes.assumingMemoryBound(to: UInt8.self)
    guard let source else { return (memory, 0) }
    guard isWide else {
      return (memory, lathe_utf8_of_bytes(source, text.count, encoding == .latin1, target))
    }
    var fault = 0
    let count = lathe_utf8_of_utf16(source, units, encoding == .utf16BigEndian, target, &fault)
    guard fault == units, text.count % 2 == 0 else {
      throw LatheError(
        .format,
        "\(path): byte \(2 * fault): not \(encoding.rawValue) text; is the file cut off, or in another encoding?"
      )
    }
    return (memory, count)
  }
}
