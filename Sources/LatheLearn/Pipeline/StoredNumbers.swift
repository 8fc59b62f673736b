import FoundationEssentials
import LatheCore

/// Numbers as JSON has them shortest: their bytes, little end first, in base64.
struct StoredNumbers {
  var data: Data

  init(_ values: [Double]) { data = Self.bytes(values.map(\.bitPattern.littleEndian)) }
  init(_ values: [Float]) { data = Self.bytes(values.map(\.bitPattern.littleEndian)) }
  init(_ values: [Int32]) { data = Self.bytes(values.map(\.littleEndian)) }

  private static func bytes<T>(_ values: [T]) -> Data { values.withUnsafeBytes { Data($0) } }

  private func words<Word: FixedWidthInteger>(_ what: String, _: Word.Type) throws -> [Word] {
    let width = MemoryLayout<Word>.size
    guard data.count % width == 0 else {
      throw LatheError(.format, "\(what): \(data.count) bytes are no numbers of \(width)")
    }
    let bytes = [UInt8](data)
    return bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / width).map {
        Word(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * width, as: Word.self))
      }
    }
  }

  /// - Throws: `LatheError.format` where one is not finite.
  func doubles(_ what: String) throws -> [Double] {
    let values = try words(what, UInt64.self).map { Double(bitPattern: $0) }
    guard values.allSatisfy(\.isFinite) else {
      throw LatheError(.format, "\(what): a number is not finite")
    }
    return values
  }

  /// - Throws: `LatheError.format` where one is not finite.
  func floats(_ what: String) throws -> [Float] {
    let values = try words(what, UInt32.self).map { Float(bitPattern: $0) }
    guard values.allSatisfy(\.isFinite) else {
      throw LatheError(.format, "\(what): a number is not finite")
    }
    return values
  }

  func integers(_ what: String) throws -> [Int] {
    try words(what, UInt32.self).map { Int(Int32(bitPattern: $0)) }
  }
}

extension StoredNumbers: Codable {
  init(from decoder: any Decoder) throws {
    data = try decoder.singleValueContainer().decode(Data.self)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(data)
  }
}
