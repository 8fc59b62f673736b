import LatheCore

/// Lines of a UTF-8 text, gzipped or not, read one after the other without their ends (LF or CR LF).
public final class TextLineReader: RecordReader {
  /// The number of the line read last, counted from 1.
  public private(set) var line = 0
  private let bytes: BufferedBytes
  private let limit: Int
  private let isEmptyAllowed: Bool

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - limit: A line of more bytes than this is an error, so that a wrong file does not fill the memory.
  ///   - allowsEmpty: Whether a file without a line, such as an empty part of a divided data set, is no error.
  /// - Throws: `LatheError.file`.
  public init(path: String, limit: Int = 1 << 24, allowsEmpty: Bool = false) throws {
    bytes = try BufferedBytes(path)
    self.limit = limit
    isEmptyAllowed = allowsEmpty
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

  /// Whether the line read last had an end, as all but the last one of a file have.
  package private(set) var hasEnd = false

  /// The next line's bytes, whatever they are.
  private func nextBytes() throws -> [UInt8]? {
    var content: [UInt8] = []
    var isThere = false
    hasEnd = false
    while !hasEnd,
      let found = try bytes.withNext({ next -> (Bool, used: Int) in
        let end = next.firstIndex(of: 0x0A)
        content += next[..<(end ?? next.count)]
        return (end != nil, used: end.map { $0 + 1 } ?? next.count)
      })
    {
      isThere = true
      hasEnd = found
      guard content.count <= limit else {
        throw LatheError(
          .format, "\(bytes.path): line \(line + 1): more than \(limit) bytes; is this a file of lines?")
      }
    }
    guard isThere else {
      guard line > 0 || isEmptyAllowed else { throw LatheError(.format, "\(bytes.path): an empty file") }
      return nil
    }
    if line == 0, content.starts(with: [0xEF, 0xBB, 0xBF]) { content.removeFirst(3) }
    if content.last == 0x0D { content.removeLast() }
    line += 1
    return content
  }
}
