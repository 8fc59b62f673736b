import Foundation
import LatheCore

/// A file's bytes as memory: pages are read when they are touched, and shared with every process that maps the file.
package final class MappedFile: @unchecked Sendable {
  // Unchecked: the mapping never changes, and nothing writes to it.

  /// Where it is, for messages.
  package var path: String { file.path }
  /// Its bytes when it was opened.
  package var size: Int { file.size }
  /// The content.
  package let bytes: UnsafeRawBufferPointer
  /// The open file.
  package let file: RegularFile

  /// Maps a file.
  ///
  /// - Throws: `LatheError.file`.
  package init(_ path: String) throws {
    file = try RegularFile(path)
    bytes = UnsafeRawBufferPointer(try file.map(0..<file.size, writing: false))
  }

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }

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

/// Some of a file's bytes as memory of one owner: what is written there is seen by nobody else, and the file stays.
package final class MappedRegion: @unchecked Sendable {
  // Unchecked: the mapping never changes; its owner orders what is written.

  /// The bytes.
  package let memory: UnsafeMutableRawBufferPointer
  /// The whole pages around them.
  private let pages: UnsafeMutableRawBufferPointer

  /// Maps bytes that are in the file.
  ///
  /// - Throws: `LatheError.file`.
  package init(_ file: RegularFile, _ range: Range<Int>) throws {
    let start = range.lowerBound / Self.page * Self.page
    pages = try file.map(start..<range.upperBound, writing: true)
    memory = UnsafeMutableRawBufferPointer(rebasing: pages[(range.lowerBound - start)...])
  }

  deinit { if let start = pages.baseAddress { munmap(start, pages.count) } }

  private static let page = sysconf(Int32(_SC_PAGESIZE))
}
