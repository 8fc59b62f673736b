import Lathe

/// Lines of a UTF-8 text, gzipped or not, read one after the other without their ends (LF or CR LF).
public final class TextLineReader: RecordReader {
  /// The number of the line read last, counted from 1.
  public private(set) var line = 0
  private let bytes: BufferedBytes
  private let limit: Int

  /// Opens a file.
  ///
  /// - Parameter limit: A line of more bytes than this is an error, so that a wrong file does not fill the memory.
  /// - Throws: `LatheError.file`.
  public init(path: String, limit: Int = 1 << 24) throws {
    bytes = try BufferedBytes(path)
    self.limit = limit
  }

  /// The next line; nil behind the last.
  ///
  /// - Throws: `LatheError` naming file and line: not UTF-8, too long, or damaged compressed data.
  public func next() throws -> String? {
    guard let content = try nextBytes() else { return nil }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw LatheError(
        .format, "\(bytes.path): line \(line): not UTF-8 text; convert it, for example by iconv -t UTF-8")
    }
    return text
  }

  /// The next line's bytes, whatever they are.
  func nextBytes() throws -> [UInt8]? {
    var content: [UInt8]?
    var isWhole = false
    while !isWhole,
      let part = try bytes.withNext({ next -> (([UInt8], Bool), used: Int) in
        let end = next.firstIndex(of: 0x0A)
        return ((Array(next[..<(end ?? next.count)]), end != nil), used: end.map { $0 + 1 } ?? next.count)
      })
    {
      content = (content ?? []) + part.0
      isWhole = part.1
      guard (content?.count ?? 0) <= limit else {
        throw LatheError(
          .format, "\(bytes.path): line \(line + 1): more than \(limit) bytes; is this a file of lines?")
      }
    }
    guard var content else { return nil }
    if line == 0, content.starts(with: [0xEF, 0xBB, 0xBF]) { content.removeFirst(3) }
    if content.last == 0x0D { content.removeLast() }
    line += 1
    return content
  }
}
