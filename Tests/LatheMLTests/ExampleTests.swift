import Foundation
import Testing

/// Programs of `examples/` that check themselves.
@Suite("Examples")
struct ExampleTests {
  /// Each program's name, and what it prints where all is well.
  @Test(arguments: [
    ("CustomOperation", "cpu: loss"),
    ("LoRA", "base unchanged: true"),
    ("NamedInputs", "test accuracy"),
    ("OwnOptimizer", "OwnOptimizer: 20 steps"),
    ("GAN", "GAN: "),
    ("Distillation", "Distillation: teacher"),
  ])
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
