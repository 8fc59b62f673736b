import LatheML

/// Which pre-trained model a command uses.
enum PretrainedChoice {
  /// The folder of a model: one at a path, or of the store.
  ///
  /// - Parameter name: The path of a folder, or the name of a model in the store.
  /// - Throws: `LatheError` where it is neither, with the names that there are.
  static func folder(_ name: String) throws -> String {
    if FileErrors.isFolder(name) { return name }
    if name.contains("/") || FileErrors.exists(name) {
      throw LatheError(
        .file, "\(name): no such folder; name one with config.json and the weights, or a stored model")
    }
    return try ModelStore.user().required(name).folder
  }
}
