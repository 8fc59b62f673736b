#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A number as C's printf writes it, for example with `%.3f`; short enough for one line.
///
/// Foundation's `String(format:)` would do, but takes its tables of languages into every program that is linked
/// statically: 44 MB.
package func formatted(_ value: Double, _ format: String) -> String {
  var bytes = [CChar](repeating: 0, count: 512)
  _ = withVaList([value]) { vsnprintf(&bytes, bytes.count, format, $0) }
  return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Writes text to a file descriptor as a whole; false where that fails.
package func writeText(_ text: String, to descriptor: Int32) -> Bool {
  var bytes = ArraySlice(text.utf8)
  while !bytes.isEmpty {
    let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count < 0 && errno == EINTR { continue }
    if count <= 0 { return false }
    bytes = bytes.dropFirst(count)
  }
  return true
}

/// Writes a line to standard error; nothing can be done where that fails.
package func writeToStandardError(_ line: String) { _ = writeText(line + "\n", to: STDERR_FILENO) }

/// A number with its noun: "1 epoch", "2 epochs".
///
/// - Parameter noun: The plural, by a closing s.
package func counted(_ count: Int, _ noun: String) -> String {
  count == 1 && noun.hasSuffix("s") ? "1 \(noun.dropLast())" : "\(count) \(noun)"
}
