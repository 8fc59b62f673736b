import Foundation
import LatheCore

/// Messages for what the operating system refuses.
enum FileErrors {
  /// What went wrong with a file, from errno at the time of the call, with advice where there is some.
  static func failed(_ action: String, _ path: String, code: Int32 = errno) -> LatheError {
    let reason = String(cString: strerror(code)).lowercased()
    let advice =
      switch code {
      case ENOSPC, EDQUOT: "; free some space or choose another folder; files written before are unchanged"
      case EACCES, EPERM, EROFS: "; choose a folder you may write to, or change its permissions"
      case ENOTDIR: "; a part of the path is a file, not a folder"
      default: ""
      }
    return LatheError(.file, "\(path): cannot \(action): \(reason)\(advice)")
  }

  /// The size in bytes of a regular file; nil where there is none at the path.
  static func size(of path: String) -> Int? {
    var facts = stat()
    guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(facts.st_size)
  }

  /// Whether anything is at the path.
  static func exists(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0
  }

  /// Whether a folder is at the path.
  static func isFolder(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
  }

  /// A file's whole content.
  ///
  /// - Parameter limit: More bytes than this are an error, so that a wrong file does not fill the memory.
  static func read(_ path: String, limit: Int = .max) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failed("open", path) }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw failed("read", path) }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      throw LatheError(.file, "\(path): not a regular file; name a file")
    }
    let size = Int(facts.st_size)
    guard size <= limit else {
      throw LatheError(.format, "\(path): \(size) bytes are more than the \(limit) that such a file may have")
    }
    var failure: LatheError?
    let content = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let part = pread(descriptor, buffer.baseAddress.map { $0 + count }, size - count, off_t(count))
        if part < 0 && errno == EINTR { continue }
        if part < 0 { failure = failed("read", path) }
        if part <= 0 { break }
        count += part
      }
    }
    if let failure { throw failure }
    return content
  }
}
