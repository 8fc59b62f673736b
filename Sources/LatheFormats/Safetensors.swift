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

  /// The largest header that a reader takes, as in the reference implementation.
  static let headerLimit = 100_000_000

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
    func damaged(_ offset: Int, _ what: String) -> LatheError {
      LatheError(.format, "\(path): offset \(offset): not a safetensors file: \(what)")
    }
    var source = try SummedFile(path)
    let file = source.file
    func read(into bytes: UnsafeMutableRawBufferPointer) throws {
      guard try source.read(into: bytes) else { throw damaged(source.offset, "the file ends here") }
    }
    func read(_ count: Int) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      try bytes.withUnsafeMutableBytes { try read(into: $0) }
      return bytes
    }
    guard file.size >= 8 else {
      throw damaged(0, "\(file.size) bytes are less than the header's length")
    }
    let length = try read(8).enumerated().reduce(UInt64(0)) {
      $0 | UInt64($1.element) << (8 * UInt64($1.offset))
    }
    guard length <= UInt64(Safetensors.headerLimit), Int(length) <= file.size - 8 else {
      throw damaged(0, "a header of \(length) bytes in a file of \(file.size)")
    }
    let start = 8 + Int(length)
    let text = try read(Int(length))
    let headerSum = source.checksum
    let header: SafetensorsHeader
    do {
      header = try SafetensorsHeader(text)
    } catch {
      throw damaged(8 + error.offset, error.message)
    }
    var entries: [String: Entry] = [:]
    var order: [String] = []
    var position = 0
    for entry in header.entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard let dtype = Safetensors.types.first(where: { $0.value == entry.dtype })?.key else {
        throw damaged(8, "tensor '\(entry.name)' has type \(entry.dtype), which is not supported")
      }
      guard entry.shape.count <= Shape.maximumRank else {
        throw damaged(
          8, "tensor '\(entry.name)' has \(entry.shape.count) axes, more than \(Shape.maximumRank)")
      }
      guard entry.begin == position, entry.end >= entry.begin, entry.end <= file.size - start else {
        throw damaged(
          8,
          "tensor '\(entry.name)' at \(entry.begin)..<\(entry.end): expected to begin at \(position) and to end "
            + "within the \(file.size - start) bytes of data")
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
      entries[entry.name] = Entry(dtype: dtype, shape: Shape(entry.shape))
      order.append(entry.name)
      position = entry.end
    }
    guard start + position == file.size else {
      throw damaged(start + position, "\(file.size - start - position) bytes belong to no tensor")
    }
    var tensors: [String: Tensor] = [:]
    for name in order {
      guard let entry = entries[name] else { continue }
      tensors[name] = try Tensor(shape: entry.shape, dtype: entry.dtype, device: device) {
        try read(into: $0)
        if entry.dtype == .bool { TruthValues.normalize($0) }
      }
    }
    let seal = SafetensorsSeal(header, text)
    if let seal, !seal.fits(header: headerSum, file: source.checksum, dataCount: position) {
      throw LatheError(
        .format,
        "\(path): damaged: its content does not fit the checksum in it; fetch or make it again, or, where another "
          + "program changed it and kept the checksum, write it without '\(SafetensorsSeal.key)'")
    }
    metadata = header.metadata.filter { $0.key != SafetensorsSeal.key }
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
  /// - Throws: `LatheError` of a tensor whose computation failed, or where the file cannot be written.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String
  ) throws {
    _ = try store(tensors, metadata: metadata, to: path)
  }

  /// The same.
  ///
  /// - Returns: The file's size and its CRC-32.
  package static func store(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], to path: String
  ) throws -> (byteCount: Int, checksum: UInt32) {
    // Widest types first, so that every tensor is aligned; then by name.
    let sorted = tensors.sorted {
      ($1.tensor.dtype.byteCount, $0.name) < ($0.tensor.dtype.byteCount, $1.name)
    }
    var result = (byteCount: 0, checksum: UInt32(0))
    try AtomicFile.write(to: path) { writer in
      func append(_ bytes: UnsafeRawBufferPointer) throws {
        result.checksum = CRC32.checksum(bytes, continuing: result.checksum)
        try writer.append(bytes)
      }
      var header = header(sorted, metadata)
      try header.withUnsafeBytes { try append($0) }
      let open = result.checksum
      for (_, tensor) in sorted { try tensor.forEachChunk(of: chunk, append) }
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
    _ tensors: [(name: String, tensor: Tensor)], _ metadata: [String: String]
  ) -> [UInt8] {
    let pairs = metadata.filter { $0.key != SafetensorsSeal.key }.sorted { $0.key < $1.key }
      .map { "\(quoted($0.key)):\(quoted($0.value))" }
    let seal = "\"\(SafetensorsSeal.key)\":\"\(SafetensorsSeal.zeros)\""
    var parts = ["\"__metadata__\":{\(([seal] + pairs).joined(separator: ","))}"]
    var offset = 0
    for (name, tensor) in tensors {
      let size = tensor.count * tensor.dtype.byteCount
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      parts.append(
        "\(quoted(name)):{\"dtype\":\"\(types[tensor.dtype] ?? "")\",\"shape\":[\(shape)],"
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
