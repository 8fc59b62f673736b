import Foundation
import Testing

/// Programs of `examples/` on the training library, which check themselves.
@Suite("Examples")
struct ProgramTests {
  @Test(arguments: [("LoRA", "base unchanged: true"), ("NamedInputs", "test accuracy")])
  func endsWell(_ name: String, _ line: String) throws {
    let test = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let process = Process()
    process.executableURL = test.deletingLastPathComponent().appendingPathComponent(name)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    #expect(text.contains(line), "\(text)")
  }
}
