import LatheCore

/// The bytes of a zip archive whose files are stored as they are, with 64-bit sizes where these are needed (APPNOTE.TXT,
/// 4.3 and 4.5).
package struct ZipWriter {
  /// The archive's bytes in chunks, complete behind `finish()`.
  package private(set) var chunks: [[UInt8]] = []
  private var size = 0
  private var directory: [UInt8] = []
  private var count = 0

  /// The first of January 1980: the same files make the same bytes.
  private static let date: [UInt8] = [0, 0, 0x21, 0]

  /// Sizes from here on stand in a 64-bit field.
  private let limit: Int

  /// - Parameter limit: What 32 bits cannot hold; tests take less.
  package init(limit: Int = 0xFFFF_FFFF) { self.limit = limit }

  /// Adds a file of some chunks.
  package mutating func add(_ name: String, _ content: [[UInt8]]) {
    let checksum = CRC32.checksum(content)
    let length = content.reduce(0) { $0 + $1.count }
    let offset = size
    let isLong = length >= limit
    let isFar = offset >= limit
    // Version, flags (names are UTF-8), method, date; then checksum and both sizes.
    let common: [UInt8] =
      bytes(isLong || isFar ? 45 : 20, 2) + bytes(1 << 11, 2) + bytes(0, 2) + Self.date
      + bytes(Int(checksum), 4)
      + bytes(isLong ? 0xFFFF_FFFF : length, 4) + bytes(isLong ? 0xFFFF_FFFF : length, 4)
      + bytes(name.utf8.count, 2)
    let wide = isLong ? bytes(length, 8) + bytes(length, 8) : []
    let local = extra(wide)
    append([0x50, 0x4B, 3, 4] + common + bytes(local.count, 2) + Array(name.utf8) + local)
    for chunk in content { append(chunk) }
    let far = extra(wide + (isFar ? bytes(offset, 8) : []))
    directory += [0x50, 0x4B, 1, 2] + bytes(45, 2) + common + bytes(far.count, 2)
    // Comment, disk, attributes.
    directory +=
      [UInt8](repeating: 0, count: 10) + bytes(isFar ? 0xFFFF_FFFF : offset, 4) + Array(name.utf8) + far
    count += 1
  }

  /// Adds the directory.
  package mutating func finish() {
    let start = size
    let length = directory.count
    append(directory)
    if count >= 0xFFFF || start >= limit || length >= limit {
      let record = size
      append(
        [0x50, 0x4B, 6, 6] + bytes(44, 8) + bytes(45, 2) + bytes(45, 2) + bytes(0, 4) + bytes(0, 4)
          + bytes(count, 8) + bytes(count, 8) + bytes(length, 8) + bytes(start, 8))
      append([0x50, 0x4B, 6, 7] + bytes(0, 4) + bytes(record, 8) + bytes(1, 4))
    }
    append(
      [0x50, 0x4B, 5, 6] + bytes(0, 4) + bytes(min(count, 0xFFFF), 2) + bytes(min(count, 0xFFFF), 2)
        + bytes(length >= limit ? 0xFFFF_FFFF : length, 4) + bytes(start >= limit ? 0xFFFF_FFFF : start, 4)
        + bytes(0, 2))
  }

  private mutating func append(_ chunk: [UInt8]) {
    chunks.append(chunk)
    size += chunk.count
  }

  private func extra(_ content: [UInt8]) -> [UInt8] {
    content.isEmpty ? [] : bytes(1, 2) + bytes(content.count, 2) + content
  }

  private func bytes(_ value: Int, _ count: Int) -> [UInt8] {
    Array(ByteOrder.little(UInt64(value)).prefix(count))
  }
}
