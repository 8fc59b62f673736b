import Lathe
import LatheFiles

/// Reads and writes safetensors files: named tensors behind a JSON header.
public struct Safetensors {
  /// What a tensor is.
  public struct Entry: Sendable {
    /// The type of the elements.
    public let dtype: DType
    /// The sizes of the axes.
    public let shape: Shape
  }

  /// Text that the writer added, without the checksum.
  public let metadata: [String: String]
  /// The tensors by name.
  public let entries: [String: Entry]
  /// The file's CRC-32.
  package let checksum: UInt32
  private let tensors: [String: Tensor]

  /// Reads and checks a file: types, sizes and offsets must fit each other and the file's length.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - device: Where the tensors are read to.
  /// - Throws: `LatheError` naming the file, the offset and what is wrong.
  public init(path: String, device: Device = .cpu) throws {
    var source = try SummedFile(path)
    func read(into bytes: UnsafeMutableRawBufferPointer) throws {
      guard try source.read(into: bytes) else {
        throw SafetensorsLayout.damaged(path, source.offset, "the file ends here")
      }
    }
    let layout = try SafetensorsLayout(path: path, fileSize: source.file.size) { count in
      var bytes = [UInt8](repeating: 0, count: count)
      try bytes.withUnsafeMutableBytes { try read(into: $0) }
      return bytes
    }
    let headerSum = source.checksum
    var entries: [String: Entry] = [:]
    var tensors: [String: Tensor] = [:]
    for place in layout.places {
      let spec = place.spec
      entries[place.name] = Entry(dtype: spec.dtype, shape: spec.shape)
      tensors[place.name] = try Tensor(shape: spec.shape, dtype: spec.dtype, device: device) {
        try read(into: $0)
        if spec.dtype == .bool { TruthValues.normalize($0) }
      }
    }
    if let seal = layout.seal,
      !seal.fits(header: headerSum, file: source.checksum, dataCount: layout.dataCount)
    {
      throw SafetensorsLayout.unsealed(path)
    }
    metadata = layout.metadata
    self.entries = entries
    self.tensors = tensors
    checksum = source.checksum
  }

  /// A tensor's values, on a device (nil: the one that the file was read to); nil where the file has none of that name.
  public func tensor(_ name: String, device: Device? = nil) -> Tensor? {
    tensors[name].map { $0.moved(to: device ?? $0.device) }
  }

  /// Writes a file, whole or not at all, with a checksum of all of it in its metadata, by which damage is noticed when it
  /// is read.
  ///
  /// - Parameters:
  ///   - tensors: What is written.
  ///   - metadata: Text beside the tensors.
  ///   - dtype: The type in which floating-point tensors are stored, converted one after the other; as they are where nil.
  ///   - path: The file.
  /// - Throws: `LatheError` of a tensor whose computation failed, or where the file cannot be written.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], as dtype: DType? = nil,
    to path: String
  ) throws {
    _ = try store(tensors, metadata: metadata, as: dtype, to: path)
  }

  /// The type in which a tensor is stored.
  static func stored(_ tensor: Tensor, as dtype: DType?) -> DType {
    tensor.dtype.isFloatingPoint ? dtype ?? tensor.dtype : tensor.dtype
  }

  /// The same.
  ///
  /// - Returns: The file's size and its CRC-32.
  package static func store(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], as dtype: DType? = nil,
    to path: String
  ) throws -> (byteCount: Int, checksum: UInt32) {
    require(
      dtype?.isFloatingPoint ?? true,
      "Safetensors: floating-point tensors are not stored as \(dtype ?? .bool)")
    // Widest types first, so that every tensor is aligned; then by name.
    let sorted = tensors.map { (name: $0.name, tensor: $0.tensor, dtype: stored($0.tensor, as: dtype)) }
      .sorted { ($1.dtype.byteCount, $0.name) < ($0.dtype.byteCount, $1.name) }
    var result = (byteCount: 0, checksum: UInt32(0))
    try AtomicFile.write(to: path) { writer in
      func append(_ bytes: UnsafeRawBufferPointer) throws {
        result.checksum = CRC32.checksum(bytes, continuing: result.checksum)
        try writer.append(bytes)
      }
      var header = header(sorted.map { ($0.name, TensorSpec($0.tensor.shape, $0.dtype)) }, metadata)
      try header.withUnsafeBytes { try append($0) }
      let open = result.checksum
      for (_, tensor, dtype) in sorted { try tensor.cast(to: dtype).forEachChunk(of: chunk, append) }
      result.byteCount = writer.count
      // The checksum is known at the end alone; it stands in digits that count as zeros in it.
      let digits = SafetensorsSeal.digits(result.checksum)
      header.replaceSubrange(sealPlace, with: digits)
      try writer.replace(at: sealPlace.lowerBound, digits)
      result.checksum ^= SafetensorsSeal.change(
        from: open, to: CRC32.checksum([header]), behind: writer.count - header.count)
    }
    return result
  }

  /// Bytes that are written at a time.
  private static let chunk = 1 << 20

  /// The length of the JSON header and the header.
  private static func header(
    _ tensors: [(name: String, spec: TensorSpec)], _ metadata: [String: String]
  ) -> [UInt8] {
    let pairs = metadata.filter { $0.key != SafetensorsSeal.key }.sorted { $0.key < $1.key }
      .map { "\(quoted($0.key)):\(quoted($0.value))" }
    let seal = "\"\(SafetensorsSeal.key)\":\"\(SafetensorsSeal.zeros)\""
    var parts = ["\"__metadata__\":{\(([seal] + pairs).joined(separator: ","))}"]
    var offset = 0
    for (name, spec) in tensors {
      let size = spec.byteCount
      let shape = spec.shape.map(String.init).joined(separator: ",")
      parts.append(
        "\(quoted(name)):{\"dtype\":\"\(types[spec.dtype] ?? "")\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(offset + size)]}")
      offset += size
    }
    var header = Array("{\(parts.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header
  }

  /// Where the digits of the checksum are in a file written here: the first text of the metadata.
  private static let sealPlace: Range<Int> = {
    let start = 8 + "{\"__metadata__\":{\"\(SafetensorsSeal.key)\":\"".utf8.count
    return start..<start + SafetensorsSeal.zeros.utf8.count
  }()

  static let types: [DType: String] = [
    .float32: "F32", .float64: "F64", .float16: "F16", .bfloat16: "BF16", .int32: "I32", .int64: "I64",
    .uint8: "U8", .int8: "I8", .int16: "I16", .uint16: "U16", .uint32: "U32", .bool: "BOOL",
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
