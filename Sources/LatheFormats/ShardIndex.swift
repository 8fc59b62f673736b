import Foundation
import Lathe
import LatheFiles

/// The index of weights in several files: a JSON object whose `weight_map` says in which file each weight is.
struct ShardIndex {
  let path: String
  /// The file of each weight.
  let files: [String: String]

  /// What is read of the JSON; writers disagree about the rest.
  private struct Content: Codable {
    var weightMap: [String: String]
    var metadata: [String: Int]?

    enum CodingKeys: String, CodingKey {
      case metadata
      case weightMap = "weight_map"
    }

    init(files: [String: String], byteCount: Int) {
      weightMap = files
      metadata = ["total_size": byteCount]
    }

    init(from decoder: any Decoder) throws {
      weightMap = try decoder.container(keyedBy: CodingKeys.self).decode(
        [String: String].self, forKey: .weightMap)
    }
  }

  /// Reads an index.
  ///
  /// - Throws: `LatheError` naming the file: not there, no JSON of an index, or a shard outside its folder.
  init(path: String) throws {
    self.path = path
    let text = try FileErrors.read(path, limit: 1 << 28)
    do {
      try JSONNesting.check(text, path)
      files = try JSONDecoder().decode(Content.self, from: Data(text)).weightMap
    } catch {
      throw LatheError(
        .format,
        "\(path): no index of weights: expected a JSON object with 'weight_map', file names by weights' names"
      )
    }
    for file in Set(files.values).sorted() where file.contains("/") || file.hasPrefix(".") || file.isEmpty {
      throw LatheError(
        .format,
        "\(path): the weights' file '\(file)' is not beside the index; shards are named without a folder")
    }
  }

  /// Opens the shards, which must hold what the index says and no more.
  func open() throws -> [any TensorSource] {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let expected = Dictionary(grouping: files.keys, by: { files[$0] ?? "" })
    return try expected.sorted { $0.key < $1.key }.map { file, names in
      let shard = try CheckpointFormat.open(folder + file)
      let found = Set(shard.tensors.map(\.name))
      if let missing = names.sorted().first(where: { !found.contains($0) }) {
        throw LatheError(.format, "\(shard.path): lacks '\(missing)', which \(path) says is in it")
      }
      if let other = found.sorted().first(where: { files[$0] != file }) {
        throw LatheError(.format, "\(shard.path): has '\(other)', which \(path) does not say is in it")
      }
      return shard
    }
  }

  /// Writes an index.
  static func write(_ files: [String: String], byteCount: Int, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let text = try encoder.encode(Content(files: files, byteCount: byteCount))
    try AtomicFile.write([Array(text) + [0x0A]], to: path)
  }
}

extension WeightFile {
  /// Writes tensors into several safetensors files and an index: `model-00001-of-00003.safetensors`..., and
  /// `model.safetensors.index.json`, as the Hugging Face libraries have them.
  ///
  /// Each file appears whole or not at all, the index last.
  ///
  /// - Parameters:
  ///   - tensors: What is written, in this order.
  ///   - metadata: Text beside the tensors, in each file.
  ///   - dtype: The type in which floating-point tensors are stored, converted one after the other; as they are where nil.
  ///   - shardBytes: The most bytes of tensors in a file; one that is larger has a file of its own.
  ///   - path: What the index is named after: `folder/model.safetensors`.
  /// - Returns: The path of the index.
  /// - Throws: `LatheError`: another ending, two tensors of one name, a tensor whose computation failed, or a file that
  ///   cannot be written.
  @discardableResult
  public static func writeShards(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:], as dtype: DType? = nil,
    shardBytes: Int, to path: String
  ) throws -> String {
    require(shardBytes > 0, "writeShards: files of \(shardBytes) bytes")
    let ending = ".safetensors"
    guard path.hasSuffix(ending), !path.hasSuffix("/\(ending)"), path != ending else {
      throw LatheError(
        .invalidArgument, "\(path): shards are named after a .safetensors file; let the name end so")
    }
    var shards: [[(name: String, tensor: Tensor)]] = []
    var (inShard, total) = (0, 0)
    for (name, tensor) in tensors {
      let size = TensorSpec(tensor.shape, Safetensors.stored(tensor, as: dtype)).byteCount
      if shards.isEmpty || (inShard > 0 && inShard + size > shardBytes) {
        shards.append([])
        inShard = 0
      }
      shards[shards.count - 1].append((name, tensor))
      inShard += size
      total += size
    }
    let stem = String(path.dropLast(ending.count))
    let digits = { (number: Int) in String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
    }
    var files: [String: String] = [:]
    for (number, shard) in shards.enumerated() {
      let file = "\(stem)-\(digits(number + 1))-of-\(digits(shards.count))\(ending)"
      let name = file.split(separator: "/").last.map(String.init) ?? file
      for (tensor, _) in shard {
        guard files.updateValue(name, forKey: tensor) == nil else {
          throw LatheError(
            .invalidArgument, "\(path): two tensors are named '\(tensor)'; give each a name of its own")
        }
      }
      try Safetensors.write(shard, metadata: metadata, as: dtype, to: file)
    }
    let index = "\(path).index.json"
    try ShardIndex.write(files, byteCount: total, to: index)
    return index
  }
}
