import LatheCore

/// The files of a zip archive, stored or deflated, also with 64-bit sizes (APPNOTE.TXT, 4.3 and 4.5).
package struct ZipArchive: Sendable {
  /// What the directory says of a file.
  package struct Entry: Sendable {
    package let name: String
    let isDeflated: Bool
    package let checksum: UInt32
    let packedSize: Int
    package let size: Int
    /// Where its local header begins.
    let offset: Int
  }

  package let path: String
  package private(set) var entries: [Entry] = []
  private let file: RegularFile
  /// The end of the archive with its directory.
  private var tail: Tail

  /// Bytes of the archive from an offset on.
  private struct Tail {
    var start: Int
    var bytes: [UInt8]
  }

  /// More files than this, or a directory of more bytes, are an error.
  private static let countLimit = 1 << 20, directoryLimit = 1 << 27

  /// Reads an archive's directory.
  ///
  /// - Parameter limit: The bytes that all files together may have; as `ReadingLimits` says unless given.
  /// - Throws: `LatheError` naming the offset of what is wrong.
  package init(path: String, limit: Int?) throws { try self.init(RegularFile(path), limit: limit) }

  /// The same of an open file.
  package init(_ file: RegularFile, limit: Int?) throws {
    path = file.path
    self.file = file
    let limit = ReadingLimits.memory(limit, fileSize: file.size)
    // The end's record stands before a comment of at most 65,535 bytes that runs to the end of the file; the record of a
    // 64-bit directory and its locator before it.
    let start = max(0, file.size - 65_535 - 22 - 76)
    tail = Tail(start: start, bytes: try file.read(file.size - start, at: start))
    let directory = try findDirectory()
    if directory.offset < start {
      tail = Tail(start: directory.offset, bytes: try file.read(directory.size, at: directory.offset))
    }
    var position = directory.offset
    var names = Set<String>()
    var total = 0
    for _ in 0..<directory.count {
      let entry = try self.entry(at: &position, end: directory.offset + directory.size)
      guard names.insert(entry.name).inserted else {
        throw damaged(position, "two files are named '\(entry.name)'")
      }
      let (sum, overflow) = total.addingReportingOverflow(entry.size)
      guard !overflow, sum <= limit else { throw ReadingLimits.exceeded(path, limit) }
      total = sum
      entries.append(entry)
    }
    try checkOverlaps(before: directory.offset)
    tail = Tail(start: file.size, bytes: [])
  }

  /// No two files share bytes: else a small archive could hold the same ones thousands of times.
  private func checkOverlaps(before directory: Int) throws {
    let order = entries.sorted { $0.offset < $1.offset }
    for (index, entry) in order.enumerated() {
      let end = index + 1 < order.count ? order[index + 1].offset : directory
      guard entry.offset + 30 + entry.name.utf8.count + entry.packedSize <= end else {
        throw damaged(entry.offset, "'\(entry.name)' overlaps with what follows it")
      }
    }
  }

  /// Where a file's bytes are in the archive, as they are packed.
  private func packed(_ entry: Entry) throws -> Range<Int> {
    let header = try file.read(30, at: entry.offset)
    guard header.count == 30, header.starts(with: [0x50, 0x4B, 3, 4]) else {
      throw damaged(entry.offset, "no local header of '\(entry.name)'")
    }
    // The local header has a name and an extra field of its own.
    let start =
      entry.offset + 30 + Int(header[26]) + Int(header[27]) << 8 + Int(header[28]) + Int(header[29]) << 8
    guard start <= file.size, entry.packedSize <= file.size - start else {
      throw damaged(
        start, "'\(entry.name)' is cut off: \(entry.packedSize) bytes of an archive of \(file.size)")
    }
    return start..<start + entry.packedSize
  }

  /// Where the bytes of a file that is not compressed are in the archive.
  ///
  /// - Throws: `LatheError` where it is compressed, or cut off.
  package func range(of entry: Entry) throws -> Range<Int> {
    let range = try packed(entry)
    guard !entry.isDeflated else {
      throw damaged(range.lowerBound, "'\(entry.name)' is compressed; pack the archive without compression")
    }
    return range
  }

  /// Reads a file's content front to back; its size and checksum are checked behind.
  package func read<Result>(_ entry: Entry, _ body: (ByteStream) throws -> Result) throws -> Result {
    let range = try packed(entry)
    let stream = try ByteStream(
      file, range, entry.isDeflated ? .deflate : .none, isSummed: true,
      source: "\(path): '\(entry.name)'")
    let result = try body(stream)
    guard stream.offset == entry.size, try stream.read(1).isEmpty else {
      throw damaged(
        range.lowerBound,
        "'\(entry.name)' has another size than the \(entry.size) bytes declared; fetch the file again")
    }
    guard stream.checksum == entry.checksum else {
      throw damaged(range.lowerBound, "the checksum of '\(entry.name)' does not fit; fetch the file again")
    }
    return result
  }

  private func damaged(_ offset: Int, _ what: String) -> LatheError {
    LatheError(.format, "\(path): offset \(offset): \(what)")
  }

  /// A number of 2, 4 or 8 bytes, the least first.
  private func number(at offset: Int, bytes count: Int) throws -> Int {
    let start = offset - tail.start
    guard start >= 0, start <= tail.bytes.count - count else {
      throw damaged(file.size, "the archive is cut off; fetch the file again")
    }
    let value = tail.bytes[start..<start + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let number = Int(exactly: value) else {
      throw damaged(offset, "an impossible size of \(value) bytes")
    }
    return number
  }

  private func findDirectory() throws -> (count: Int, size: Int, offset: Int) {
    var end = file.size - 22
    let lowest = max(0, end - 65_535)
    while end >= lowest {
      if try number(at: end, bytes: 4) == 0x0605_4B50,
        try number(at: end + 20, bytes: 2) == file.size - end - 22
      {
        break
      }
      end -= 1
    }
    guard end >= lowest else {
      throw damaged(0, "not a zip archive, or cut off: it has no end record; name an .npz file")
    }
    var count = try number(at: end + 10, bytes: 2)
    var size = try number(at: end + 12, bytes: 4)
    var offset = try number(at: end + 16, bytes: 4)
    if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
      guard end >= 20, try number(at: end - 20, bytes: 4) == 0x0706_4B50 else {
        throw damaged(end, "the locator of the 64-bit directory is missing")
      }
      let record = try number(at: end - 12, bytes: 8)
      guard record >= tail.start, try number(at: record, bytes: 4) == 0x0606_4B50 else {
        throw damaged(record, "no 64-bit directory where its locator says")
      }
      count = try number(at: record + 32, bytes: 8)
      size = try number(at: record + 40, bytes: 8)
      offset = try number(at: record + 48, bytes: 8)
    }
    guard offset <= end, size <= end - offset, count <= size / 46 else {
      throw damaged(
        end, "a directory of \(count) files and \(size) bytes at \(offset) does not fit the archive")
    }
    guard count <= Self.countLimit, size <= Self.directoryLimit else {
      throw damaged(end, "a directory of \(count) files and \(size) bytes is more than is read here")
    }
    return (count, size, offset)
  }

  private func entry(at position: inout Int, end: Int) throws -> Entry {
    let start = position
    guard try number(at: start, bytes: 4) == 0x0201_4B50 else {
      throw damaged(start, "no entry of the directory")
    }
    let nameSize = try number(at: start + 28, bytes: 2)
    let extraSize = try number(at: start + 30, bytes: 2)
    let commentSize = try number(at: start + 32, bytes: 2)
    position = start + 46 + nameSize + extraSize + commentSize
    guard position <= end else { throw damaged(start, "an entry that leads behind the directory's end") }
    let first = start + 46 - tail.start
    guard let name = String(validating: tail.bytes[first..<first + nameSize], as: UTF8.self) else {
      throw damaged(start + 46, "a name that is not UTF-8")
    }
    guard try number(at: start + 8, bytes: 2) & 1 == 0 else { throw damaged(start, "'\(name)' is encrypted") }
    let method = try number(at: start + 10, bytes: 2)
    guard method == 0 || method == 8 else {
      throw damaged(start, "'\(name)' is compressed by method \(method); only deflate (8) is supported")
    }
    var sizes = try [
      number(at: start + 24, bytes: 4), number(at: start + 20, bytes: 4), number(at: start + 42, bytes: 4),
    ]
    try widen(&sizes, extra: start + 46 + nameSize, size: extraSize)
    let (size, packedSize, offset) = (sizes[0], sizes[1], sizes[2])
    guard offset < file.size, packedSize <= file.size else {
      throw damaged(start, "'\(name)': \(packedSize) bytes at \(offset) do not fit the archive")
    }
    // Deflate makes at most 1032 bytes of one.
    guard method == 8 ? size / 1032 <= packedSize : size == packedSize else {
      throw damaged(start, "'\(name)': \(packedSize) bytes cannot hold the \(size) that are declared")
    }
    return Entry(
      name: name, isDeflated: method == 8,
      checksum: UInt32(truncatingIfNeeded: try number(at: start + 16, bytes: 4)), packedSize: packedSize,
      size: size, offset: offset)
  }

  /// Takes what does not fit 32 bits from the extra field of kind 1: size, packed size and offset, in this order.
  private func widen(_ sizes: inout [Int], extra: Int, size: Int) throws {
    guard sizes.contains(0xFFFF_FFFF) else { return }
    var position = extra
    while position + 4 <= extra + size {
      let kind = try number(at: position, bytes: 2)
      let end = try position + 4 + number(at: position + 2, bytes: 2)
      guard end <= extra + size else { break }
      position += 4
      if kind == 1 {
        for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
          guard position + 8 <= end else { throw damaged(position, "a 64-bit size is missing") }
          sizes[index] = try number(at: position, bytes: 8)
          position += 8
        }
        return
      }
      position = end
    }
    throw damaged(extra, "a 64-bit size is missing")
  }
}
