import Glibc
import Lathe
import LatheCore
import TestSupport

/// The faults of a driver that are known, as a file lists them.
struct KnownFaults {
  private struct Line {
    var profile: Substring
    var mode: Substring
    var name: Substring
    var text: String

    func covers(_ profile: String, _ mode: String, _ name: String) -> Bool {
      (self.profile == "*" || self.profile == profile) && (self.mode == "*" || self.mode == mode)
        && (self.name.hasSuffix("...") ? name.hasPrefix(self.name.dropLast(3)) : name == self.name)
    }
  }

  private var lines: [Line] = []
  private var used: Set<Int> = []

  init() {}

  /// - Throws: `LatheError` where the file cannot be read or a line is none.
  init(path: String) throws {
    for (number, text) in try Self.content(of: path).split(
      separator: "\n", omittingEmptySubsequences: false
    ).enumerated() {
      guard !text.allSatisfy(\.isWhitespace), !text.hasPrefix("#") else { continue }
      let words = text.split(separator: " ", maxSplits: 2)
      guard words.count == 3, ["*", "cpu", "gpu"].contains(words[0]),
        words[1] == "*" || Mode(rawValue: String(words[1])) != nil
      else {
        throw LatheError(
          .format, "\(path): line \(number + 1) is not `PROFILE MODE CASE`: \(text)")
      }
      lines.append(Line(profile: words[0], mode: words[1], name: words[2], text: String(text)))
    }
  }

  /// Whether a failure is known; it then counts as seen.
  mutating func covers(_ profile: String, _ mode: String, _ name: String) -> Bool {
    let found = lines.indices.filter { lines[$0].covers(profile, mode, name) }
    used.formUnion(found)
    return !found.isEmpty
  }

  /// Lines for whose profile and modes all cases ran and none failed.
  func unseen(profiles: [String], modes: [Mode]) -> [String] {
    lines.indices.filter { index in
      let line = lines[index]
      return !used.contains(index) && (line.profile == "*" || profiles.contains(String(line.profile)))
        && (line.mode == "*" || modes.contains { $0.rawValue == line.mode })
    }.map { lines[$0].text }
  }

  private static func content(of path: String) throws -> String {
    let file = fopen(path, "r")
    guard let file else { throw LatheError(.file, "\(path): cannot be read") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }
}
