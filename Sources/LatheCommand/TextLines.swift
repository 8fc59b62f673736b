#if CommandLine
  import Foundation
  import LatheCore

  /// Lines of a file or of standard input, as soon as they are there.
  final class TextLines {
    private static let longest = 1 << 28
    private let name: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0
    private var hasEnded = false
    private var number = 0

    /// - Parameter path: The file; nil for standard input.
    /// - Throws: `LatheError.file`.
    init(_ path: String?) throws {
      name = path ?? "standard input"
      descriptor = path.map { open($0, O_RDONLY | O_CLOEXEC) } ?? STDIN_FILENO
      guard descriptor >= 0 else {
        throw LatheError(.file, "\(name): cannot open: \(String(cString: strerror(errno)).lowercased())")
      }
    }

    deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

    /// The next line without its end; nil behind the last.
    ///
    /// - Throws: `LatheError` for what cannot be read or is not UTF-8, with the line.
    func next() throws -> String? {
      var searched = start
      while true {
        if let end = buffer[searched...].firstIndex(of: 10) {
          defer { start = end + 1 }
          return try line(start..<end)
        }
        if hasEnded {
          guard start < buffer.count else { return nil }
          defer { start = buffer.count }
          return try line(start..<buffer.count)
        }
        buffer.removeFirst(start)
        start = 0
        searched = buffer.count
        try fill()
      }
    }

    /// The whole text of a file or of standard input.
    ///
    /// - Parameter path: The file; nil for standard input.
    /// - Throws: `LatheError` for what cannot be read or is not UTF-8.
    static func whole(_ path: String?) throws -> String {
      let lines = try TextLines(path)
      while !lines.hasEnded { try lines.fill() }
      guard let text = String(validating: lines.buffer, as: UTF8.self) else {
        throw LatheError(.format, "\(lines.name): not UTF-8; convert the text first")
      }
      return text
    }

    private func line(_ range: Range<Int>) throws -> String {
      number += 1
      let end = !range.isEmpty && buffer[range.upperBound - 1] == 13 ? range.upperBound - 1 : range.upperBound
      guard let text = String(validating: buffer[range.lowerBound..<end], as: UTF8.self) else {
        throw LatheError(.format, "\(name): line \(number) is not UTF-8; convert the text first")
      }
      return text
    }

    private func fill() throws {
      guard buffer.count < Self.longest else {
        throw LatheError(.format, "\(name): line \(number + 1) has more than \(Self.longest) bytes")
      }
      var part = [UInt8](repeating: 0, count: 1 << 16)
      var count = read(descriptor, &part, part.count)
      while count < 0 && errno == EINTR { count = read(descriptor, &part, part.count) }
      guard count >= 0 else {
        throw LatheError(.file, "\(name): cannot read: \(String(cString: strerror(errno)).lowercased())")
      }
      if count == 0 { hasEnded = true } else { buffer.append(contentsOf: part[..<count]) }
    }
  }
#endif
