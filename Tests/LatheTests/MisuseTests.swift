import Foundation
import TestSupport
import Testing

extension AllTests {
  /// What the compiler says of programs that are written wrongly.
  @Suite("Programs that do not compile")
  struct Misuse {
    private static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()

    /// The compiler's errors, each line's by itself; nil where it is not there.
    private func errors(_ program: String) throws -> [String]? {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "lathe-test-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let source = folder.appendingPathComponent("main.swift")
      try program.write(to: source, atomically: true, encoding: .utf8)
      let builds = try FileManager.default.contentsOfDirectory(atPath: Self.products.path).filter {
        $0.hasSuffix(".build")
      }
      let maps = builds.map { Self.products.appendingPathComponent("\($0)/module.modulemap").path }
        .filter { FileManager.default.fileExists(atPath: $0) }
      let compiler = Process()
      compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      compiler.arguments =
        [
          "swiftc", "-typecheck", "-swift-version", "6", "-I",
          Self.products.appendingPathComponent("Modules").path,
        ]
        + maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] } + [source.path]
      let output = Pipe()
      compiler.standardError = output
      guard (try? compiler.run()) != nil else { return nil }
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      compiler.waitUntilExit()
      if compiler.terminationStatus == 127 { return nil }
      return text.split(separator: "\n").filter { $0.hasPrefix(source.path) && $0.contains(": error: ") }.map
      { line in
        String(line.dropFirst(source.path.count + 1))
      }
    }

    @Test func comparisonsNameTheOperatorToWrite() throws {
      let found = try errors(
        """
        import Lathe
        let a = Tensor([[1, 2], [3, 4]]), b = Tensor([1.5, 2])
        if a == b { print(1) }
        let mask = a > b
        let count = (a >= 0).sum()
        if a < 0 { print(2) }
        let different = a != b
        let none: Tensor? = nil
        if none == nil { print(3) }
        print(!a)
        """)
      guard let found else { return }
      let expected = [(3, ".=="), (4, ".>"), (5, ".>="), (6, ".<"), (7, ".!="), (10, ".!")]
      #expect(found.count == expected.count, "\(found)")
      for (line, name) in expected {
        #expect(
          found.contains { $0.hasPrefix("\(line):") && $0.contains(" element by element with \(name)") },
          "\(found)")
      }
    }
  }
}
