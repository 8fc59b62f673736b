import Foundation
import LatheCore

/// Messages for what the operating system refuses.
package enum FileErrors {
  /// What went wrong with a file, from errno at the time of the call, with advice where there is some.
  package static func failed(_ action: String, _ path: String, code: Int32 = errno) -> LatheError {
    let reason = String(cString: strerror(code)).lowercased()
    let advice =
      switch code {
      case ENOSPC, EDQUOT: "; free some space or choose another folder; files written before are unchanged"
      case EACCES where action == "open" || action == "read": "; change its permissions, or name another file"
      case EACCES, EPERM, EROFS: "; choose a folder you may write to, or change its permissions"
      case ENOTDIR: "; a part of the path is a file, not a folder"
      default: ""
      }
    return LatheError(.file, "\(path): cannot \(action): \(reason)\(advice)")
  }

  /// The size in bytes of a regular file; nil where there is none at the path.
  package static func size(of path: String) -> Int? {
    var facts = stat()
    guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(facts.st_size)
  }

  /// Whether anything is at the path.
  package static func exists(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0
  }

  /// Whether nothing is at the path; what cannot be looked at is not absent.
  package static func isAbsent(_ path: String) -> Bool {
    var facts = stat()
    return lstat(path, &facts) != 0 && (errno == ENOENT || errno == ENOTDIR)
  }

  /// Whether a folder is at the path.
  package static func isFolder(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
  }

  /// A file's whole content.
  ///
  /// - Parameter limit: More bytes than this are an error, so that a wrong file does not fill the memory.
  package static func read(_ path: String, limit: Int = .max) throws -> [UInt8] {
    let file = try RegularFile(path)
    guard file.size <= limit else {
      throw LatheError(
        .format, "\(path): \(file.size) bytes are more than the \(limit) that such a file may have")
    }
    return try file.read(file.size, at: 0)
  }
}
