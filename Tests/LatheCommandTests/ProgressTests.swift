import DataTestSupport
import Foundation
import LatheCommand
import Testing

extension CommandTests {
  @Suite("Progress of a run")
  struct ProgressTests {
    private static let line = ProgressLine(
      step: 50, steps: 200, secondsLeft: 75, loss: 0.51234, accuracy: 0.875, samplesPerSecond: 1234.9)

    @Test("The bar says where the epoch is and when it ends")
    func text() {
      var line = Self.line
      #expect(
        line.text(width: 120)
          == " 50/200 [=======>......................] ETA 1m15s - loss: 0.5123 - accuracy: 0.8750 - 1234 samples/s"
      )
      line.step = 0
      #expect(line.text(width: 120).hasPrefix("  0/200 [>.............................] "))
      line.step = 199
      #expect(line.text(width: 120).hasPrefix("199/200 [=============================>] "))
      line.step = 200
      line.secondsLeft = 0
      #expect(line.text(width: 120).hasPrefix("200/200 [==============================] ETA 0s - "))
    }

    @Test("No line fills a terminal's last column, at any width; a bar too short is left out")
    func width() throws {
      var line = Self.line
      for step in [0, 1, 99, 199, 200] {
        line.step = step
        let widest = line.text(width: 1000)
        let (start, end) = try (#require(widest.firstIndex(of: "[")), #require(widest.firstIndex(of: "]")))
        let figures = widest[..<start] + widest[end...].dropFirst(2)
        var lengths: Set<Int> = []
        for width in 0...140 {
          let text = line.text(width: width)
          #expect(text.count < max(width, 1))
          guard let start = text.firstIndex(of: "["), let end = text.firstIndex(of: "]") else {
            #expect(text == figures.prefix(max(width - 1, 0)))
            continue
          }
          #expect(text[..<start] + text[end...].dropFirst(2) == figures)
          lengths.insert(text.distance(from: start, to: end) - 1)
        }
        #expect(lengths == Set(5...30))
      }
    }

    @Test(
      "Times are short",
      arguments: [
        (0.4, "0s"), (59.4, "59s"), (59.6, "1m0s"), (61, "1m1s"), (3599.6, "1h0m"), (7325, "2h2m"),
        (-1, "0s"), (.nan, "0s"), (.infinity, "0s"), (1e300, "27777h46m"),
      ])
    func duration(_ seconds: Double, _ text: String) { #expect(ProgressLine.duration(seconds) == text) }

    @Test("At most twenty drawings a second, and the last step's always")
    func rate() {
      var bar = ProgressBar()
      let start = ContinuousClock.now
      // A step a millisecond.
      let drawn = (0..<1000).filter { bar.isDue(step: $0, of: 1000, at: start + .milliseconds($0)) }
      #expect(drawn == Array(stride(from: 0, to: 1000, by: 50)))
      let later = [(1000, 951), (1, 1000), (2, 1001)].map { step, time in
        bar.isDue(step: step, of: 1000, at: start + .milliseconds(time))
      }
      #expect(later == [true, false, true])
    }

    private func arguments(_ folder: TemporaryFolder, _ more: String...) -> [String] {
      ["train", "lenet", "--data-dir", folder.path, "--device", "cpu", "--epochs", "2"]
        + more
    }

    private func data() throws -> TemporaryFolder {
      let folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 320, test: 100)
      return folder
    }

    @Test("A terminal shows bars that give way to results, and no row wraps", arguments: [50, 80, 150])
    func terminal(_ columns: Int) throws {
      let folder = try data()
      let run = try PseudoTerminal.run(
        arguments(folder, "--batch-size", "32"), in: folder.path, columns: columns)
      #expect(run.status == 0, "\(run.written)")
      let drawings = run.written.components(separatedBy: "\r").filter { $0.hasSuffix("\u{1B}[K") }
      let bars = drawings.filter { $0.hasPrefix("10/10 ") }
      #expect(bars.count == 2, "\(drawings)")
      #expect(bars.allSatisfy { $0.count - 3 < columns })
      #expect(bars.allSatisfy { $0.contains("[==") == (columns >= 80) })
      // Results stand where the bars were, over several rows where they are longer than one.
      let text = run.rows.joined(separator: "\n")
      let joined = run.rows.joined()
      for epoch in 1...2 { #expect(run.rows.contains("Epoch \(epoch)/2"), "\(text)") }
      #expect(joined.components(separatedBy: " - test accuracy: ").count == 3, "\(text)")
      #expect(!text.contains("10/10") && !text.contains("ETA") && !text.contains("epoch 1/2: "), "\(text)")
      #expect(run.rows.contains { $0.hasPrefix("model stored in ") })
      #expect(run.rows.last == "")
    }

    @Test("Results go to standard output as lines where that is no terminal, and nothing is drawn")
    func redirected() throws {
      let folder = try data()
      let output = URL(fileURLWithPath: folder.file("results"))
      let run = try PseudoTerminal.run(
        arguments(folder, "--batch-size", "32"), in: folder.path, columns: 80, output: output)
      #expect(run.status == 0)
      let lines = try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 2 && lines[0].hasPrefix("epoch 1/2: loss ") && lines[1].hasPrefix("epoch 2/2: "))
      #expect(!run.written.contains("\u{1B}") && run.written.contains("model stored in "))
    }

    @Test("Nothing is drawn where programs watch", arguments: [["CI": "true"], ["TERM": "dumb"]])
    func unwatched(_ environment: [String: String]) throws {
      let folder = try data()
      let run = try PseudoTerminal.run(
        arguments(folder, "--batch-size", "32"), in: folder.path, columns: 80, environment: environment)
      #expect(run.status == 0 && !run.written.contains("\u{1B}"))
      #expect(run.rows.joined().contains("epoch 2/2: loss "))
    }

    @Test("A failure stands on a line of its own, below the bar")
    func failure() throws {
      let folder = try data()
      let run = try PseudoTerminal.run(
        arguments(folder, "--batch-size", "1", "--output", "out"), in: folder.path, columns: 400
      ) { written in
        // A file where the run's folder was: the epoch's checkpoint cannot be written.
        guard written.contains("/320 ["), !folder.names.contains("moved") else { return }
        try FileManager.default.moveItem(atPath: folder.file("out"), toPath: folder.file("moved"))
        try folder.write([], "out")
      }
      #expect(run.status == 1)
      #expect(run.rows.contains { $0.hasPrefix("lathe: error: ") }, "\(run.rows)")
      #expect(run.rows.contains { $0.contains("/320 [") }, "\(run.rows)")
    }
  }
}
