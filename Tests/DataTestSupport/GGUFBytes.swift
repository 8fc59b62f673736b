/// A GGUF file made by hand.
package struct GGUFBytes {
  package var version: UInt32
  package var values: [(key: String, type: UInt32, bytes: [UInt8])]
  package var tensors: [(name: String, sizes: [UInt64], type: UInt32, offset: UInt64)]
  package var data: [UInt8]

  package init(
    version: UInt32 = 3, values: [(key: String, type: UInt32, bytes: [UInt8])] = [],
    tensors: [(name: String, sizes: [UInt64], type: UInt32, offset: UInt64)] = [], data: [UInt8] = []
  ) {
    self.version = version
    self.values = values
    self.tensors = tensors
    self.data = data
  }

  package static func number<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
  package static func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + Array(text.utf8) }

  /// All of it; the tensors' data at a multiple of 32.
  package var bytes: [UInt8] {
    var bytes =
      Array("GGUF".utf8) + Self.number(version) + Self.number(UInt64(tensors.count))
      + Self.number(UInt64(values.count))
    for value in values { bytes += Self.text(value.key) + Self.number(value.type) + value.bytes }
    for tensor in tensors {
      bytes += Self.text(tensor.name) + Self.number(UInt32(tensor.sizes.count))
      bytes +=
        tensor.sizes.flatMap { Self.number($0) } + Self.number(tensor.type) + Self.number(tensor.offset)
    }
    while bytes.count % 32 != 0 { bytes.append(0) }
    return bytes + data
  }
}
