import Foundation
import Testing

/// The Swift examples of a document, each of which must stand in the test file that runs it.
enum GuideExamples {
  /// Compares texts line by line, without indentation and empty lines.
  ///
  /// - Parameters:
  ///   - document: The document's path in the repository.
  ///   - test: The test file's path.
  ///   - count: How many examples there must be.
  static func check(
    _ document: String, in test: String = #filePath, count: Int, location: SourceLocation = #_sourceLocation
  ) throws {
    let tests = URL(fileURLWithPath: test)
    let path = tests.deletingLastPathComponent().appendingPathComponent("../../\(document)")
    let source = lines(try String(contentsOf: tests, encoding: .utf8)).joined(separator: "\n")
    let parts = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "```")
    let blocks = stride(from: 1, to: parts.count, by: 2).map { parts[$0] }.filter { $0.hasPrefix("swift\n") }
    #expect(blocks.count == count, sourceLocation: location)
    for block in blocks {
      let example = lines(block).dropFirst().joined(separator: "\n")
      #expect(source.contains(example), "\(block)", sourceLocation: location)
    }
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }
}
