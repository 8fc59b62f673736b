import Foundation
import LatheNN

/// Chooses and prepares the folder of a run.
enum OutputFolder {
  /// The folder asked for, or one under `runs/`: the next free number, or to resume, the last used.
  ///
  /// - Throws: `LatheError` where it cannot be written, or holds another run that nobody asked to resume.
  static func prepare(_ asked: String?, model: String, resume: Bool) throws -> String {
    let folder = asked.map(trimmed) ?? numbered(model, resume: resume)
    try AtomicFile.makeFolder(folder)
    try AtomicFile.checkWritable(folder: folder)
    if !resume, let name = earlierRun(in: folder) {
      throw LatheError(
        .file,
        "\(folder): holds an earlier run (\(name)); add --resume to go on with it or choose another folder with --output"
      )
    }
    return folder
  }

  private static func trimmed(_ path: String) -> String {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    return path
  }

  private static func earlierRun(in folder: String) -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().first {
      $0 == "model.safetensors" || ($0.hasPrefix("checkpoint-") && $0.hasSuffix(".json"))
    }
  }

  private static func numbered(_ model: String, resume: Bool) -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "runs")) ?? []
    let used = names.compactMap { $0.hasPrefix("\(model)-") ? Int($0.dropFirst(model.count + 1)) : nil }
    let last = used.max() ?? 0
    return "runs/\(model)-\(resume && last > 0 ? last : last + 1)"
  }
}
