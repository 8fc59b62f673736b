import Foundation

/// Which Lathe this is.
public enum Version {
  /// The number of the release under way; CHANGELOG.md has the list.
  public static let current = "0.1.0-dev"

  /// The commit of the repository that the program lies in, `-dirty` added where its files were changed.
  ///
  /// `LATHE_COMMIT` says it where the program was taken out of its repository; `unknown` without either.
  public static let commit: String = {
    if let given = ProcessInfo.processInfo.environment["LATHE_COMMIT"], !given.isEmpty { return given }
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let git = Process()
    git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    git.arguments = [
      "git", "-C", program.deletingLastPathComponent().path, "describe", "--always", "--dirty", "--abbrev=12",
      "--exclude=*",
    ]
    let output = Pipe()
    git.standardOutput = output
    git.standardError = FileHandle.nullDevice
    guard (try? git.run()) != nil else { return "unknown" }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    git.waitUntilExit()
    let commit = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return git.terminationStatus == 0 && !commit.isEmpty ? commit : "unknown"
  }()
}
