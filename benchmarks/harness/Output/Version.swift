import Foundation
import LatheCore

/// Which Lathe this is.
public enum Version {
  /// The number of the release under way; CHANGELOG.md has the list.
  public static let current = "0.1.0-dev"

  /// The commit of the repository that the program lies in, `-dirty` added where its files were changed.
  ///
  /// `LATHE_COMMIT` says it where the program was taken out of its repository; `unknown` without either.
  public static let commit: String = {
    if let given = ProcessInfo.processInfo.environment["LATHE_COMMIT"], !given.isEmpty { return given }
    guard let program = ChildProcess.ownPath,
      let git = try? ChildProcess.run(
        "git",
        [
          "-C", URL(fileURLWithPath: program).deletingLastPathComponent().path, "describe", "--always",
          "--dirty",
          "--abbrev=12", "--exclude=*",
        ], seconds: 10)
    else { return "unknown" }
    let commit = String(decoding: git.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return git.ending == .exited(0) && !commit.isEmpty ? commit : "unknown"
  }()
}
