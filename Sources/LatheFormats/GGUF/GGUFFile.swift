import Lathe
import LatheFiles

/// A GGUF file: metadata by key, and tensors of which many are stored as quantised blocks.
///
/// Metadata and the list of tensors are read and checked at once; arrays and tensors stay in the file, which is mapped.
public struct GGUFFile: Sendable {
  /// The file.
  public let path: String
  /// The version of the format: 2 or 3.
  public let version: Int
  /// The keys of the metadata, in the file's order.
  public let keys: [String]
  /// The metadata.
  public let values: [String: GGUFValue]
  /// The tensors, in the file's order.
  public let tensors: [StoredTensor]
  let file: MappedFile
  /// The types of the tensors' blocks, in the same order.
  let blockTypes: [String: GGUFBlockType]

  /// Opens a file.
  ///
  /// - Throws: `LatheError` naming the file, the offset and what is wrong: not a GGUF file, cut off, lengths that lead
  ///   behind its end, tensors that overlap.
  public init(path: String) throws {
    self.path = path
    file = try MappedFile(path)
    do {
      let header = try GGUFHeader(file)
      version = header.version
      keys = header.keys
      values = header.values
      tensors = header.tensors.map { $0.stored(in: path) }
      blockTypes = Dictionary(uniqueKeysWithValues: header.tensors.map { ($0.name, $0.type) })
    } catch {
      throw Self.damaged(path, error)
    }
  }

  static func damaged(_ path: String, _ fault: HeaderFault) -> LatheError {
    LatheError(.format, "\(path): offset \(fault.offset): not a GGUF file: \(fault.message)")
  }

  private func wrongType(_ key: String, _ expected: String) -> LatheError {
    LatheError(.format, "\(path): the metadata '\(key)' is not \(expected)")
  }

  /// A text of the metadata; nil where there is none of that key.
  ///
  /// - Throws: `LatheError` where the key has a value of another type.
  public func text(_ key: String) throws -> String? {
    guard let value = values[key] else { return nil }
    guard case .text(let text) = value else { throw wrongType(key, "a text") }
    return text
  }

  /// A whole number of the metadata; nil where there is none of that key.
  ///
  /// - Throws: `LatheError` where the key has a value of another type.
  public func integer(_ key: String) throws -> Int? {
    guard let value = values[key] else { return nil }
    guard let number = value.integer else { throw wrongType(key, "a whole number") }
    return number
  }

  /// A number of the metadata; nil where there is none of that key.
  ///
  /// - Throws: `LatheError` where the key has a value of another type.
  public func float(_ key: String) throws -> Double? {
    guard let value = values[key] else { return nil }
    if case .float(let number) = value { return number }
    guard let number = value.integer else { throw wrongType(key, "a number") }
    return Double(number)
  }

  /// A truth value of the metadata; nil where there is none of that key.
  ///
  /// - Throws: `LatheError` where the key has a value of another type.
  public func flag(_ key: String) throws -> Bool? {
    guard let value = values[key] else { return nil }
    guard case .bool(let flag) = value else { throw wrongType(key, "a truth value") }
    return flag
  }

  /// The texts of an array of the metadata; nil where there is none of that key.
  ///
  /// - Throws: `LatheError` where the key has a value of another type, or a text is not UTF-8.
  public func texts(_ key: String) throws -> [String]? {
    try array(key, "an array of texts") { try $0.texts() }
  }

  /// The whole numbers of an array of the metadata; nil where there is none of that key.
  ///
  /// - Throws: `LatheError` where the key has a value of another type.
  public func integers(_ key: String) throws -> [Int]? {
    try array(key, "an array of whole numbers") { try $0.integers() }
  }

  /// The floating-point numbers of an array of the metadata; nil where there is none of that key.
  ///
  /// - Throws: `LatheError` where the key has a value of another type.
  public func floats(_ key: String) throws -> [Float]? {
    try array(key, "an array of floating-point numbers") { try $0.floats() }
  }

  private func array<T>(_ key: String, _ what: String, _ read: (GGUFArray) throws -> [T]?) throws -> [T]? {
    guard let value = values[key] else { return nil }
    guard case .array(let array) = value, let result = try read(array) else { throw wrongType(key, what) }
    return result
  }
}

extension GGUFFile: TensorSource {
  var format: CheckpointFormat { .gguf }

  /// The values that are no arrays, and of arrays their length.
  var metadata: [String: String] { values.mapValues(\.summary) }

  func read(_ tensor: StoredTensor, on device: Device) throws -> Tensor {
    guard let blocks = try blocks(tensor, on: device) else {
      let range = tensor.offset..<tensor.offset + tensor.byteCount
      return try file.tensor(tensor.spec, range, on: device)
    }
    // Decoded now, so that a failure is thrown here.
    return try blocks.dequantized().reshaped(to: tensor.spec.shape).computed()
  }

  /// The blocks of a tensor as a matrix, whose rows are those of its last axis.
  func blocks(_ tensor: StoredTensor, on device: Device) throws -> QuantizedTensor? {
    guard let type = blockTypes[tensor.name] else {
      throw LatheError(.format, "\(path): no tensor '\(tensor.name)'")
    }
    if type.dtype != nil { return nil }
    let shape = tensor.spec.shape
    guard let blockType = type.blockType, let columns = shape.last else {
      throw LatheError(
        .unsupported,
        "\(path): tensor '\(tensor.name)' has type \(type.name), which is not supported; convert the model to Q4_K, Q8_0 or F16"
      )
    }
    let range = tensor.offset..<tensor.offset + tensor.byteCount
    return QuantizedTensor(
      blocks: try file.tensor(TensorSpec([range.count], .uint8), range, on: device), type: blockType,
      shape: [columns == 0 ? 0 : tensor.spec.count / columns, columns])
  }

  /// The format has no checksums.
  func verify() throws {}
}

extension GGUFValue {
  /// The value in words, of an array its length.
  fileprivate var summary: String {
    switch self {
    case .unsigned(let value): "\(value)"
    case .signed(let value): "\(value)"
    case .float(let value): "\(Float(value))"
    case .bool(let value): "\(value)"
    case .text(let value): value
    case .array(let array): "\(array.count) values"
    }
  }
}
