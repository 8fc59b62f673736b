import CChecksum
import LatheCore

/// A digest by which content is recognised wherever it comes from.
package struct SHA256 {
  private var sum = lathe_sha256()

  /// - Parameter isPlain: For tests: the loop that every processor can run.
  package init(isPlain: Bool = false) {
    lathe_sha256_begin(&sum)
    sum.only_plain = isPlain ? 1 : 0
  }

  /// Adds bytes.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    lathe_sha256_add(&sum, start, bytes.count)
  }

  /// The digest of all that was added, in 64 hexadecimal digits.
  package consuming func digits() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    lathe_sha256_end(&sum, &digest)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The digest of a file's content, its bytes given to a function on the way.
  ///
  /// - Throws: `LatheError.file`, and what `body` throws.
  package static func of(
    _ file: RegularFile, _ body: (UnsafeRawBufferPointer) throws -> Void = { _ in }
  ) throws -> String {
    var sum = SHA256()
    var offset = 0
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { chunk.deallocate() }
    while true {
      let count = try file.read(into: chunk, at: offset)
      if count == 0 { return sum.digits() }
      let bytes = UnsafeRawBufferPointer(rebasing: chunk[..<count])
      sum.add(bytes)
      try body(bytes)
      offset += count
    }
  }
}
