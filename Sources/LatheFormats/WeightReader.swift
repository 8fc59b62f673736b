import Foundation
import Lathe
import LatheFiles

/// Weights by dotted path that are read one at a time: of a safetensors, PyTorch or GGUF file, or of several with an index
/// as `model.safetensors.index.json`, so that models larger than memory can be looked through and loaded.
///
/// Headers are read and checked at once, a tensor's bytes when it is asked for. Files are mapped: on the CPU a tensor that
/// is stored as it is used takes no memory of its own, and processes share it. So a file must not be overwritten while its
/// tensors live; one that is replaced as a whole, as `WeightFile` does it, does no harm.
public struct WeightReader: Sendable {
  /// Type and shape of each weight in the files, by its path; what is stored as quantised blocks is float32 here.
  public let specs: [String: TensorSpec]
  /// Text that the writer added: of several files that of all of them, of a GGUF file the metadata in words.
  public let metadata: [String: String]
  /// Where the weights come from, for messages.
  public let source: String
  /// The format of the files.
  public let format: CheckpointFormat
  private let sources: [any TensorSource]
  /// By a weight's path its file and its place there.
  private let places: [String: (source: Int, tensor: StoredTensor)]

  /// The index that a folder of shards has.
  public static let indexName = "model.safetensors.index.json"

  /// What a folder's weights may be called, the first that is there counts.
  private static let namesInFolders = [
    indexName, "model.safetensors", "pytorch_model.bin.index.json", "pytorch_model.bin",
  ]

  /// Opens a file of weights, an index of several, or a folder in which they are called as the Hugging Face libraries call
  /// them, or which has one GGUF file.
  ///
  /// - Parameters:
  ///   - path: The file, the index or the folder.
  ///   - names: What the model calls the weights.
  /// - Throws: `LatheError` naming the file: not there, damaged, another format, an index that does not fit its files, or
  ///   two weights of one path.
  public init(path: String, names: WeightNames = WeightNames()) throws {
    let path = try Self.file(path)
    source = path
    sources =
      path.hasSuffix(".json") ? try ShardIndex(path: path).open() : [try CheckpointFormat.open(path)]
    format = sources.first?.format ?? .safetensors
    var found: [String: (source: Int, tensor: StoredTensor)] = [:]
    for (number, source) in sources.enumerated() {
      for tensor in source.tensors {
        if let other = found.updateValue((number, tensor), forKey: tensor.name) {
          throw LatheError(
            .format,
            "\(source.path): '\(tensor.name)' is in \(sources[other.source].path), too; remove one of them")
        }
      }
    }
    var places: [String: (source: Int, tensor: StoredTensor)] = [:]
    for (name, path) in try names.paths(found.keys, source: source) { places[path] = found[name] }
    self.places = places
    specs = places.mapValues(\.tensor.spec)
    metadata = sources.reduce(into: [:]) { $0.merge($1.metadata) { first, _ in first } }
  }

  /// The file of a path, which may be a folder's.
  private static func file(_ path: String) throws -> String {
    guard FileErrors.isFolder(path) else { return path }
    if let name = namesInFolders.first(where: { FileErrors.exists("\(path)/\($0)") }) {
      return "\(path)/\(name)"
    }
    let quantised = try FolderListing.names(in: path).filter { $0.hasSuffix(".gguf") }
    guard quantised.count == 1, let name = quantised.first else {
      throw LatheError(
        .file,
        quantised.isEmpty
          ? "\(path): no \(namesInFolders[1]), no index of several and no GGUF file in it; name a file of weights"
          : "\(path): \(quantised.count) GGUF files in it; name one of them")
    }
    return "\(path)/\(name)"
  }

  /// Whether a path is read by a reader like this: an index, a folder with one, or a file that is not NumPy's.
  ///
  /// - Throws: `LatheError` where the file cannot be read.
  package static func reads(_ path: String) throws -> Bool {
    if FileErrors.isFolder(path) { return FileErrors.exists("\(path)/\(indexName)") }
    return try path.hasSuffix(".index.json") || CheckpointFormat(of: path) != nil
  }

  /// Whether a path is a file of NumPy's arrays, which are read by `NPZFile`.
  ///
  /// - Throws: `LatheError` where the file cannot be read.
  package static func isArchiveOfArrays(_ path: String) throws -> Bool {
    try !FileErrors.isFolder(path) && !path.hasSuffix(".json") && CheckpointFormat(of: path) == nil
  }

  /// The files that the weights are in.
  public var files: [String] { sources.map(\.path) }

  /// What the files say of their tensors, in their order, under the names in the files.
  public var tensors: [StoredTensor] { sources.flatMap(\.tensors) }

  /// The GGUF file that the weights are in, with its metadata; nil where they are in another format.
  public var gguf: GGUFFile? { sources.first as? GGUFFile }

  /// Reads a weight.
  ///
  /// - Parameters:
  ///   - path: The weight's.
  ///   - dtype: The type that a floating-point weight is converted to, on the device; as it is in the file where nil.
  ///   - device: Where it is read to.
  /// - Returns: Nil where there is none of that path.
  /// - Throws: `LatheError` where the file cannot be read or the device has no room.
  public func tensor(_ path: String, as dtype: DType? = nil, device: Device = .cpu) throws -> Tensor? {
    require(
      dtype?.isFloatingPoint ?? true, "WeightReader: floating-point weights are not read as \(dtype ?? .bool)"
    )
    guard let place = places[path] else { return nil }
    let tensor = try sources[place.source].read(place.tensor, on: device)
    return tensor.cast(to: Safetensors.stored(tensor, as: dtype))
  }

  /// A matrix of blocks or of 16-bit elements as it is stored: on the CPU a mapping of its bytes, of which nothing is copied.
  ///
  /// - Parameters:
  ///   - path: The weight's.
  ///   - device: Where it is read to.
  /// - Returns: Nil where there is none of that path, or it is stored otherwise, as float32 or with another number of axes;
  ///   `tensor(_:as:device:)` reads that.
  /// - Throws: `LatheError` where the file cannot be read, has blocks of an unsupported type, or the device has no room.
  public func quantized(_ path: String, device: Device = .cpu) throws -> QuantizedTensor? {
    guard let place = places[path], place.tensor.spec.shape.rank == 2 else { return nil }
    if place.tensor.spec.dtype.isHalf {
      return QuantizedTensor(try sources[place.source].read(place.tensor, on: device))
    }
    return try sources[place.source].blocks(place.tensor, on: device)
  }

  /// Reads all of those files that hold a checksum of themselves, and keeps nothing of it.
  ///
  /// - Throws: `LatheError` naming the file whose content is another.
  public func verify() throws {
    for source in sources { try source.verify() }
  }
}
