import CChecksum

/// The checksum of zlib and PNG (polynomial 0xEDB88320).
package enum CRC32 {
  /// The checksum of some bytes, going on from an earlier one.
  package static func checksum(_ bytes: UnsafeRawBufferPointer, continuing start: UInt32 = 0) -> UInt32 {
    lathe_crc32(start, bytes.baseAddress, bytes.count)
  }

  /// The checksum of bytes with the checksum `first` and, behind them, `count` bytes with `second`.
  package static func joined(_ first: UInt32, _ second: UInt32, count: Int) -> UInt32 {
    lathe_crc32_joined(first, second, count)
  }

  /// The checksum of arrays laid end to end.
  package static func checksum(_ chunks: [[UInt8]]) -> UInt32 {
    chunks.reduce(0) { crc, chunk in chunk.withUnsafeBytes { checksum($0, continuing: crc) } }
  }
}

/// Castagnoli's checksum (polynomial 0x82F63B78), of TFRecord files.
package enum CRC32C {
  /// The checksum of some bytes.
  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { lathe_crc32c(0, $0.baseAddress, $0.count) }
  }

  /// The checksum as TFRecord files hold it: turned and shifted, since a checksum of data with checksums in it is weak.
  package static func masked(_ bytes: [UInt8]) -> UInt32 {
    let crc = checksum(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }
}
