import Lathe

/// A trained model as a run leaves it: `model.safetensors`, with the network's and the data's names inside.
public struct ModelFolder: Sendable {
  /// The folder.
  public let path: String

  /// Names a folder.
  public init(_ path: String) { self.path = path }

  private var file: String { "\(path)/model.safetensors" }

  /// Writes the model, whole or not at all.
  ///
  /// - Parameter name: The file's name.
  public func save(
    _ model: any Module, settings: TrainingSettings, as name: String = "model.safetensors"
  ) throws {
    try Safetensors.write(
      model.state,
      metadata: ["format": "pt", "architecture": settings.architecture, "data": settings.data],
      to: "\(path)/\(name)")
  }

  /// Reads the weights into a model.
  ///
  /// Where a run has not finished its first epoch, its newest checkpoint is used, and the note says so.
  /// - Throws: `LatheError` where there is no model, it is damaged, or it is one of another architecture.
  public func load(into model: any Module, architecture: String, note: (String) -> Void) throws {
    guard FileErrors.exists(path) else {
      throw LatheError(.file, "\(path): no such folder; name one that `lathe train` made")
    }
    var values: [String: Tensor] = [:]
    let found: String?
    let source: String
    if FileErrors.exists(file) {
      let content = try Safetensors(path: file)
      found = content.metadata["architecture"]
      source = file
      for name in content.entries.keys { values[name] = content.tensor(name) }
    } else {
      guard let (state, tensors) = try CheckpointStore(folder: path).newest(note: note) else {
        throw LatheError(
          .file,
          "\(path): neither model.safetensors nor a checkpoint is there; name a folder that `lathe train` made"
        )
      }
      found = state.settings.architecture
      source = CheckpointStore(folder: path).path(step: state.step)
      note("\(path): no finished model; evaluating the checkpoint of step \(state.step)")
      for name in tensors.entries.keys where name.hasPrefix("model.") {
        values[String(name.dropFirst("model.".count))] = tensors.tensor(name)
      }
    }
    if let found, found != architecture {
      throw LatheError(.format, "\(source): of another model: it is '\(found)', expected '\(architecture)'")
    }
    try model.load(values, from: source)
  }
}
