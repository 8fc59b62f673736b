import LatheML

/// Which pre-trained model a command uses.
enum PretrainedChoice {
  /// The folder or the file of a model: at a path, or of the store.
  ///
  /// - Parameter name: A path, which comes first, or a name in the store.
  /// - Throws: `LatheError` where it is neither, with the names that there are.
  static func path(_ name: String) throws -> String {
    if FileErrors.exists(name) {
      var path = name
      while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
      return path
    }
    guard !name.contains("/"), !name.hasSuffix(".gguf") else {
      throw LatheError(.file, "\(name): no such file or folder")
    }
    return try ModelStore.user().required(name).folder
  }

  /// The folder of a model, for what no file alone holds.
  ///
  /// - Throws: `LatheError` where there is none.
  static func folder(_ name: String) throws -> String {
    let path = try path(name)
    guard FileErrors.isFolder(path) else {
      throw LatheError(
        .file, "\(path): no folder; name one with config.json and the weights, or a stored model")
    }
    guard FileErrors.exists("\(path)/config.json") || FileErrors.exists("\(path)/modules.json") else {
      throw LatheError(
        .file, "\(path): no config.json in it; name an encoder, such as a BERT, in the layout of Hugging Face"
      )
    }
    return path
  }
}
