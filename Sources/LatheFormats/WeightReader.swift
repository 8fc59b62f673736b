import Foundation
import Lathe
import LatheFiles

/// Weights by dotted path that are read one at a time: of a safetensors file, or of several with an index as
/// `model.safetensors.index.json`, so that models larger than memory can be looked through and loaded.
///
/// Headers are read and checked at once, a tensor's bytes when it is asked for.
public struct WeightReader: Sendable {
  /// Type and shape of each weight in the files, by its path.
  public let specs: [String: TensorSpec]
  /// Text that the writer added; of several files, that of all of them.
  public let metadata: [String: String]
  /// Where the weights come from, for messages.
  public let source: String
  private let shards: [SafetensorsShard]
  /// By a weight's path its shard and its name there.
  private let places: [String: (shard: Int, name: String)]

  /// The index that a folder of shards has.
  public static let indexName = "model.safetensors.index.json"

  /// Opens a safetensors file, an index of several, or a folder with one of `indexName`.
  ///
  /// - Parameters:
  ///   - path: The file, the index or the folder.
  ///   - names: What the model calls the weights.
  /// - Throws: `LatheError` naming the file: not there, damaged, another format, an index that does not fit its files, or
  ///   two weights of one path.
  public init(path: String, names: WeightNames = WeightNames()) throws {
    let path = FileErrors.isFolder(path) ? "\(path)/\(Self.indexName)" : path
    source = path
    let shards =
      path.hasSuffix(".json")
      ? try ShardIndex(path: path).open() : [try SafetensorsShard(path: path)]
    self.shards = shards
    var found: [String: Int] = [:]
    for (number, shard) in shards.enumerated() {
      for name in shard.specs.keys {
        if let other = found.updateValue(number, forKey: name) {
          throw LatheError(
            .format, "\(shard.path): '\(name)' is in \(shards[other].path), too; remove one of them")
        }
      }
    }
    var places: [String: (shard: Int, name: String)] = [:]
    var specs: [String: TensorSpec] = [:]
    for (name, path) in try names.paths(found.keys, source: source) {
      guard let number = found[name] else { continue }
      places[path] = (number, name)
      specs[path] = shards[number].specs[name]
    }
    self.places = places
    self.specs = specs
    metadata = shards.reduce(into: [:]) { $0.merge($1.metadata) { first, _ in first } }
  }

  /// Whether a path is read by a reader like this: a safetensors file, an index, or a folder with one.
  ///
  /// - Throws: `LatheError` where the file cannot be read, or is a pickle.
  package static func reads(_ path: String) throws -> Bool {
    if FileErrors.isFolder(path) { return FileErrors.exists("\(path)/\(indexName)") }
    return try path.hasSuffix(".index.json") || WeightFile.format(path) == .safetensors
  }

  /// The files that the weights are in.
  public var files: [String] { shards.map(\.path) }

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
    guard let place = places[path], let tensor = try shards[place.shard].tensor(place.name, on: device) else {
      return nil
    }
    return tensor.cast(to: Safetensors.stored(tensor, as: dtype))
  }

  /// Reads all of those files that hold a checksum of themselves, and keeps nothing of it.
  ///
  /// - Throws: `LatheError` naming the file whose content is another.
  public func verify() throws {
    for shard in shards { try shard.verify() }
  }
}
