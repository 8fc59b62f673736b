import Foundation
import LatheCore

/// A recorded trace as a file for Chrome's and Perfetto's viewers, and as a table of the longest kernels.
struct TraceReport {
  private let spans: [Trace.Span]
  private let dropped: Int

  /// Ends the recording and takes what it holds.
  init() {
    (spans, dropped) = Trace.stop()
  }

  init(spans: [Trace.Span]) {
    self.spans = spans
    dropped = 0
  }

  /// The file's text in the Trace Event Format: complete events, times in microseconds from the first one on.
  func json() throws -> String {
    let lanes = lanes
    let origin = spans.map(\.start).min() ?? 0
    let names = lanes.enumerated().map { index, lane in
      Event(name: "thread_name", ph: "M", tid: index, args: ["name": .text(lane)])
    }
    let events = spans.map { span -> Event in
      var args: [String: Event.Value] = [:]
      if let work = span.work {
        args = ["operations": .number(work.operations), "bytes": .number(work.bytes)]
      }
      return Event(
        name: span.name, cat: span.isHost ? "host" : "kernel", ph: "X",
        ts: Double(span.start - origin) / 1000, dur: Double(span.end - span.start) / 1000,
        tid: lanes.firstIndex(of: span.lane) ?? 0, args: args)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let file = File(traceEvents: names + events)
    return String(decoding: try encoder.encode(file), as: UTF8.self) + "\n"
  }

  /// The ten kernels that took longest together, as lines of a table.
  var lines: [String] {
    let kernels = kernels
    let total = kernels.reduce(0) { $0 + $1.seconds }
    guard total > 0 else { return ["no kernel ran"] }
    let shown = kernels.prefix(10)
    let width = max(6, shown.map(\.name.count).max() ?? 0)
    func cells(_ name: String, _ rest: [String]) -> String {
      Terminal.left(name, width) + rest.map { Terminal.right($0, 10) }.joined()
    }
    func rate(_ work: Double, _ seconds: Double) -> String {
      work > 0 ? Terminal.fixed(work / seconds * 1e-9, 1) : "-"
    }
    var lines = [cells("kernel", ["share %", "time ms", "runs", "GFLOP/s", "GB/s"])]
    for kernel in shown {
      lines.append(
        cells(
          kernel.name,
          [
            Terminal.fixed(100 * kernel.seconds / total, 1), Terminal.fixed(kernel.seconds * 1e3, 2),
            String(kernel.runs), rate(kernel.operations, kernel.seconds),
            rate(kernel.bytes, kernel.seconds),
          ]))
    }
    if dropped > 0 { lines.append("the trace is full: \(dropped) later spans are missing") }
    return lines
  }

  private struct Kernel {
    var name: String
    var seconds = 0.0, operations = 0.0, bytes = 0.0
    var runs = 0
  }

  /// Kernels of one name together, the longest first.
  ///
  /// Where an operation is several kernels, its work counts for the longest of them.
  private var kernels: [Kernel] {
    var longest: [Int: Int] = [:]
    for (index, span) in spans.enumerated() {
      guard let operation = span.operation else { continue }
      if let other = longest[operation], duration(spans[other]) >= duration(span) { continue }
      longest[operation] = index
    }
    var found: [String: Kernel] = [:]
    for (index, span) in spans.enumerated() where !span.isHost {
      var kernel = found[span.name] ?? Kernel(name: span.name)
      kernel.seconds += duration(span)
      kernel.runs += 1
      if let work = span.work, span.operation.flatMap({ longest[$0] }) == index {
        kernel.operations += work.operations
        kernel.bytes += work.bytes
      }
      found[span.name] = kernel
    }
    return found.values.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
  }

  private func duration(_ span: Trace.Span) -> Double { Double(span.end - span.start) * 1e-9 }

  /// The host first, then devices by name.
  private var lanes: [String] {
    let others = Set(spans.map(\.lane)).subtracting(["host"]).sorted()
    return ["host"] + others.filter { $0.hasPrefix("host") } + others.filter { !$0.hasPrefix("host") }
  }

  private struct File: Encodable {
    var traceEvents: [Event]
    var displayTimeUnit = "ms"
  }

  private struct Event: Encodable {
    enum Value: Encodable {
      case text(String)
      case number(Double)

      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        }
      }
    }

    var name: String
    var cat: String?
    var ph: String
    var ts: Double?
    var dur: Double?
    var pid = 0
    var tid: Int
    var args: [String: Value]
  }
}
