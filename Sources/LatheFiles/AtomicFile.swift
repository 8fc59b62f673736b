import Foundation
import LatheCore

/// Files that appear whole or not at all.
///
/// The bytes go to a temporary file in the same folder, which is flushed to the disk and renamed; a failure at any
/// point leaves what was there before. Where a path is a symbolic link, what it leads to is replaced and the link stays.
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
      try put(bytes, at: count)
      count += bytes.count
    }

    /// Writes bytes over those at a place.
    package func replace(at offset: Int, _ bytes: [UInt8]) throws {
      try bytes.withUnsafeBytes { try put($0, at: offset) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
      var done = 0
      while done < bytes.count {
        let part = pwrite(
          descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
        if part < 0 && errno == EINTR { continue }
        guard part > 0 else { throw FileErrors.failed("write", path) }
        done += part
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
  /// - Throws: `LatheError.file` naming the path and what the system refused, or that it is a device or a pipe, and what `body`
  ///   throws.
  package static func write(to path: String, _ body: (Writer) throws -> Void) throws {
    let path = try RegularFile.behindLinks(path)
    try RegularFile.checkReplaceable(path)
    try withTemporary(of: path) { temporary, descriptor in
      try body(Writer(descriptor, path))
      // Some file systems report a full disk only here or at close.
      guard flush(descriptor) else { throw FileErrors.failed("write", path) }
      guard rename(temporary, path) == 0 else { throw FileErrors.failed("write", path) }
    }
    flushFolder(folder(of: path))
  }

  /// Runs a function with a new file beside a path; what has not been renamed then is removed.
  private static func withTemporary(
    of path: String, _ body: (_ temporary: String, _ descriptor: Int32) throws -> Void
  ) throws {
    guard let file = TemporaryFile(beside: path) else { throw FileErrors.failed("write", path) }
    let (temporary, descriptor) = (file.path, file.descriptor)
    do {
      try body(temporary, descriptor)
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    // What is on the disk stays there; an interrupted close has closed.
    guard close(descriptor) == 0 || errno == EINTR else { throw FileErrors.failed("write", path) }
  }

  /// Brings a file's content to the disk.
  ///
  /// - Returns: Whether it is there; `errno` says why not.
  package static func flush(_ descriptor: Int32) -> Bool {
    while fsync(descriptor) != 0 { guard errno == EINTR else { return false } }
    return true
  }

  /// Replaces or makes a text file.
  package static func write(_ text: String, to path: String) throws {
    try write([Array(text.utf8)], to: path)
  }

  /// Makes a folder and those above it.
  package static func makeFolder(_ path: String) throws {
    if FileErrors.isFolder(path) { return }
    // From the first folder of the path on; those that are there, or that another process makes meanwhile, stay.
    var code: Int32 = 0
    for (index, character) in path.indices.lazy.map({ ($0, path[$0]) })
    where character == "/" && index > path.startIndex {
      if mkdir(String(path[..<index]), 0o777) != 0 && errno != EEXIST && code == 0 { code = errno }
    }
    if mkdir(path, 0o777) != 0 && errno != EEXIST && code == 0 { code = errno }
    guard FileErrors.isFolder(path) else {
      throw FileErrors.failed("make the folder", path, code: code == 0 ? ENOTDIR : code)
    }
  }

  /// Makes a folder in one that is there.
  ///
  /// - Returns: Whether it was made; it was not where something has its name.
  package static func makeNewFolder(_ path: String) throws -> Bool {
    if mkdir(path, 0o777) == 0 { return true }
    guard errno == EEXIST else { throw FileErrors.failed("make the folder", path) }
    return false
  }

  /// What the name of a file begins with that is made to find out whether a folder can be written to.
  package static let probeName = ".lathe-probe"

  /// Finds out whether a folder can be written to before hours of work depend on it.
  package static func checkWritable(folder: String) throws {
    let probe = "\(folder)/\(probeName)"
    try withTemporary(of: probe) { temporary, descriptor in
      let bytes = [UInt8](repeating: 0, count: 4096)
      try bytes.withUnsafeBytes { try Writer(descriptor, folder).append($0) }
      guard flush(descriptor) else { throw FileErrors.failed("write", folder) }
      unlink(temporary)
    }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes the rename itself durable; a file system that cannot flush folders is no reason to fail.
  private static func flushFolder(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = flush(descriptor)
    close(descriptor)
  }
}
