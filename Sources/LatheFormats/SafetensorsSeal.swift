import LatheFiles

/// The checksum that a safetensors file holds of itself: the CRC-32 of all its bytes, those of its own eight digits taken
/// as zeros.
struct SafetensorsSeal {
  /// Its name in the metadata.
  static let key = "lathe.crc32"
  /// The digits before the checksum is known, and as which they are counted.
  static let zeros = "00000000"

  private let digits: String
  /// The CRC-32 of the header with zeros as digits.
  private let zeroedHeader: UInt32

  /// The checksum in a header; nil where there is none.
  init?(_ header: SafetensorsHeader, _ text: [UInt8]) {
    guard let digits = header.metadata[Self.key], let end = header.metadataEnds[Self.key],
      digits.utf8.count == Self.zeros.utf8.count, end >= digits.utf8.count
    else { return nil }
    self.digits = digits
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    var zeroed = text
    zeroed.replaceSubrange(end - digits.utf8.count..<end, with: Self.zeros.utf8)
    zeroedHeader = CRC32.checksum([length, zeroed])
  }

  /// Whether the digits are those of the file.
  ///
  /// - Parameters:
  ///   - header: The CRC-32 of the header as it is, its length included.
  ///   - file: That of the whole file.
  ///   - dataCount: Bytes behind the header.
  func fits(header: UInt32, file: UInt32, dataCount: Int) -> Bool {
    Self.digits(file ^ Self.change(from: header, to: zeroedHeader, behind: dataCount)) == Array(digits.utf8)
  }

  /// What a file's CRC-32 changes by where its header is another of the same length.
  static func change(from before: UInt32, to after: UInt32, behind count: Int) -> UInt32 {
    // Linear in the bits: the difference of two headers' sums, taken on over as many bytes that are the same.
    CRC32.joined(before ^ after, 0, count: count)
  }

  /// A checksum as eight digits.
  static func digits(_ checksum: UInt32) -> [UInt8] {
    let text = String(checksum, radix: 16)
    return Array((String(repeating: "0", count: zeros.utf8.count - text.utf8.count) + text).utf8)
  }
}
