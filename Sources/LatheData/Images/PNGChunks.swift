import Lathe
import LatheFiles

/// The frame of a PNG file: its chunks, each with a length and a checksum.
///
/// libpng stops reading when it has the last pixel and only warns of much that is out of place; whether the file is
/// whole is found out here.
enum PNGChunks {
  /// Chunks by which libpng would change the pixels' values: they are taken as they are in the file, as Pillow takes them.
  private static let colorSpaces = ["gAMA", "cHRM", "sRGB", "iCCP"]

  /// Checks that the chunks follow each other up to the end, and the checksums of those that pixels depend on.
  ///
  /// - Returns: The file without its notes of colour spaces.
  /// - Throws: `LatheError.format` naming the offset where the file is cut off or damaged.
  static func checked(_ bytes: [UInt8], source: String) throws -> [UInt8] {
    var left: [Range<Int>] = []
    func damaged(_ offset: Int, _ what: String) -> LatheError {
      LatheError(.format, "\(source): offset \(offset): damaged PNG file: \(what); fetch the file again")
    }
    func big(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    var position = 8
    while true {
      guard bytes.count - position >= 12 else {
        throw damaged(position, "it is cut off before its end chunk")
      }
      let length = big(position)
      let name = String(decoding: bytes[position + 4..<position + 8], as: UTF8.self)
      guard length <= bytes.count - position - 12 else {
        throw damaged(
          position, "chunk \(name) of \(length) bytes where \(bytes.count - position - 12) are left")
      }
      // A capital letter at the front: a chunk that every reader must understand.
      let isCritical = bytes[position + 4] & 0x20 == 0
      if isCritical {
        let checksum = bytes.withUnsafeBytes {
          CRC32.checksum(UnsafeRawBufferPointer(rebasing: $0[position + 4..<position + 8 + length]))
        }
        guard Int(checksum) == big(position + 8 + length) else {
          throw damaged(position, "the checksum of chunk \(name) does not fit")
        }
      }
      if colorSpaces.contains(name) { left.append(position..<position + 12 + length) }
      if name == "IEND" { break }
      position += 12 + length
    }
    if left.isEmpty { return bytes }
    var result = bytes
    for range in left.reversed() { result.removeSubrange(range) }
    return result
  }
}
