import LatheCore
import LatheFiles

extension WordVectors {
  /// The forms of word2vec's files.
  public enum Format: String, Sendable, CaseIterable {
    /// A line with both counts, then a line for each word.
    case text
    /// The same line, then each word and its vector's bytes.
    case binary
  }

  /// Writes a file of word2vec, in one piece: who reads it sees the old one or the whole new one.
  ///
  /// - Throws: `LatheError` where a word has white space or is empty, which the format cannot hold, or the file cannot be written.
  public func write(to path: String, format: Format = .text) throws {
    for word in words where word.isEmpty || word.utf8.contains(where: { $0 == 0x20 || 9...13 ~= $0 }) {
      throw LatheError(
        .invalidArgument,
        "\(path): the word '\(word)' is empty or has white space, which files of word2vec cannot hold")
    }
    try AtomicFile.write(to: path) { writer in
      var bytes = Array("\(words.count) \(width)\n".utf8)
      func flush() throws {
        try bytes.withUnsafeBytes { try writer.append($0) }
        bytes.removeAll(keepingCapacity: true)
      }
      for (number, word) in words.enumerated() {
        bytes += word.utf8
        let row = values[number * width..<(number + 1) * width]
        switch format {
        case .text:
          for value in row {
            bytes.append(0x20)
            bytes += "\(value)".utf8
          }
          bytes.append(0x0A)
        case .binary:
          bytes.append(0x20)
          for value in row { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 } }
          bytes.append(0x0A)
        }
        if bytes.count > 1 << 20 { try flush() }
      }
      try flush()
    }
  }
}
