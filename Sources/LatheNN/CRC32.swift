/// A cyclic redundancy check of 32 bits by its reflected polynomial, eight bytes at a time.
struct CRC32Table: Sendable {
  private let tables: [UInt32]

  init(polynomial: UInt32) {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for i in 0..<256 {
      var value = UInt32(i)
      for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ polynomial : value >> 1 }
      tables[i] = value
    }
    for i in 0..<256 {
      for t in 1..<8 {
        let before = tables[(t - 1) * 256 + i]
        tables[t * 256 + i] = (before >> 8) ^ tables[Int(before & 0xFF)]
      }
    }
    self.tables = tables
  }

  /// The checksum of some bytes, going on from an earlier one.
  func checksum(_ bytes: UnsafeRawBufferPointer, continuing start: UInt32 = 0) -> UInt32 {
    tables.withUnsafeBufferPointer { t in
      var crc = ~start
      var i = 0
      while i + 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)) ^ UInt64(crc)
        var next: UInt32 = 0
        for lane in 0..<8 { next ^= t[(7 - lane) * 256 + Int((word >> (8 * UInt64(lane))) & 0xFF)] }
        crc = next
        i += 8
      }
      while i < bytes.count {
        crc = (crc >> 8) ^ t[Int((crc ^ UInt32(bytes[i])) & 0xFF)]
        i += 1
      }
      return ~crc
    }
  }
}

/// The checksum of zlib and PNG (polynomial 0xEDB88320).
package enum CRC32 {
  private static let table = CRC32Table(polynomial: 0xEDB8_8320)

  /// The checksum of some bytes, going on from an earlier one.
  package static func checksum(_ bytes: UnsafeRawBufferPointer, continuing start: UInt32 = 0) -> UInt32 {
    table.checksum(bytes, continuing: start)
  }

  /// The checksum of arrays laid end to end.
  package static func checksum(_ chunks: [[UInt8]]) -> UInt32 {
    chunks.reduce(0) { crc, chunk in chunk.withUnsafeBytes { checksum($0, continuing: crc) } }
  }
}

/// Castagnoli's checksum (polynomial 0x82F63B78), of TFRecord files.
package enum CRC32C {
  private static let table = CRC32Table(polynomial: 0x82F6_3B78)

  /// The checksum of some bytes.
  package static func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { table.checksum($0) } }

  /// The checksum as TFRecord files hold it: turned and shifted, since a checksum of data with checksums in it is weak.
  package static func masked(_ bytes: [UInt8]) -> UInt32 {
    let crc = checksum(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }
}
