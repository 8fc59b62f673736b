import Foundation
import LatheNN

/// Measures what the foundation must reach; benchmarks/foundation.sh builds and starts it.
@main
enum FoundationBenchmark {
  static let usage = """
    usage: FoundationBenchmark [--epochs N] [--steps N] [--devices cpu,opencl:0] [--output FILE]

    Runs `lathe train lenet` and a probe of single steps on each device, prints a table and writes JSON.
    """

  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(1)
    }
  }

  private static func run(_ arguments: [String]) throws {
    var options = ["--epochs": "5", "--steps": "100"]
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard ["--epochs", "--steps", "--devices", "--output", "--probe"].contains(name),
        let value = rest.popFirst()
      else {
        print(usage)
        exit(name == "--help" ? 0 : 2)
      }
      options[name] = value
    }
    guard let epochs = options["--epochs"].flatMap(Int.init),
      let steps = options["--steps"].flatMap(Int.init),
      epochs > 0, steps > 1
    else { throw LatheError(.invalidArgument, "--epochs takes a number above 0, --steps one above 1") }
    if let device = options["--probe"] {
      let result = try Probe.run(device: device, steps: steps)
      print(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
      return
    }
    let usable = Device.infos.filter { $0.error == nil }.map(\.index)
    let devices = options["--devices"].map { $0.split(separator: ",").map(String.init) } ?? usable
    let report = try measure(devices: devices, epochs: epochs, steps: steps)
    print(report.table)
    if let path = options["--output"] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(report).write(to: URL(fileURLWithPath: path))
      print("written to \(path)")
    }
  }

  private static func measure(devices: [String], epochs: Int, steps: Int) throws -> Report {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let lathe = own.deletingLastPathComponent().appendingPathComponent("lathe").path
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-benchmark-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    let reference = try probe("cpu", steps: steps, program: own.path, caches: folder.path)
    var reports: [DeviceReport] = []
    for device in devices {
      let caches = folder.appendingPathComponent("caches-\(reports.count)").path
      let cold = try probe(device, steps: steps, program: own.path, caches: caches)
      let warm = try probe(device, steps: steps, program: own.path, caches: caches)
      let output = folder.appendingPathComponent("model-\(reports.count)").path
      let run = try Child.run(
        lathe,
        [
          "train", "lenet", "--data", "fashion-mnist", "--epochs", String(epochs), "--device", device,
          "--json",
          "--output", output,
        ])
      let lines = try run.output.split(separator: "\n").filter { $0.contains("\"test_accuracy\"") }.map {
        try JSONDecoder().decode(EpochLine.self, from: Data($0.utf8))
      }
      guard lines.count == epochs else {
        throw LatheError(.format, "lathe train: \(lines.count) epochs reported, expected \(epochs)")
      }
      reports.append(
        DeviceReport(
          device: device, samplesPerSecond: lines.map(\.samples_per_second),
          testAccuracy: lines.map(\.test_accuracy),
          largestLossDifference: zip(reference.losses, warm.losses).map { abs($0 - $1) }.max() ?? 0,
          launchesPerStep: warm.launchesPerStep, fallbacksPerStep: warm.fallbacksPerStep,
          allocationsPerStep: warm.allocationsPerStep, chainLaunches: warm.chainLaunches,
          coldFirstStepSeconds: cold.firstStepSeconds ?? 0, warmFirstStepSeconds: warm.firstStepSeconds ?? 0,
          peakBytes: run.peakBytes, info: warm.device))
    }
    return Report(
      date: Date().formatted(.iso8601), host: ProcessInfo.processInfo.hostName,
      cores: ProcessInfo.processInfo.activeProcessorCount, epochs: epochs, steps: steps, devices: reports)
  }

  /// A probe in a process of its own, with caches of compiled kernels in a folder.
  private static func probe(
    _ device: String, steps: Int, program: String, caches: String
  ) throws -> ProbeResult {
    let result = try Child.run(
      program, ["--probe", device, "--steps", String(steps)],
      environment: [
        "LATHE_CACHE_DIR": "\(caches)/lathe", "POCL_CACHE_DIR": "\(caches)/pocl",
        Probe.startVariable: String(Date().timeIntervalSince1970),
      ])
    return try JSONDecoder().decode(ProbeResult.self, from: Data(result.output.utf8))
  }
}

/// What is read of the line that `lathe train --json` prints after an epoch.
struct EpochLine: Decodable {
  var samples_per_second: Double
  var test_accuracy: Double
}
