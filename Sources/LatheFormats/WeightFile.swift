import Lathe
import LatheFiles

/// Weights by dotted path as a file holds them: safetensors, NumPy's npz, PyTorch's files or GGUF.
public struct WeightFile: Sendable {
  /// A format in which weights are written.
  public enum Format: String, Sendable, Hashable, CaseIterable {
    /// Tensors behind a JSON header.
    case safetensors
    /// A zip archive of NumPy arrays.
    case npz

    /// The format that a path's ending names.
    ///
    /// - Throws: `LatheError.invalidArgument` where it names none.
    init(path: String) throws {
      guard let format = Format.allCases.first(where: { path.lowercased().hasSuffix(".\($0.rawValue)") })
      else {
        throw LatheError(
          .invalidArgument, "\(path): weights are written as .safetensors or .npz; let the name end so")
      }
      self = format
    }
  }

  /// The weights, on the CPU.
  public let values: [String: Tensor]
  /// Text that the writer added; npz has none.
  public let metadata: [String: String]
  /// Where they come from, for messages.
  public let source: String

  /// Reads a file, whose first bytes tell its format.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - names: What the model calls them.
  ///   - limit: The bytes that the arrays of an archive may take; as `ReadingLimits` says unless given.
  /// - Throws: `LatheError` naming the file: not there, damaged, another format, or two weights of one path.
  public init(path: String, names: WeightNames = WeightNames(), limit: Int? = nil) throws {
    source = path
    switch try CheckpointFormat(of: path) {
    case .safetensors:
      let file = try Safetensors(path: path)
      values = try Self.values(file.entries.keys, names, path) { file.tensor($0) }
      metadata = file.metadata
    case nil:
      let file = try NPZFile(path: path, limit: limit)
      values = try Self.values(file.names, names, path) { try file.tensor($0) }
      metadata = [:]
    case .pytorch, .gguf:
      let reader = try WeightReader(path: path, names: names)
      try reader.verify()
      values = try Dictionary(
        uniqueKeysWithValues: reader.specs.keys.compactMap { path in
          try reader.tensor(path).map { (path, $0) }
        })
      metadata = reader.metadata
    }
  }

  /// Weights that are there already, such as those of a run.
  package init(
    _ all: [String: Tensor], names: WeightNames, metadata: [String: String], source: String
  ) throws {
    values = try Self.values(all.keys, names, source) { all[$0] }
    self.metadata = metadata
    self.source = source
  }

  private static func values(
    _ all: some Sequence<String>, _ names: WeightNames, _ source: String, _ tensor: (String) throws -> Tensor?
  ) throws -> [String: Tensor] {
    var values: [String: Tensor] = [:]
    for (name, path) in try names.paths(all, source: source) { values[path] = try tensor(name) }
    return values
  }

  /// Writes tensors in the format that the path's ending names, whole or not at all.
  ///
  /// - Parameters:
  ///   - tensors: What is written, in this order.
  ///   - metadata: Text beside the tensors; npz has no place for it.
  ///   - dtype: The type in which floating-point tensors are stored, such as bfloat16; as they are where nil.
  ///   - path: The file.
  /// - Throws: `LatheError`: an ending that is none of the two, a tensor whose computation failed, or a file that cannot
  ///   be written.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], as dtype: DType? = nil,
    to path: String
  ) throws {
    switch try Format(path: path) {
    case .safetensors: try Safetensors.write(tensors, metadata: metadata, as: dtype, to: path)
    case .npz:
      try NPZFile.write(
        tensors.map { ($0.name, $0.tensor.cast(to: Safetensors.stored($0.tensor, as: dtype))) }, to: path)
    }
  }
}
