#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheML

  /// Which weights of which run a command uses.
  struct StoredModelOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "The folder that `lathe train` stored the model in, or a weight file in it.", valueName: "run"))
    var model: String

    @Flag(help: "Use the weights of the best epoch instead of the last one's.")
    var best = false

    /// Says what is wrong with the options.
    func check() throws {
      if model.isEmpty { throw ValidationError("--model is empty; name the folder of a run") }
      var isFolder: ObjCBool = false
      if best, FileManager.default.fileExists(atPath: model, isDirectory: &isFolder), !isFolder.boolValue {
        throw ValidationError(
          "--best chooses a file of a run's folder, but \(model) is a file; leave one of them out")
      }
    }

    /// Opens the model.
    ///
    /// - Throws: `LatheError` where there is none, or it is damaged.
    func load(_ device: Device) throws -> Model {
      try Model.load(run: trimmed, best: best, device: device) { Terminal.note($0) }
    }

    /// The path without slashes at its end.
    private var trimmed: String {
      var path = model
      while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
      return path
    }
  }
#endif
