import Foundation
import LatheML
import Testing

import LatheBenchmarks

/// Results made up for tests.
enum Samples {
  static let head = RunHead(
    host: "a", date: "2026-01-01T00:00:00Z", version: "1", commit: "abc", processor: "CPU <fast> & \"small\"",
    cores: 2, simd: "avx2", blas: "none", warnings: ["slow"],
    devices: [
      .init(
        index: "cpu", name: "CPU", driver: "Lathe", profile: "",
        roofs: Roofs(
          copyBytesPerSecond: 1e10, operationsPerSecond: 1e11, launchSeconds: 1e-6, roundTripSeconds: 2e-6)),
      .init(index: "opencl:0", name: "GPU", driver: "1.2", profile: "gpu", roofs: nil),
    ])

  static func row(_ shape: String, seconds: Double, device: String = "cpu") -> Row {
    Row(
      suite: "gemm", operation: "matmul", shape: shape, dtype: "float32", device: device, profile: "",
      work: .arithmetic(1e6, bytes: 3e4),
      outcome: .measured(
        Row.Figures(
          median: seconds, p10: seconds * 0.9, p90: seconds * 1.1, processorTime: seconds * 2, samples: 7,
          runs: 3, relativeError: 1e-7, roof: RoofShare(roof: .compute, share: 0.5),
          counters: ["launches": 3])))
  }

  static let failed = Row(
    suite: "conv", operation: "conv2d-forward", shape: "1x1", dtype: "float32", device: "opencl:0",
    profile: "gpu", work: .time, outcome: .failed("wrong result"))
}

@Suite("Result files")
struct ResultFileTests {
  let file = ResultFile(
    head: Samples.head, rows: [Samples.row("64x64x64", seconds: 0.25), Samples.failed])

  @Test("What is written is read again")
  func roundTrip() throws {
    let again = try ResultFile(data: Data(try file.json().utf8), source: "test")
    #expect(again.head == file.head)
    #expect(again.rows[1] == file.rows[1])
    let (a, b) = (try #require(again.rows[0].figures), try #require(file.rows[0].figures))
    #expect(abs(a.median - b.median) < 1e-12 && abs(a.p90 - b.p90) < 1e-12)
    #expect(a.counters == b.counters && a.roof == b.roof && a.runs == b.runs && a.samples == b.samples)
    #expect(again.rows[0].work == file.rows[0].work)
  }

  @Test("The layout is Google Benchmark's")
  func layout() throws {
    let object = try JSONSerialization.jsonObject(with: Data(try file.json().utf8)) as? [String: Any]
    let context = try #require(object?["context"] as? [String: Any])
    for key in ["date", "host_name", "num_cpus", "library_build_type"] { #expect(context[key] != nil) }
    let entries = try #require(object?["benchmarks"] as? [[String: Any]])
    #expect(entries.count == 2)
    #expect(entries[0]["name"] as? String == "gemm/matmul/64x64x64/float32/cpu")
    #expect(entries[0]["real_time"] as? Double == 2.5e8)
    #expect(entries[0]["time_unit"] as? String == "ns")
    #expect(entries[0]["iterations"] as? Int == 21)
    #expect(entries[0]["items_per_second"] as? Double == 4e6)
    #expect(entries[1]["error_occurred"] as? Bool == true)
    #expect(entries[1]["error_message"] as? String == "wrong result")
  }

  @Test("Files of other kinds are named as such")
  func otherFiles() throws {
    func message(_ text: String) -> String {
      do {
        _ = try ResultFile(data: Data(text.utf8), source: "x.json")
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("nonsense").contains("x.json: not a file that `lathe bench --json` writes"))
    #expect(message("{\"context\": {}}").contains("of another program"))
    #expect(message("{\"context\": {\"lathe_schema\": 99}}").contains("schema 99"))
    #expect(message("{\"context\": {\"lathe_schema\": 1}, \"benchmarks\": []}").contains("no context."))
    #expect(throws: LatheError.self) { try ResultFile(path: "/nonexistent/x.json") }
  }

  @Test(
    "Figures that no measurement gives are refused",
    arguments: [
      ("\"real_time\" : 250000000", ["0", "-1", "1e300", "\"inf\"", "\"nan\"", "1e400"]),
      ("\"copy_bytes_per_second\" : 10000000000", ["0", "-1", "1e300", "\"inf\""]),
      ("\"launch_seconds\" : 1e-06", ["0", "1e300", "\"nan\""]),
      ("\"flops\" : 1000000", ["-1", "1e300", "\"inf\""]),
      ("\"bytes\" : 30000", ["-1", "1e300"]), ("\"p90\" : 275000000", ["0", "1e300"]),
    ])
  func impossible(_ figure: String, _ values: [String]) throws {
    let text = try file.json()
    try #require(text.contains(figure), "\(figure) is not in \(text)")
    for value in values {
      let changed = text.replacingOccurrences(of: figure, with: figure.prefix { $0 != ":" } + ": " + value)
      let error = #expect(throws: LatheError.self) {
        try ResultFile(data: Data(changed.utf8), source: "x.json")
      }
      #expect(error?.message.hasPrefix("x.json: ") == true && error?.message.contains("\n") == false)
    }
  }

  @Test("JSON has no infinity, and no depth that a decoder breaks on")
  func finite() throws {
    var row = Samples.row("1", seconds: 1)
    row.outcome = .measured(
      Row.Figures(
        median: 1, p10: 1, p90: 1, processorTime: 1, samples: 2, runs: 1, relativeError: 0,
        roof: RoofShare(roof: .memory, share: .infinity), counters: ["launches": 3, "peak bytes": .nan],
        times: [1, 1.5]))
    let text = try ResultFile(head: Samples.head, rows: [row]).json()
    #expect(!text.contains("inf") && !text.contains("nan"))
    let again = try #require(try ResultFile(data: Data(text.utf8), source: "x").rows[0].figures)
    #expect(again.counters == ["launches": 3] && again.times == [1, 1.5])
    #expect(throws: LatheError.self) {
      try ResultFile(data: Data(String(repeating: "[", count: 513).utf8), source: "x.json")
    }
  }

  @Test("The ends of what can be measured can be plotted", arguments: [2e-18, 5e8])
  func ends(_ seconds: Double) throws {
    var rows = [Samples.row("1", seconds: seconds), Samples.row("2", seconds: 1)]
    rows[0].work = .arithmetic(1e30, bytes: 1e-30)
    rows[1].work = .arithmetic(1e-30, bytes: 1e30)
    let again = try ResultFile(
      data: Data(try ResultFile(head: Samples.head, rows: rows).json().utf8), source: "x")
    #expect(HTMLReport(again).html.contains("</svg>"))
    #expect(MarkdownReport(again).text.contains("| gemm/matmul | 1 | float32 | cpu | "))
  }
}
