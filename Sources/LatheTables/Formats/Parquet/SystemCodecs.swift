import Foundation
import LatheCore

/// Snappy and Zstandard of the system: opened when a file needs them first.
enum SystemCodecs {
  private typealias ZstdDecompress =
    @convention(c) (
      UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int
    ) -> Int
  private typealias ZstdCompress =
    @convention(c) (
      UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int, Int32
    ) -> Int
  private typealias ZstdSize = @convention(c) (Int) -> Int
  private typealias ZstdIsError = @convention(c) (Int) -> UInt32
  private typealias SnappyRun =
    @convention(c) (
      UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>
    ) -> Int32
  private typealias SnappySize = @convention(c) (Int) -> Int

  private struct Zstd {
    let decompress: ZstdDecompress
    let compress: ZstdCompress
    let bound: ZstdSize
    let isError: ZstdIsError
  }

  private struct Snappy {
    let decompress: SnappyRun
    let compress: SnappyRun
    let bound: SnappySize
  }

  private static let zstd: Zstd? = {
    guard let library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL),
      let decompress = dlsym(library, "ZSTD_decompress"), let compress = dlsym(library, "ZSTD_compress"),
      let bound = dlsym(library, "ZSTD_compressBound"), let isError = dlsym(library, "ZSTD_isError")
    else { return nil }
    return Zstd(
      decompress: unsafeBitCast(decompress, to: ZstdDecompress.self),
      compress: unsafeBitCast(compress, to: ZstdCompress.self),
      bound: unsafeBitCast(bound, to: ZstdSize.self),
      isError: unsafeBitCast(isError, to: ZstdIsError.self))
  }()

  private static let snappy: Snappy? = {
    guard let library = dlopen("libsnappy.so.1", RTLD_NOW | RTLD_LOCAL),
      let decompress = dlsym(library, "snappy_uncompress"), let compress = dlsym(library, "snappy_compress"),
      let bound = dlsym(library, "snappy_max_compressed_length")
    else { return nil }
    return Snappy(
      decompress: unsafeBitCast(decompress, to: SnappyRun.self),
      compress: unsafeBitCast(compress, to: SnappyRun.self), bound: unsafeBitCast(bound, to: SnappySize.self))
  }()

  private static func absent(_ path: String, _ what: String, _ library: String, _ package: String)
    -> LatheError
  {
    LatheError(
      .unsupported,
      "\(path): \(what) needs the system's \(library), which is not there; install the package \(package)")
  }

  /// Makes sure that the library for a codec is there.
  ///
  /// - Throws: `LatheError.unsupported` naming the package that has it.
  static func check(_ codec: ParquetMetadata.Codec, _ path: String) throws {
    if codec == .zstd && zstd == nil { throw absent(path, "zstd", "libzstd.so.1", "libzstd1") }
    if codec == .snappy && snappy == nil { throw absent(path, "snappy", "libsnappy.so.1", "libsnappy1v5") }
  }

  /// Decompresses what must fill the room exactly.
  ///
  /// - Returns: Whether it did.
  static func zstd(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    guard let zstd else { return false }
    let count = zstd.decompress(output.baseAddress, output.count, input.baseAddress, input.count)
    return zstd.isError(count) == 0 && count == output.count
  }

  /// Decompresses what must fill the room exactly.
  ///
  /// - Returns: Whether it did.
  static func snappy(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    guard let snappy else { return false }
    var count = output.count
    return snappy.decompress(input.baseAddress, input.count, output.baseAddress, &count) == 0
      && count == output.count
  }

  /// The bytes compressed; nil where the library refuses.
  static func compressed(_ bytes: [UInt8], _ codec: ParquetMetadata.Codec) -> [UInt8]? {
    switch codec {
    case .zstd:
      guard let zstd else { return nil }
      var failed = false
      let result = [UInt8](unsafeUninitializedCapacity: zstd.bound(bytes.count)) { room, count in
        let size = bytes.withUnsafeBytes {
          zstd.compress(room.baseAddress, room.count, $0.baseAddress, $0.count, 3)
        }
        failed = zstd.isError(size) != 0
        count = failed ? 0 : size
      }
      return failed ? nil : result
    case .snappy:
      guard let snappy else { return nil }
      var failed = false
      let result = [UInt8](unsafeUninitializedCapacity: snappy.bound(bytes.count)) { room, count in
        count = room.count
        failed = bytes.withUnsafeBytes {
          snappy.compress($0.baseAddress, $0.count, room.baseAddress, &count) != 0
        }
        if failed { count = 0 }
      }
      return failed ? nil : result
    default: return bytes
    }
  }
}
