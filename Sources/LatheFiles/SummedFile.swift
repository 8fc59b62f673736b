import Dispatch
import LatheCore
import Synchronization

/// A file read from front to back with the checksum of what was read; long stretches by several threads.
package struct SummedFile {
  /// Bytes read before they are summed up, while they are in a cache.
  private static let chunk = 1 << 20
  /// Bytes that are worth another thread.
  private static let part = 4 << 20

  /// The file.
  package let file: RegularFile
  /// Bytes read so far, and their CRC-32.
  package private(set) var offset = 0, checksum: UInt32 = 0

  /// Opens a file.
  ///
  /// - Throws: `LatheError.file`.
  package init(_ path: String) throws { file = try RegularFile(path) }

  /// Reads the next bytes.
  ///
  /// - Returns: Whether there were as many as asked for; `offset` is where the file ends otherwise.
  package mutating func read(into bytes: UnsafeMutableRawBufferPointer) throws -> Bool {
    let count = bytes.count
    let parts = max(1, count / Self.part)
    let found = Mutex([Result<(count: Int, checksum: UInt32), any Error>?](repeating: nil, count: parts))
    let start = offset
    let file = file
    nonisolated(unsafe) let bytes = bytes
    DispatchQueue.concurrentPerform(iterations: parts) { i in
      let range = count * i / parts..<count * (i + 1) / parts
      let result = Result {
        try Self.sum(
          file, at: start + range.lowerBound, UnsafeMutableRawBufferPointer(rebasing: bytes[range]))
      }
      found.withLock { $0[i] = result }
    }
    for (i, result) in found.withLock({ $0 }).enumerated() {
      guard let part = try result?.get() else { return false }
      offset += part.count
      checksum = CRC32.joined(checksum, part.checksum, count: part.count)
      if part.count < count * (i + 1) / parts - count * i / parts { return false }
    }
    return true
  }

  /// Reads bytes from a place on; fewer where the file ends.
  private static func sum(
    _ file: RegularFile, at offset: Int, _ bytes: UnsafeMutableRawBufferPointer
  ) throws -> (count: Int, checksum: UInt32) {
    var (done, checksum) = (0, UInt32(0))
    while done < bytes.count {
      let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[done..<min(done + chunk, bytes.count)])
      let count = try file.read(into: piece, at: offset + done)
      checksum = CRC32.checksum(UnsafeRawBufferPointer(rebasing: piece[..<count]), continuing: checksum)
      done += count
      if count < piece.count { break }
    }
    return (done, checksum)
  }
}
