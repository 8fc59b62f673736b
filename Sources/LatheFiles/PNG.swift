import LatheCore

/// Grey or RGB images as PNG files, uncompressed: small pictures for a log, with no library needed.
package enum PNG {
  /// - Parameters:
  ///   - pixels: Row-major, `channels` bytes each.
  ///   - channels: 1 (grey) or 3 (RGB).
  package static func encode(_ pixels: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
    require(
      (channels == 1 || channels == 3) && width > 0 && height > 0
        && pixels.count == width * height * channels,
      "PNG: \(pixels.count) bytes for \(width) x \(height) pixels of \(channels) channels")
    let header =
      ByteOrder.big(UInt32(width)) + ByteOrder.big(UInt32(height)) + [8, channels == 1 ? 0 : 2, 0, 0, 0]
    // Each row begins with its filter, none.
    let row = width * channels
    let rows = (0..<height).flatMap { [0] + pixels[$0 * row..<($0 + 1) * row] }
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
      + chunk("IDAT", stored(rows))
      + chunk("IEND", [])
  }

  private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + content
    return ByteOrder.big(UInt32(content.count)) + body + ByteOrder.big(CRC32.checksum([body]))
  }

  /// A zlib stream of stored blocks.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x78, 0x01]
    var start = 0
    repeat {
      let end = min(start + 65_535, bytes.count)
      let size = UInt16(end - start)
      result +=
        [end == bytes.count ? 1 : 0] + ByteOrder.little(size) + ByteOrder.little(~size) + bytes[start..<end]
      start = end
    } while start < bytes.count
    var (a, b) = (UInt32(1), UInt32(0))
    for byte in bytes {
      a = (a + UInt32(byte)) % 65_521
      b = (b + a) % 65_521
    }
    return result + ByteOrder.big(b << 16 | a)
  }
}
