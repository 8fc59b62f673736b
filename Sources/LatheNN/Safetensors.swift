import Lathe

/// Reads and writes safetensors files: named tensors behind a JSON header.
public struct Safetensors {
  /// A tensor's bytes, not yet on any device.
  public struct Entry: Sendable {
    /// The type of the elements.
    public let dtype: DType
    /// The sizes of the axes.
    public let shape: Shape
    let range: Range<Int>
  }

  /// The largest header that a reader takes, as in the reference implementation.
  static let headerLimit = 100_000_000

  /// Text that the writer added.
  public let metadata: [String: String]
  /// The tensors by name.
  public let entries: [String: Entry]
  private let content: [UInt8]
  private let path: String

  /// Reads and checks a file: types, sizes and offsets must fit each other and the file's length.
  ///
  /// - Throws: `LatheError` naming the file, the offset and what is wrong.
  public init(path: String) throws { try self.init(content: FileErrors.read(path), path: path) }

  init(content: [UInt8], path: String) throws {
    func damaged(_ offset: Int, _ what: String) -> LatheError {
      LatheError(.format, "\(path): offset \(offset): not a safetensors file: \(what)")
    }
    guard content.count >= 8 else {
      throw damaged(0, "\(content.count) bytes are less than the header's length")
    }
    let length = content[..<8].enumerated().reduce(UInt64(0)) {
      $0 | UInt64($1.element) << (8 * UInt64($1.offset))
    }
    guard length <= UInt64(Safetensors.headerLimit), Int(length) <= content.count - 8 else {
      throw damaged(0, "a header of \(length) bytes in a file of \(content.count)")
    }
    let start = 8 + Int(length)
    let header: SafetensorsHeader
    do {
      header = try SafetensorsHeader(Array(content[8..<start]))
    } catch {
      throw damaged(8 + error.offset, error.message)
    }
    var entries: [String: Entry] = [:]
    var position = 0
    for entry in header.entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard let dtype = Safetensors.types.first(where: { $0.value == entry.dtype })?.key else {
        throw damaged(8, "tensor '\(entry.name)' has type \(entry.dtype), which is not supported")
      }
      guard entry.shape.count <= Shape.maximumRank else {
        throw damaged(
          8, "tensor '\(entry.name)' has \(entry.shape.count) axes, more than \(Shape.maximumRank)")
      }
      guard entry.begin == position, entry.end >= entry.begin, entry.end <= content.count - start else {
        throw damaged(
          8,
          "tensor '\(entry.name)' at \(entry.begin)..<\(entry.end): expected to begin at \(position) and to end "
            + "within the \(content.count - start) bytes of data")
      }
      var size = dtype.byteCount
      for axis in entry.shape {
        let (product, overflow) = size.multipliedReportingOverflow(by: axis)
        guard !overflow else {
          throw damaged(8, "tensor '\(entry.name)' has impossible sizes \(entry.shape)")
        }
        size = product
      }
      guard size == entry.end - entry.begin else {
        throw damaged(
          8, "tensor '\(entry.name)' of \(entry.shape) needs \(size) bytes, not \(entry.end - entry.begin)")
      }
      entries[entry.name] = Entry(
        dtype: dtype, shape: Shape(entry.shape), range: start + entry.begin..<start + entry.end)
      position = entry.end
    }
    guard start + position == content.count else {
      throw damaged(start + position, "\(content.count - start - position) bytes belong to no tensor")
    }
    self.metadata = header.metadata
    self.entries = entries
    self.content = content
    self.path = path
  }

  /// A tensor's values on a device; nil where the file has none of that name.
  public func tensor(_ name: String, device: Device = .cpu) -> Tensor? {
    guard let entry = entries[name] else { return nil }
    return content.withUnsafeBytes {
      Tensor(
        bytes: UnsafeRawBufferPointer(rebasing: $0[entry.range]), shape: entry.shape, dtype: entry.dtype,
        device: device)
    }
  }

  /// The bytes of a file with these tensors, in chunks.
  ///
  /// - Throws: `LatheError` of a tensor whose computation failed.
  static func encode(_ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:]) throws
    -> [[UInt8]]
  {
    // Widest types first, so that every tensor is aligned; then by name.
    let sorted = tensors.sorted {
      ($1.tensor.dtype.byteCount, $0.name) < ($0.tensor.dtype.byteCount, $1.name)
    }
    var parts: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      parts.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    var chunks: [[UInt8]] = [[]]
    for (name, tensor) in sorted {
      let bytes = try tensor.bytes()
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      parts.append(
        "\(quoted(name)):{\"dtype\":\"\(types[tensor.dtype] ?? "")\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(offset + bytes.count)]}")
      offset += bytes.count
      chunks.append(bytes)
    }
    var header = Array("{\(parts.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    let length = UInt64(header.count)
    chunks[0] = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + header
    return chunks
  }

  /// Writes a file, whole or not at all.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String
  ) throws {
    try AtomicFile.write(encode(tensors, metadata: metadata), to: path)
  }

  private static let types: [DType: String] = [
    .float32: "F32", .float16: "F16", .bfloat16: "BF16", .int32: "I32", .int64: "I64", .uint8: "U8",
    .bool: "BOOL",
  ]

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
