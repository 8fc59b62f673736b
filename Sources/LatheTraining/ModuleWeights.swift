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
  /// - Throws: See `WeightFile.write(_:metadata:to:)`.
  public func save(to path: String, metadata: [String: String] = [:]) throws {
    try WeightFile.write(state, metadata: metadata, to: path)
  }

  /// Takes all weights of a file or of a run's folder.
  ///
  /// - Parameters:
  ///   - path: The file, or a run's folder.
  ///   - names: What the model calls the file's weights.
  /// - Throws: `LatheError` that lists every weight that is missing, superfluous or of another shape or type; the module
  ///   is then unchanged.
  public func load(from path: String, names: WeightNames = WeightNames()) throws {
    let file = try WeightFile(fileOrRun: path, names: names)
    try load(file.values, from: file.source)
  }

  /// Takes those weights of a file that fit, and leaves the others as they are: the start of transfer learning.
  ///
  /// - Parameters:
  ///   - path: The file, or a run's folder.
  ///   - names: What the model calls them.
  ///   - freezing: Leaves the parameters that were taken out of training, so that the new ones learn alone.
  /// - Returns: What was taken, and by name what was not.
  /// - Throws: `LatheError` where the file cannot be used or nothing in it fits; the module is then unchanged.
  @discardableResult
  public func loadMatching(from path: String, names: WeightNames = WeightNames(), freezing: Bool = false)
    throws
    -> LoadReport
  {
    let file = try WeightFile(fileOrRun: path, names: names)
    return try loadMatching(file.values, from: file.source, freezing: freezing)
  }
}
