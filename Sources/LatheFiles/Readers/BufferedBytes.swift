import Foundation
import LatheCore

/// A file's bytes from front to back, gunzipped where they are compressed, taken by stretches.
final class BufferedBytes {
  /// The file's path, for messages.
  let path: String
  private let stream: ByteStream
  private var buffer: ArraySlice<UInt8> = []
  private var isAtEnd = false

  /// Opens a file.
  ///
  /// - Throws: `LatheError.file`.
  init(_ path: String) throws {
    self.path = path
    stream = try ByteStream(path)
  }

  /// Where the next byte stands, counted after decompression.
  var offset: Int { stream.offset - buffer.count }

  /// Calls a function with bytes that follow, at least one; it returns how many it has used up.
  ///
  /// - Returns: nil behind the last byte.
  func withNext<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> (Result, used: Int)) throws -> Result?
  {
    guard try fill() else { return nil }
    let (result, used) = try buffer.withUnsafeBufferPointer { try body($0) }
    buffer = buffer.dropFirst(used)
    return result
  }

  /// The next `count` bytes, or fewer where the file ends.
  func read(_ count: Int) throws -> [UInt8] {
    var result: [UInt8] = []
    while result.count < count, try fill() {
      let part = buffer.prefix(count - result.count)
      result += part
      buffer = buffer.dropFirst(part.count)
    }
    return result
  }

  private func fill() throws -> Bool {
    if !buffer.isEmpty { return true }
    if isAtEnd { return false }
    buffer = try stream.read(1 << 18)[...]
    isAtEnd = buffer.isEmpty
    return !isAtEnd
  }
}
