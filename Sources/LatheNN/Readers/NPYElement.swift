import Lathe

/// An element type of NumPy's format, and how its bytes become those of a tensor.
struct NPYElement {
  /// The type that the values get.
  let dtype: DType
  /// Bytes of an element in the file.
  let byteCount: Int
  private let isBigEndian: Bool
  private let kind: Character

  /// A type by its descriptor, such as `<f4`; nil where it is not supported.
  init?(descriptor: String) {
    let characters = Array(descriptor)
    guard characters.count == 3, let size = characters[2].wholeNumberValue else { return nil }
    switch (characters[1], size) {
    case ("f", 4), ("f", 8): dtype = .float32
    case ("f", 2): dtype = .float16
    case ("V", 2): dtype = .bfloat16
    case ("i", 1), ("i", 2), ("u", 2), ("i", 4): dtype = .int32
    case ("u", 4), ("i", 8): dtype = .int64
    case ("u", 1): dtype = .uint8
    case ("b", 1): dtype = .bool
    default: return nil
    }
    switch characters[0] {
    case "<", "|", "=": isBigEndian = false
    case ">": isBigEndian = true
    default: return nil
    }
    byteCount = size
    kind = characters[1]
  }

  /// The bytes of values of `dtype`, in the machine's order.
  func decoded(_ bytes: [UInt8]) -> [UInt8] {
    let little = isBigEndian && byteCount > 1 ? swapped(bytes) : bytes
    switch (kind, byteCount) {
    // Whatever is not zero is true, as NumPy reads it.
    case ("b", 1): return little.map { $0 == 0 ? 0 : 1 }
    case ("f", 8): return converted(little, UInt64.self) { Float(Double(bitPattern: $0)) }
    case ("i", 1): return converted(little, Int8.self) { Int32($0) }
    case ("i", 2): return converted(little, Int16.self) { Int32($0) }
    case ("u", 2): return converted(little, UInt16.self) { Int32($0) }
    case ("u", 4): return converted(little, UInt32.self) { Int64($0) }
    default: return little
    }
  }

  private func swapped(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for start in stride(from: 0, to: bytes.count, by: byteCount) {
      for place in 0..<byteCount { result[start + place] = bytes[start + byteCount - 1 - place] }
    }
    return result
  }

  private func converted<From: FixedWidthInteger, To>(
    _ bytes: [UInt8], _ type: From.Type, _ convert: (From) -> To
  ) -> [UInt8] {
    let values = bytes.withUnsafeBytes { source in
      stride(from: 0, to: bytes.count, by: byteCount).map {
        convert(From(littleEndian: source.loadUnaligned(fromByteOffset: $0, as: From.self)))
      }
    }
    return values.withUnsafeBytes(Array.init)
  }
}
