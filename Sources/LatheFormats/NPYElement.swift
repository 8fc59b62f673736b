import Lathe
import LatheFiles

/// An element type of NumPy's format, and how its bytes become those of a tensor.
struct NPYElement {
  /// The type that the values get.
  let dtype: DType
  /// Bytes of an element in the file.
  let byteCount: Int
  private let isBigEndian: Bool

  /// A type by its descriptor, such as `<f4`; nil where it is not supported.
  init?(descriptor: String) {
    // Without a mark of its own the order is the machine's.
    let characters = Array(descriptor.count == 2 ? "=\(descriptor)" : descriptor)
    guard characters.count == 3, let size = characters[2].wholeNumberValue else { return nil }
    switch (characters[1], size) {
    case ("f", 4): dtype = .float32
    case ("f", 8): dtype = .float64
    case ("f", 2): dtype = .float16
    case ("V", 2): dtype = .bfloat16
    case ("i", 1): dtype = .int8
    case ("i", 2): dtype = .int16
    case ("i", 4): dtype = .int32
    case ("i", 8): dtype = .int64
    case ("u", 1): dtype = .uint8
    case ("u", 2): dtype = .uint16
    case ("u", 4): dtype = .uint32
    case ("b", 1): dtype = .bool
    default: return nil
    }
    switch characters[0] {
    case "<", "|", "=": isBigEndian = false
    case ">": isBigEndian = true
    default: return nil
    }
    byteCount = size
  }

  /// Fills memory with values of `dtype`, in the machine's order.
  ///
  /// - Returns: Whether there were enough.
  func read(_ stream: ByteStream, into buffer: UnsafeMutableRawBufferPointer) throws -> Bool {
    guard try stream.read(into: buffer) == buffer.count else { return false }
    if dtype == .bool { TruthValues.normalize(buffer) }
    if isBigEndian {
      for start in stride(from: 0, to: buffer.count, by: byteCount) {
        for place in 0..<byteCount / 2 { buffer.swapAt(start + place, start + byteCount - 1 - place) }
      }
    }
    return true
  }
}

/// Truth values as files hold them.
enum TruthValues {
  /// Makes 1 of whatever is not 0, as NumPy reads it.
  static func normalize(_ bytes: UnsafeMutableRawBufferPointer) {
    for place in bytes.indices where bytes[place] > 1 { bytes[place] = 1 }
  }
}
