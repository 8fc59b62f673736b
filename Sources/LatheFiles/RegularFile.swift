import Foundation
import LatheCore

/// A file open for reading, of which the size is known: no folder, pipe or device.
package final class RegularFile: Sendable {
  /// Where it is, for messages.
  package let path: String
  /// Its bytes when it was opened.
  package let size: Int
  private let descriptor: Int32

  /// Opens a file.
  ///
  /// - Throws: `LatheError.file`.
  package init(_ path: String) throws {
    // A pipe that nobody writes to would be waited for without O_NONBLOCK, which files do not heed.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if path == "-" && errno == ENOENT {
        throw LatheError(.file, "-: standard input is not read here; name a file")
      }
      throw FileErrors.failed("open", path)
    }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else {
      let error = FileErrors.failed("read", path)
      close(descriptor)
      throw error
    }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw LatheError(.file, "\(path): \(RegularFile.kind(facts.st_mode)), not a regular file; name a file")
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(facts.st_size)
  }

  deinit { close(descriptor) }

  /// Where a path leads through symbolic links, so that a file that is written there leaves them as they are; a link to a file
  /// that is not there yet leads to where it will be.
  ///
  /// - Throws: `LatheError.file` where links lead in a circle.
  static func behindLinks(_ path: String) throws -> String {
    var (path, facts) = (path, stat())
    // As many as the system follows.
    for _ in 0..<40 {
      guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFLNK else { return path }
      // What can be opened is followed by the system, which knows links without a path, such as /dev/stdout.
      if stat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFREG { return path }
      var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(path, &bytes, bytes.count)
      guard count > 0 else { throw FileErrors.failed("write", path) }
      let target = String(decoding: bytes[..<count], as: UTF8.self)
      let slash = target.hasPrefix("/") ? nil : path.lastIndex(of: "/")
      path = (slash.map { String(path[...$0]) } ?? "") + target
    }
    throw FileErrors.failed("write", path, code: ELOOP)
  }

  /// Makes sure that a new file in a path's place replaces no device, pipe or socket.
  ///
  /// - Throws: `LatheError.file` naming what is there.
  static func checkReplaceable(_ path: String) throws {
    var facts = stat()
    // What cannot be looked at is no obstacle, or one that writing names.
    guard stat(path, &facts) == 0 else { return }
    switch facts.st_mode & S_IFMT {
    case S_IFREG, S_IFDIR: return
    default:
      throw LatheError(.file, "\(path): \(kind(facts.st_mode)), which no file may replace; name another one")
    }
  }

  /// Whether two paths lead to the same file; false where one of them is not there.
  package static func isSame(_ first: String, _ second: String) -> Bool {
    var (a, b) = (stat(), stat())
    return stat(first, &a) == 0 && stat(second, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino
  }

  private static func kind(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }

  /// Reads bytes from an offset on.
  ///
  /// - Returns: How many there were: fewer than asked for where the file ends.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws -> Int {
    var count = 0
    while count < buffer.count {
      let part = pread(
        descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count, off_t(offset + count))
      if part < 0 && errno == EINTR { continue }
      guard part >= 0 else { throw FileErrors.failed("read", path) }
      if part == 0 { break }
      count += part
    }
    return count
  }

  /// The bytes from an offset on; fewer than asked for where the file ends.
  package func read(_ count: Int, at offset: Int) throws -> [UInt8] {
    var failure: (any Error)?
    let bytes = [UInt8](unsafeUninitializedCapacity: max(0, min(count, size - offset))) { buffer, count in
      do { count = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Maps bytes from the beginning of a page on as private memory.
  func map(_ range: Range<Int>, writing: Bool) throws -> UnsafeMutableRawBufferPointer {
    guard !range.isEmpty else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
    let memory = mmap(
      nil, range.count, writing ? PROT_READ | PROT_WRITE : PROT_READ, MAP_PRIVATE | MAP_NORESERVE, descriptor,
      off_t(range.lowerBound))
    guard let memory, memory != MAP_FAILED else { throw FileErrors.failed("map", path) }
    return UnsafeMutableRawBufferPointer(start: memory, count: range.count)
  }

  /// Its bytes now.
  func currentSize() throws -> Int {
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw FileErrors.failed("read", path) }
    return Int(facts.st_size)
  }
}
