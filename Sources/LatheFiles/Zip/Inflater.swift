import CZlib
import LatheCore

/// Decompression of gzip or raw deflate data by zlib, a stretch at a time.
package final class Inflater {
  private let state: OpaquePointer

  /// - Parameter source: Where the data comes from, for messages.
  /// - Throws: `LatheError.file` where zlib is not installed.
  package init(isGzip: Bool, source: String) throws {
    guard lathe_zlib_available() != 0 else {
      throw LatheError(
        .file, "\(source): compressed, and libz.so.1 is not installed; install the package zlib1g")
    }
    guard let state = lathe_inflater_make(isGzip ? 1 : 0) else {
      throw LatheError(.outOfMemory, "\(source): no memory to decompress it")
    }
    self.state = state
  }

  deinit { lathe_inflater_free(state) }

  /// What a call did.
  package struct Progress {
    package var taken: Int
    package var made: Int
    /// Whether the compressed data is complete.
    package var isAtEnd: Bool
  }

  /// Decompresses as much as there is input and room for; nil where the data is damaged.
  package func run(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Progress? {
    var (taken, made) = (input.count, output.count)
    let status = Int(lathe_inflater_run(state, input.baseAddress, &taken, output.baseAddress, &made))
    if status == Int(LATHE_INFLATE_DAMAGED.rawValue) { return nil }
    return Progress(taken: taken, made: made, isAtEnd: status == Int(LATHE_INFLATE_END.rawValue))
  }

  /// Begins anew with data that follows.
  package func restart() { lathe_inflater_restart(state) }

  /// What is wrong with the data.
  package var message: String { String(cString: lathe_inflater_message(state)) }
}
