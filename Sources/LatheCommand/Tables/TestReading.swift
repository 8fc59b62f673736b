import Foundation
import LatheML

/// Which rows a run was tested on, kept in its folder, so that another run beside it can say that it tests on the same ones again.
struct TestReading: Codable {
  static let fileName = "test-reading.json"

  /// A digest of the file and of how its test part is chosen.
  var part: String
  /// How many rows it has.
  var rows: Int
  /// How often they were read by runs in this folder.
  var reads: Int
  /// When they were read last, in seconds since 1970.
  var last: Int

  /// Notes in a run's folder that it reads a test part.
  ///
  /// - Parameters:
  ///   - file: The file that the part is taken from, or that is it.
  ///   - settings: What the choice of rows depends on.
  ///   - folder: The run's folder; those beside it are asked, too.
  /// - Returns: How often it has been read, this time included, and a sentence for a person where that is more than once.
  static func note(file: String, settings: [String], rows: Int, in folder: String) throws -> (
    reads: Int, warning: String?
  ) {
    var digest = SHA256()
    let name = try ([SHA256.of(RegularFile(file))] + settings + ["\(rows)"]).joined(separator: "\n")
    Array(name.utf8).withUnsafeBytes { digest.add($0) }
    let part = digest.digits()
    let url = URL(fileURLWithPath: folder)
    let beside = url.resolvingSymlinksInPath().deletingLastPathComponent()
    let own = read(folder).flatMap { $0.part == part ? $0.reads : nil } ?? 0
    let mark = TestReading(part: part, rows: rows, reads: own + 1, last: Int(Date().timeIntervalSince1970))
    // Written before the others are asked: of two runs at the same time one sees the other at least.
    try AtomicFile.write(JSONText.of(mark, isPretty: true) + "\n", to: "\(folder)/\(fileName)")
    var earlier: [(folder: String, reads: Int)] = own > 0 ? [(url.lastPathComponent, own)] : []
    for name in ((try? FileManager.default.contentsOfDirectory(atPath: beside.path)) ?? []).sorted()
    where name != url.resolvingSymlinksInPath().lastPathComponent {
      if let other = read(beside.appendingPathComponent(name).path), other.part == part {
        earlier.append((name, other.reads))
      }
    }
    let reads = earlier.reduce(1) { $0 + $1.reads }
    guard reads > 1 else { return (1, nil) }
    let names = earlier.prefix(3).map(\.folder).joined(separator: ", ") + (earlier.count > 3 ? ", ..." : "")
    return (
      reads,
      "the test part is read for the \(ordinal(reads)) time, before by \(names): what is chosen by its scores looks better than it "
        + "is; compare models by rows that are not of the test (`lathe train --folds`), and test once"
    )
  }

  private static func read(_ folder: String) -> TestReading? {
    guard let file = try? RegularFile("\(folder)/\(fileName)"), file.size < 1 << 16,
      let bytes = try? file.read(file.size, at: 0)
    else { return nil }
    return try? JSONDecoder().decode(TestReading.self, from: Data(bytes))
  }

  private static func ordinal(_ number: Int) -> String {
    switch (number % 10, number % 100) {
    case (_, 11...13): "\(number)th"
    case (1, _): "\(number)st"
    case (2, _): "\(number)nd"
    case (3, _): "\(number)rd"
    default: "\(number)th"
    }
  }
}
