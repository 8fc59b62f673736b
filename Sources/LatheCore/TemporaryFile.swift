#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A new file beside the path that it will be renamed to, under a name that nobody else has.
///
/// It is locked while it is open, which is how those of processes that were killed are told from those of others: the
/// next who writes to the same path removes them.
package struct TemporaryFile {
  /// Where it is.
  package let path: String
  /// Open for writing.
  package let descriptor: Int32

  /// What stands in the names of such files, behind the name that they will have and before sixteen digits.
  package static let mark = ".tmp-"
  private static let digitCount = 16

  /// Makes the file; nil where the system refuses, and `errno` says why.
  package init?(beside target: String) {
    TemporaryFile.removeLeftovers(of: target)
    while true {
      let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
      let zeros = String(repeating: "0", count: TemporaryFile.digitCount - digits.count)
      let path = target + TemporaryFile.mark + zeros + digits
      // Never a file that is there already, nor what a link points to.
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else {
        if errno == EEXIST || errno == EINTR { continue }
        return nil
      }
      // Whoever looked for leftovers since then may hold the lock, or have removed the file. Where there are no locks,
      // nobody removes anything.
      let isFound = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
      if !isFound && TemporaryFile.isThere(descriptor) {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      close(descriptor)
      unlink(path)
    }
  }

  private static func isThere(_ descriptor: Int32) -> Bool {
    var facts = stat()
    return fstat(descriptor, &facts) != 0 || facts.st_nlink > 0
  }

  /// Removes the files that processes left behind which were killed while they wrote to a path.
  private static func removeLeftovers(of target: String) {
    let slash = target.lastIndex(of: "/")
    let folder = slash.map { String(target[...$0]) } ?? "./"
    let prefix = slash.map { String(target[target.index(after: $0)...]) } ?? target
    guard let entries = opendir(folder) else { return }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name.hasPrefix(prefix + mark) else { continue }
      let digits = name.dropFirst(prefix.count + mark.count)
      if digits.count == digitCount, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) {
        removeUnlocked(folder + name)
      }
    }
  }

  private static func removeUnlocked(_ path: String) {
    let descriptor = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
    close(descriptor)
  }
}
