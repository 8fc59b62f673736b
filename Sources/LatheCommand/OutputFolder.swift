import Foundation
import LatheML

/// Chooses and prepares the folder of a run.
enum OutputFolder {
  /// Runs a function with the folder asked for, or one under `runs/`: the next free number, or to resume, the last used.
  ///
  /// No other process can be at work in it meanwhile. Where it was made here and nothing is written, it is removed again.
  /// - Throws: `LatheError` where it cannot be written, another process is at work in it, or it holds another run that
  ///   nobody asked to resume; and what `body` throws.
  static func use<Result>(
    _ asked: String?, model: String, resume: Bool, _ body: (_ folder: String) throws -> Result
  ) throws -> Result {
    StopSignals.hold()
    defer { StopSignals.letGo(removing: []) }
    let (folder, made) = try choose(asked, model: model, resume: resume)
    defer { removeEmpty(made) }
    let lock = try FolderLock.of(folder)
    if let weakness = lock.weakness {
      Terminal.note("\(folder): cannot be locked (\(weakness)); no other process should work in it meanwhile")
    }
    return try withExtendedLifetime(lock) {
      try AtomicFile.checkWritable(folder: folder)
      if !resume, let name = earlierRun(in: folder) {
        throw LatheError(
          .file,
          "\(folder): holds an earlier run (\(name)); "
            + (name == TableModel.fileName ? "" : "add --resume to go on with it or ")
            + "choose another folder with --output"
        )
      }
      StopSignals.letGo(removing: made)
      return try body(folder)
    }
  }

  /// Removes folders that hold nothing.
  private static func removeEmpty(_ folders: [String]) { for folder in folders { rmdir(folder) } }

  private static func choose(_ asked: String?, model: String, resume: Bool) throws -> (String, made: [String])
  {
    guard let asked else {
      let made = FileManager.default.fileExists(atPath: "runs") ? [] : ["runs"]
      try AtomicFile.makeFolder("runs")
      return try numbered(model, resume: resume, made: made)
    }
    let path = trimmed(asked)
    let isNew = !FileManager.default.fileExists(atPath: path)
    try AtomicFile.makeFolder(path)
    return (path, isNew ? [path] : [])
  }

  private static func trimmed(_ path: String) -> String {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    return path
  }

  private static func earlierRun(in folder: String) -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().first {
      $0 == ModelFolder.lastName || $0 == TableModel.fileName
        || ($0.hasPrefix("checkpoint-") && $0.hasSuffix(".json"))
    }
  }

  private static func numbered(_ model: String, resume: Bool, made: [String]) throws -> (
    String, made: [String]
  ) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "runs")) ?? []
    let used = names.compactMap { $0.hasPrefix("\(model)-") ? Int($0.dropFirst(model.count + 1)) : nil }
    var number = used.max() ?? 0
    if resume && number > 0 { return ("runs/\(model)-\(number)", made) }
    // Whoever makes the folder has it: of two runs that begin together each gets its own.
    while true {
      number += 1
      let path = "runs/\(model)-\(number)"
      if try AtomicFile.makeNewFolder(path) { return (path, [path] + made) }
    }
  }
}
