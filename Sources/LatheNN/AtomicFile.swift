import Foundation
import LatheCore

/// Files that appear whole or not at all.
///
/// The bytes go to a temporary file in the same folder, which is flushed to the disk and renamed; a failure at any
/// point leaves what was there before.
package enum AtomicFile {
  /// A file being written.
  package final class Writer {
    private let descriptor: Int32
    private let path: String
    /// Bytes written so far.
    package private(set) var count = 0

    fileprivate init(_ descriptor: Int32, _ path: String) {
      self.descriptor = descriptor
      self.path = path
    }

    /// Adds bytes at the end.
    package func append(_ bytes: UnsafeRawBufferPointer) throws {
      var done = 0
      while done < bytes.count {
        let part = pwrite(
          descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(count))
        if part < 0 && errno == EINTR { continue }
        guard part > 0 else { throw FileErrors.failed("write", path) }
        done += part
        count += part
      }
    }
  }

  /// Replaces or makes a file.
  ///
  /// - Throws: `LatheError.file` naming the path and what the system refused.
  package static func write(_ chunks: [[UInt8]], to path: String) throws {
    try write(to: path) { writer in
      for chunk in chunks { try chunk.withUnsafeBytes { try writer.append($0) } }
    }
  }

  /// Replaces or makes a file of what `body` writes; where it throws, nothing is replaced.
  ///
  /// - Throws: `LatheError.file` naming the path and what the system refused, and what `body` throws.
  package static func write(to path: String, _ body: (Writer) throws -> Void) throws {
    let folder = self.folder(of: path)
    let temporary = "\(path).tmp-\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileErrors.failed("write", path) }
    var isOpen = true
    do {
      try body(Writer(descriptor, path))
      // Some file systems report a full disk only here or at close.
      guard fsync(descriptor) == 0 else { throw FileErrors.failed("write", path) }
      isOpen = false
      guard close(descriptor) == 0 else { throw FileErrors.failed("write", path) }
      guard rename(temporary, path) == 0 else { throw FileErrors.failed("write", path) }
    } catch {
      if isOpen { close(descriptor) }
      unlink(temporary)
      throw error
    }
    flushFolder(folder)
  }

  /// Replaces or makes a text file.
  package static func write(_ text: String, to path: String) throws {
    try write([Array(text.utf8)], to: path)
  }

  /// Makes a folder and those above it.
  package static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      let posix = underlying.flatMap { $0.domain == NSPOSIXErrorDomain ? Int32($0.code) : nil }
      if let posix { throw FileErrors.failed("make the folder", path, code: posix) }
      throw LatheError(.file, "\(path): cannot make the folder; choose another one")
    }
  }

  /// Finds out whether a folder can be written to before hours of work depend on it.
  package static func checkWritable(folder: String) throws {
    let probe = "\(folder)/.lathe-probe-\(getpid())"
    try write([[UInt8](repeating: 0, count: 4096)], to: probe)
    unlink(probe)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes the rename itself durable; a file system that cannot flush folders is no reason to fail.
  private static func flushFolder(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
