import Foundation
import Lathe
import LatheCore

/// Does single samples on request, so that a program outside can take them in turns with those of other libraries.
///
/// A request is a line of JSON: `{"do": "list"}` (with `"all": true` also what no peer has), `{"do": "prepare", "name": ...}`,
/// `{"do": "sample"}` or `{"do": "release"}`; `{"do": "run", "name": ..., "runs": 2}` only runs a workload, waiting after each
/// run, and compares nothing: for drivers that only write down what they are asked to do; where a trace is taken, it answers
/// with the work of each kernel that the last run launched. `{"do": "problems"}` names what `lathe tune` compares candidates on,
/// which `run` takes, too, as `tune/NAME`. The answer is a line, too; `{"error": ...}` where the request cannot be met.
/// The end of the input ends the service.
public final class Worker {
  private let device: Device
  private let workloads: [Workload]
  private var sampler: Sampler?

  /// A service on one device.
  public init(device: Device) {
    self.device = device
    workloads = Suite.allCases.flatMap(Catalog.workloads)
  }

  private struct Request: Decodable {
    var `do`: String
    var name: String?
    var all: Bool?
    var runs: Int?
  }

  private struct Listing: Encodable {
    struct Item: Encodable {
      var entry: GoogleBenchmark.Entry
      var parameters: [String: Int]
    }
    var context: GoogleBenchmark.Context
    var workloads: [Item]
  }

  private struct Prepared: Encodable {
    var relative_error: Double
    var tolerance: Double
    var counters: [String: Double]
  }

  private struct Done: Encodable {
    struct Launch: Encodable {
      /// The kernel and the operation that it was launched for: `gemm: matmul 64x64x64`.
      var name: String
      /// Launches of one operation share its number, and its work.
      var operation: Int?
      var operations: Double?
      var bytes: Double?
    }
    var operations: Double
    var bytes: Double
    var launches: [Launch]
  }

  private struct Sample: Encodable {
    var seconds: Double
    var runs: Int
  }

  /// Answers until the input ends.
  public func serve(readLine: () -> String?, write: (String) -> Void) throws {
    while let line = readLine() {
      do {
        write(try answer(JSONDecoder().decode(Request.self, from: Data(line.utf8))))
      } catch {
        write(try encoded(["error": "\(error)"]))
      }
    }
  }

  private func answer(_ request: Request) throws -> String {
    switch request.do {
    case "list": return try listing(request.all == true ? workloads : workloads.filter(\.hasPeers))
    case "prepare": return try prepare(request.name ?? "")
    case "run": return try run(request.name ?? "", runs: request.runs ?? 1)
    case "problems": return try encoded(["problems": tuning?.tuningProblems ?? []])
    case "sample":
      guard sampler != nil else { throw LatheError(.invalidArgument, "sample: nothing was prepared") }
      try sampler?.wakeUp(seconds: MeasuringBudget.inTurns.sampleSeconds)
      try sampler?.sample()
      return try encoded(Sample(seconds: sampler?.samples.last ?? 0, runs: sampler?.runs ?? 0))
    case "release":
      sampler = nil
      device.emptyCache()
      return try encoded([String: String]())
    default:
      throw LatheError(
        .invalidArgument,
        "unknown request '\(request.do)'; there are list, prepare, sample, release, run, problems")
    }
  }

  private func listing(_ workloads: [Workload]) throws -> String {
    let head = RunHead(devices: [device], roofs: [try Roofs(measuring: device)])
    let items = workloads.enumerated().map { index, workload in
      Listing.Item(
        entry: .init(
          Row(
            suite: workload.suite.rawValue, operation: workload.operation, shape: workload.shape,
            dtype: workload.dtype.description, device: device.name, profile: device.info.kernelProfile,
            work: workload.work, outcome: .failed("not measured")), index: index),
        parameters: workload.parameters)
    }
    return try encoded(Listing(context: .init(head), workloads: items))
  }

  private func prepare(_ name: String) throws -> String {
    sampler = nil
    let workload = try workload(name)
    let trial = try workload.prepare(device)
    let error = try trial.check()
    guard error <= trial.tolerance else {
      throw LatheError(
        .device,
        "wrong result: relative error \(Format.error(error)), allowed \(Format.error(trial.tolerance))")
    }
    var fresh = Sampler(trial, on: device)
    try fresh.warmUp(.inTurns)
    sampler = fresh
    return try encoded(
      Prepared(
        relative_error: error, tolerance: trial.tolerance,
        counters: trial.counters().filter(\.value.isFinite)))
  }

  private var tuning: (any KernelTuning)? { device.backend as? any KernelTuning }

  private func run(_ name: String, runs: Int) throws -> String {
    if let tuning, name.hasPrefix(Estimates.tuning) {
      let problem = try tuning.tuningProblem(String(name.dropFirst(Estimates.tuning.count)))
      let launches = try launches(of: runs) {
        for work in problem {
          try Trace.operation(work.operation, inputs: work.inputs, outputs: work.outputs, device: device) {
            try tuning.run(work.operation, inputs: work.inputs, outputs: work.outputs)
          }
        }
        try device.synchronize()
      }
      return try encoded(Done(operations: 0, bytes: 0, launches: launches))
    }
    let workload = try workload(name)
    let sampler = Sampler(try workload.prepare(device), on: device)
    return try encoded(
      Done(
        operations: workload.work.operations, bytes: workload.work.bytes,
        launches: try launches(of: runs) { try sampler.runOnce() }))
  }

  /// Runs something so many times; where a trace is taken, what the last run launched.
  private func launches(of runs: Int, _ runOnce: () throws -> Void) throws -> [Done.Launch] {
    let isTraced = Trace.isOn
    for _ in 0..<runs {
      if isTraced {
        _ = Trace.stop()
        Trace.start()
      }
      try runOnce()
    }
    guard isTraced else { return [] }
    defer { Trace.start() }
    return Trace.stop().spans.filter { !$0.isHost }.map {
      Done.Launch(
        name: $0.name, operation: $0.operation, operations: $0.work?.operations, bytes: $0.work?.bytes)
    }
  }

  private func workload(_ name: String) throws -> Workload {
    guard let workload = workloads.first(where: { $0.name == name }) else {
      throw LatheError(
        .invalidArgument,
        "unknown workload '\(name)'; there are \(workloads.map(\.name).joined(separator: ", "))")
    }
    return workload
  }

  private func encoded(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
