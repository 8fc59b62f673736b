import CZlib
import Foundation
import LatheCore

/// Reads a file from front to back, gunzipping it where it starts with gzip's magic number.
///
/// What a file claims about its length is never taken for memory: `read(_:)` grows with the bytes that are there.
final class ByteStream {
  /// The file's path, for messages.
  let path: String
  /// Whether the file is compressed.
  let isCompressed: Bool
  /// Bytes handed out so far, counted after decompression.
  private(set) var offset = 0
  private let descriptor: Int32
  private let gzip: lathe_gzip?

  /// Opens a file.
  ///
  /// - Throws: `LatheError.file`.
  init(_ path: String) throws {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileErrors.failed("open", path) }
    var magic: (UInt8, UInt8) = (0, 0)
    let count = pread(descriptor, &magic, 2, 0)
    guard count >= 0 else {
      let error = FileErrors.failed("read", path)
      close(descriptor)
      throw error
    }
    isCompressed = count == 2 && magic == (0x1F, 0x8B)
    self.descriptor = descriptor
    guard isCompressed else {
      gzip = nil
      return
    }
    guard lathe_zlib_available() != 0 else {
      close(descriptor)
      throw LatheError(
        .file, "\(path): compressed, and libz.so.1 is not installed; install zlib1g or gunzip the file")
    }
    guard let stream = lathe_gzip_open(path) else {
      let error = FileErrors.failed("open", path)
      close(descriptor)
      throw error
    }
    gzip = stream
  }

  deinit {
    if let gzip { _ = lathe_gzip_close(gzip) }
    close(descriptor)
  }

  /// The next bytes: `count` of them, or fewer where the file ends.
  ///
  /// - Throws: `LatheError` for damaged or cut-off compressed data.
  func read(_ count: Int) throws -> [UInt8] {
    let step = 1 << 20
    var result: [UInt8] = []
    // The first reservation is bounded by what deflate can at most make of the file (1032 : 1).
    let possible = (FileErrors.size(of: path) ?? 0).multipliedReportingOverflow(by: isCompressed ? 1032 : 1)
    result.reserveCapacity(min(count, possible.overflow ? count : possible.partialValue, 1 << 28))
    var chunk = [UInt8](repeating: 0, count: min(step, count))
    while result.count < count {
      let part = try readSome(&chunk, min(step, count - result.count))
      if part == 0 { break }
      result.append(contentsOf: chunk[..<part])
      offset += part
    }
    return result
  }

  private func readSome(_ chunk: inout [UInt8], _ count: Int) throws -> Int {
    while true {
      let part = chunk.withUnsafeMutableBytes { buffer in
        gzip.map { Int(lathe_gzip_read($0, buffer.baseAddress, UInt32(count))) }
          ?? pread(descriptor, buffer.baseAddress, count, off_t(offset))
      }
      if let gzip {
        var code: Int32 = 0
        let text = lathe_gzip_error(gzip, &code).map { String(cString: $0) } ?? ""
        // zlib gives what it could still decompress of a cut-off file, and says so only in its error number.
        if part < 0 || (part == 0 && code != 0) {
          let reason = text.isEmpty ? "error \(code)" : text.replacingOccurrences(of: "\(path): ", with: "")
          throw LatheError(
            .format,
            "\(path): damaged gzip data near byte \(lathe_gzip_offset(gzip)) (\(reason)), \(offset) bytes "
              + "decompressed before; fetch the file again")
        }
        return part
      }
      if part < 0 && errno == EINTR { continue }
      guard part >= 0 else { throw FileErrors.failed("read", path) }
      return part
    }
  }
}
