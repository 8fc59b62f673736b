import Foundation
import Lathe

/// The outline of a JPEG file: segments behind markers, and scans with compressed data behind them.
enum JPEGSegments {
  /// Checks that the segments follow each other up to the end marker, and that there are not too many scans: a progressive
  /// file can go over all of its pixels thousands of times.
  ///
  /// - Throws: `LatheError.format` naming the offset.
  static func check(_ bytes: [UInt8], source: String, scanLimit: Int) throws {
    var position = 2
    var scans = 0
    while let marker = nextMarker(bytes, &position) {
      switch marker {
      case 0xD9: return
      case 0x01, 0xD0...0xD8: continue
      default: break
      }
      guard position + 2 <= bytes.count else { break }
      position += Int(bytes[position]) << 8 | Int(bytes[position + 1])
      guard marker == 0xDA else { continue }
      scans += 1
      guard scans <= scanLimit else {
        throw LatheError(
          .format,
          "\(source): offset \(position): more than the \(scanLimit) scans allowed; save the image anew, or allow more (--scan-limit)"
        )
      }
    }
    throw LatheError(
      .format,
      "\(source): offset \(bytes.count): damaged JPEG file: it is cut off before its end marker; fetch the file again"
    )
  }

  /// The next marker, of which the position is left behind; nil where there is none.
  ///
  /// Compressed data has 0 behind each 0xFF.
  private static func nextMarker(_ bytes: [UInt8], _ position: inout Int) -> UInt8? {
    bytes.withUnsafeBytes { all in
      while position < all.count {
        guard let start = all.baseAddress, let found = memchr(start + position, 0xFF, all.count - position)
        else {
          return nil
        }
        position = found - UnsafeMutableRawPointer(mutating: start)
        while position < all.count, all[position] == 0xFF { position += 1 }
        guard position < all.count else { return nil }
        position += 1
        if all[position - 1] != 0 { return all[position - 1] }
      }
      return nil
    }
  }
}
