import Lathe
import LatheFiles
import LatheFormats
import LatheNN

/// A trained model as a run leaves it: `model.safetensors`, with the network's and the data's names inside.
public struct ModelFolder: Sendable {
  /// The folder.
  public let path: String

  /// Names a folder.
  public init(_ path: String) { self.path = path }

  /// Names the folder of a run, or of a file in it.
  init(containing path: String) {
    let isFile = FileErrors.exists(path) && !FileErrors.isFolder(path)
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    self.init(isFile ? folder : path)
  }

  /// The file of the last epoch's weights, and of the best one's.
  public static let lastName = "model.safetensors", bestName = "best.safetensors"

  private var file: String { "\(path)/\(Self.lastName)" }

  /// Writes the model, whole or not at all.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - configuration: What the run was asked for.
  ///   - name: The file's name.
  public func save(
    _ model: any Module, configuration: TrainerConfiguration, as name: String = ModelFolder.lastName
  ) throws {
    try Safetensors.write(
      model.state,
      metadata: ["format": "pt", "architecture": configuration.architecture, "data": configuration.data],
      to: "\(path)/\(name)")
  }

  /// A stored model before it is loaded.
  public struct Content: Sendable {
    /// The network's name, where it was stored.
    public let architecture: String?
    /// The state dictionary.
    public let values: [String: Tensor]
    /// Where it comes from, for messages.
    public let source: String
  }

  /// Reads the stored model.
  ///
  /// Where a run has not finished its first epoch, its newest checkpoint is used, and the note says so.
  /// - Throws: `LatheError` where there is no model, or it is damaged.
  public func read(note: (String) -> Void) throws -> Content {
    guard FileErrors.exists(path) else {
      throw LatheError(.file, "\(path): no such folder; name one that `lathe train` made")
    }
    if FileErrors.exists(file) { return try read(Self.lastName) }
    guard let (state, tensors) = try CheckpointStore(folder: path).newest(on: .cpu, note: note) else {
      throw LatheError(
        .file,
        "\(path): neither model.safetensors nor a checkpoint is there; name a folder that `lathe train` made")
    }
    note("\(path): no finished model; evaluating the checkpoint of step \(state.step)")
    var values: [String: Tensor] = [:]
    for name in tensors.entries.keys where name.hasPrefix("model.") {
      values[String(name.dropFirst("model.".count))] = tensors.tensor(name)
    }
    return Content(
      architecture: state.configuration.architecture, values: values,
      source: CheckpointStore(folder: path).path(step: state.step))
  }

  /// Reads one of the folder's weight files, by its name or a path to it; the best epoch's is not there before one ended.
  func read(_ name: String) throws -> Content {
    let file = name.contains("/") ? name : "\(path)/\(name)"
    let content = try Safetensors(path: file)
    var values: [String: Tensor] = [:]
    for name in content.entries.keys { values[name] = content.tensor(name) }
    return Content(architecture: content.metadata["architecture"], values: values, source: file)
  }

  /// Reads the weights into a model; see `read(note:)`.
  ///
  /// - Throws: `LatheError` where there is no model, it is damaged, or it is one of another architecture.
  public func load(into model: any Module, architecture: String, note: (String) -> Void) throws {
    let content = try read(note: note)
    if let found = content.architecture, found != architecture {
      throw LatheError(
        .format, "\(content.source): of another model: it is '\(found)', expected '\(architecture)'")
    }
    try model.load(content.values, from: content.source)
  }
}
