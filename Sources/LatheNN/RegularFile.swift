import Foundation
import LatheCore

/// A file open for reading, of which the size is known: no folder, pipe or device.
final class RegularFile {
  /// Where it is, for messages.
  let path: String
  /// Its bytes when it was opened.
  let size: Int
  private let descriptor: Int32

  /// Opens a file.
  ///
  /// - Throws: `LatheError.file`.
  init(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileErrors.failed("open", path) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else {
      let error = FileErrors.failed("read", path)
      close(descriptor)
      throw error
    }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw LatheError(.file, "\(path): not a regular file; name a file")
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(facts.st_size)
  }

  deinit { close(descriptor) }

  /// Reads bytes from an offset on.
  ///
  /// - Returns: How many there were: fewer than asked for where the file ends.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws -> Int {
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
}
