import Lathe
import LatheFiles
import LatheFormats
import LatheNN

extension WeightFile {
  /// Reads the model in the folder of a run; where its first epoch has not ended, that of its newest checkpoint.
  ///
  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - names: What the model calls the weights.
  /// - Throws: `LatheError` where there is no model in it, it is damaged, or two weights get one path.
  public init(run folder: String, names: WeightNames = WeightNames()) throws {
    let content = try ModelFolder(folder).read { _ in }
    try self.init(
      content.values, names: names, metadata: content.architecture.map { ["architecture": $0] } ?? [:],
      source: content.source)
  }

  /// Reads a file of weights, or the model in the folder of a run.
  ///
  /// - Parameters:
  ///   - path: The file, or the run's folder.
  ///   - names: What the model calls the weights.
  ///   - limit: The bytes that the arrays of an archive may take; as `ReadingLimits` says unless given.
  /// - Throws: See `init(path:names:limit:)` and `init(run:names:)`.
  public init(fileOrRun path: String, names: WeightNames = WeightNames(), limit: Int? = nil) throws {
    if FileErrors.isFolder(path) {
      try self.init(run: path, names: names)
    } else {
      try self.init(path: path, names: names, limit: limit)
    }
  }
}

extension ParameterContainer {
  /// Writes parameters and buffers to a `.safetensors` or `.npz` file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - metadata: Text beside the tensors; npz has no place for it.
  ///   - dtype: The type in which floating-point weights are stored, such as bfloat16; as they are where nil.
  /// - Throws: See `WeightFile.write(_:metadata:as:to:)`.
  public func save(to path: String, metadata: [String: String] = [:], as dtype: DType? = nil) throws {
    try WeightFile.write(state, metadata: metadata, as: dtype, to: path)
  }

  /// Writes parameters and buffers to several files with an index.
  ///
  /// - Parameters:
  ///   - path: What the files are named after, such as `folder/model.safetensors`.
  ///   - shardBytes: The most bytes of weights in a file.
  ///   - metadata: Text beside the tensors, in each file.
  ///   - dtype: The type in which floating-point weights are stored; as they are where nil.
  /// - Returns: The path of the index, from which they can be loaded.
  /// - Throws: See `WeightFile.writeShards(_:metadata:as:shardBytes:to:)`.
  @discardableResult
  public func save(
    to path: String, shardBytes: Int, metadata: [String: String] = [:], as dtype: DType? = nil
  ) throws -> String {
    try WeightFile.writeShards(state, metadata: metadata, as: dtype, shardBytes: shardBytes, to: path)
  }

  /// Takes all weights of a file, of several with an index, or of a run's folder.
  ///
  /// Of safetensors files besides the module no more than one tensor is in memory.
  ///
  /// - Parameters:
  ///   - path: The file, the index, a folder with `model.safetensors.index.json`, or a run's folder.
  ///   - names: What the model calls the file's weights.
  ///   - converting: Whether floating-point weights of another type than the module's are converted to it.
  ///   - limit: The bytes that the arrays of an archive may take; as `ReadingLimits` says unless given.
  /// - Throws: `LatheError` that lists every weight that is missing, superfluous or of another shape or type, or names
  ///   what is damaged; the module is then unchanged. Where a file cannot be read to its end any more after it was
  ///   checked, the weights before are taken.
  public func load(
    from path: String, names: WeightNames = WeightNames(), converting: Bool = false, limit: Int? = nil
  ) throws {
    try load(
      from: StoredWeights(path, names, limit), converting: converting, matching: false, freezing: false)
  }

  /// Takes all weights of a reader, one at a time; call its `verify()` before to compare the checksums in the files.
  ///
  /// - Parameters:
  ///   - reader: Where the weights are.
  ///   - converting: Whether floating-point weights of another type than the module's are converted to it.
  /// - Throws: `LatheError`; see `load(from:names:converting:)`.
  public func load(from reader: WeightReader, converting: Bool = false) throws {
    try take(reader.specs, from: reader.source, converting: converting, matching: false) {
      try reader.tensor($0, device: $1)
    }
  }

  /// Takes those weights of a file that fit, and leaves the others as they are: the start of transfer learning.
  ///
  /// - Parameters:
  ///   - path: The file, the index, a folder with `model.safetensors.index.json`, or a run's folder.
  ///   - names: What the model calls them.
  ///   - freezing: Leaves the parameters that were taken out of training, so that the new ones learn alone.
  ///   - converting: Whether floating-point weights of another type than the module's are converted to it.
  ///   - limit: The bytes that the arrays of an archive may take; as `ReadingLimits` says unless given.
  /// - Returns: What was taken, and by name what was not.
  /// - Throws: `LatheError` where the file cannot be used or nothing in it fits; the module is then unchanged.
  @discardableResult
  public func loadMatching(
    from path: String, names: WeightNames = WeightNames(), freezing: Bool = false, converting: Bool = false,
    limit: Int? = nil
  ) throws -> LoadReport {
    try load(
      from: StoredWeights(path, names, limit), converting: converting, matching: true, freezing: freezing)
  }

  @discardableResult
  private func load(
    from stored: StoredWeights, converting: Bool, matching: Bool, freezing: Bool
  ) throws -> LoadReport {
    switch stored {
    case .lazily(let reader):
      try reader.verify()
      return try take(
        reader.specs, from: reader.source, converting: converting, matching: matching, freezing: freezing
      ) { try reader.tensor($0, device: $1) }
    case .whole(let file):
      return try take(
        file.values.mapValues { TensorSpec($0.shape, $0.dtype) }, from: file.source, converting: converting,
        matching: matching, freezing: freezing
      ) { path, _ in file.values[path] }
    }
  }
}

/// Weights at a path, read one at a time where the format allows it.
private enum StoredWeights {
  case lazily(WeightReader)
  case whole(WeightFile)

  init(_ path: String, _ names: WeightNames, _ limit: Int?) throws {
    self =
      try WeightReader.reads(path)
      ? .lazily(WeightReader(path: path, names: names))
      : .whole(WeightFile(fileOrRun: path, names: names, limit: limit))
  }
}
