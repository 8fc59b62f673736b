import LatheML

/// What `lathe inspect` shows of a file.
struct InspectedFile: Encodable {
  /// A tensor of it.
  struct Row: Encodable {
    var name: String
    var type: String
    var shape: [Int]
    var bytes: Int
    /// The file and the offset in it; nil where the file is an archive of arrays.
    var file: String?
    var offset: Int?
  }

  let path: String
  let format: String
  let files: [String]
  let elements: Int
  let metadata: [String: InspectedValue]
  let tensors: [Row]
  /// The keys of the metadata in the order of a table.
  private let keys: [String]

  private enum CodingKeys: String, CodingKey {
    case path, format, files, elements, metadata, tensors
  }

  /// Reads what a file says of itself.
  ///
  /// - Throws: `LatheError` where it cannot be read, or is damaged.
  init(path: String) throws {
    if path.hasSuffix(".npy") {
      let array = try NPYFile(path: path)
      try self.init(arrays: [("", array.tensor)], path, format: "npy")
    } else if try WeightReader.isArchiveOfArrays(path) {
      let archive = try NPZFile(path: path)
      let arrays = try archive.names.compactMap { name in try archive.tensor(name).map { (name, $0) } }
      try self.init(arrays: arrays, path, format: "npz")
    } else {
      self.init(try WeightReader(path: path))
    }
  }

  private init(_ reader: WeightReader) {
    path = reader.source
    format = reader.format.rawValue
    files = reader.files
    tensors = reader.tensors.map {
      Row(
        name: $0.name, type: $0.type, shape: Array($0.spec.shape), bytes: $0.byteCount, file: $0.file,
        offset: $0.offset)
    }
    elements = reader.tensors.reduce(0) { $0 + $1.spec.count }
    if let gguf = reader.gguf {
      keys = gguf.keys
      metadata = gguf.values.mapValues { .value($0) }
    } else {
      keys = reader.metadata.keys.sorted()
      metadata = reader.metadata.mapValues { .text($0) }
    }
  }

  private init(arrays: [(name: String, tensor: Tensor)], _ path: String, format: String) throws {
    self.path = path
    self.format = format
    files = [path]
    tensors = arrays.map { name, tensor in
      let spec = TensorSpec(tensor.shape, tensor.dtype)
      return Row(name: name, type: "\(tensor.dtype)", shape: Array(tensor.shape), bytes: spec.byteCount)
    }
    elements = arrays.reduce(0) { $0 + $1.tensor.count }
    metadata = [:]
    keys = []
  }

  /// The table: what it is, the metadata, the tensors.
  var lines: [String] {
    let bytes = tensors.reduce(0) { $0 + $1.bytes }
    var lines = [
      "\(path): \(format), \(tensors.count) tensors, \(elements) elements, \(ByteText.of(bytes))"
        + (files.count > 1 ? " in \(files.count) files" : "")
    ]
    let keyWidth = keys.map(\.count).max() ?? 0
    if !keys.isEmpty { lines += ["", "metadata"] }
    for key in keys { lines.append("  \(Terminal.left(key, keyWidth))  \(metadata[key]?.words ?? "")") }
    if !tensors.isEmpty { lines += ["", "tensors"] }
    let nameWidth = tensors.map(\.name.count).max() ?? 0
    let typeWidth = tensors.map(\.type.count).max() ?? 0
    let shapeWidth = tensors.map { "\($0.shape)".count }.max() ?? 0
    for row in tensors {
      lines.append(
        "  \(Terminal.left(row.name, nameWidth))  \(Terminal.left(row.type, typeWidth))  "
          + "\(Terminal.left("\(row.shape)", shapeWidth))  \(ByteText.of(row.bytes))")
    }
    return lines
  }
}

/// A value of a file's metadata.
enum InspectedValue: Encodable {
  case text(String)
  case value(GGUFValue)

  /// The value on one line, which may leave out some of it.
  var words: String {
    switch self {
    case .text(let text), .value(.text(let text)): Self.short(text)
    case .value(.unsigned(let number)): "\(number)"
    case .value(.signed(let number)): "\(number)"
    case .value(.float(let number)): "\(Float(number))"
    case .value(.bool(let flag)): "\(flag)"
    case .value(.array(let array)): "\(array.count) values" + Self.start(of: array)
    }
  }

  private static func short(_ text: String) -> String {
    let line = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    return line.count <= 80 ? line : "\(line.prefix(77))..."
  }

  /// The first values of an array, where they can be read.
  private static func start(of array: GGUFArray) -> String {
    guard let values = try? array.first(4), !values.isEmpty else { return "" }
    let words = values.map { Self.value($0).words }.joined(separator: ", ")
    return ": \(words)\(values.count < array.count ? ", ..." : "")"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text), .value(.text(let text)): try container.encode(text)
    case .value(.unsigned(let number)): try container.encode(number)
    case .value(.signed(let number)): try container.encode(number)
    // JSON has no other numbers.
    case .value(.float(let number)) where !number.isFinite: try container.encode("\(number)")
    case .value(.float(let number)): try container.encode(number)
    case .value(.bool(let flag)): try container.encode(flag)
    case .value(.array(let array)): try container.encode(array.values().map { InspectedValue.value($0) })
    }
  }
}
