import Foundation
import LatheCore
import LatheML

/// The memory that a table needs, and what there is.
struct MemoryNeed {
  private let size: CSVSize
  private let rows: Int
  /// About how many bytes are needed.
  let bytes: Int

  /// - Parameters:
  ///   - sample: How many of the rows are taken; nil for all.
  ///   - factor: How many times the table what is done with it takes.
  init(_ size: CSVSize, taking sample: Int?, factor: Double) {
    self.size = size
    rows = min(sample ?? size.rows, size.rows)
    bytes = Int(Double(size.bytes) * factor * Double(rows) / Double(max(1, size.rows)))
  }

  /// Whether a file may need more than is there; small ones do not.
  static func isWorthChecking(_ file: String, _ options: TableInput.Options) throws -> Bool {
    try options.sample != nil || options.memoryLimit != nil || RegularFile(file).size > 64 << 20
  }

  /// What a person should know of it.
  ///
  /// - Throws: `LatheError.invalidArgument` where it is more than the limit, with what can be done.
  func check(_ file: String, limit: Int?) throws -> String? {
    let free = limit ?? memoryLimitFromEnvironment ?? Self.free
    let what =
      "\(counted(rows, "rows")) of \(counted(size.columns, "columns")) need about \(ByteText.of(bytes)) of memory"
    guard bytes > free else { return bytes > 1 << 30 ? what : nil }
    let fitting = Int(Double(rows) * 0.9 * Double(free) / Double(bytes))
    throw LatheError(
      .invalidArgument,
      "\(file): \(what), and \(ByteText.of(free)) \(limit == nil ? "are free" : "are allowed"); take a part of the rows (--sample "
        + "\(max(1, fitting))), or allow more (--memory-limit)")
  }

  /// Four fifths of the memory that no program uses, or of what this one may use.
  static var free: Int {
    var free = Int.max
    let text = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    if let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) {
      free = kilobytes << 10
    }
    for name in ["memory.max", "memory/memory.limit_in_bytes"] {
      let own = try? String(contentsOfFile: "/sys/fs/cgroup/\(name)", encoding: .utf8)
      if let bytes = own.flatMap({ Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }) {
        free = min(free, bytes)
      }
    }
    var space = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &space) == 0, space.rlim_cur < rlim_t(Int.max) {
      free = min(free, Int(space.rlim_cur))
    }
    return free / 5 * 4
  }
}
