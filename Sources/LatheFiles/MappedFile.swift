import Foundation
import LatheCore

/// A file's bytes as memory: pages are read when they are touched, and shared with every process that maps the file.
package final class MappedFile: @unchecked Sendable {
  // Unchecked: the mapping never changes, and whoever writes to it has the only tensor that shows these bytes.

  /// Where it is, for messages.
  package var path: String { file.path }
  /// Its bytes when it was opened.
  package var size: Int { file.size }
  /// The content; what is written here stays in this process and never gets into the file.
  package let memory: UnsafeMutableRawBufferPointer
  /// The open file.
  package let file: RegularFile

  /// Maps a file.
  ///
  /// - Throws: `LatheError.file`.
  package init(_ path: String) throws {
    file = try RegularFile(path)
    memory = try file.map()
  }

  deinit { if let start = memory.baseAddress { munmap(start, memory.count) } }

  /// The content, for reading.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }

  /// Makes sure that the file has not become shorter since: what is gone must not be touched.
  ///
  /// - Throws: `LatheError.format` where it has.
  package func checkSize() throws {
    let now = try file.currentSize()
    guard now >= size else {
      throw LatheError(
        .format, "\(path): offset \(now): the file ends here, and had \(size) bytes when it was opened")
    }
  }
}
