import Foundation
import Lathe
import LatheCore
import LatheML

/// A process of its own that trains LeNet for some steps: how soon it gets there and how much memory it takes.
public struct ProcessProbe: Codable, Sendable {
  /// From the process's start to the end of the first step, its loss read.
  public var firstStepSeconds: Double
  /// The most memory that the process had.
  public var peakBytes: Double
  /// The loss of the first step and of the last ones.
  public var firstLoss: Double, lastLoss: Double

  /// Trains in this process and finds out.
  ///
  /// - Parameter start: When the process was asked for, in seconds since 1970.
  public init(device: Device, start: Double, steps: Int = 200) throws {
    let model = LeNet.model(generator: Generator(seed: 0), device: device)
    let optimizer = Adam(model.parameters, learningRate: 1e-3)
    let images = try FashionMNIST.load(.train)
    var losses: [Double] = []
    firstStepSeconds = 0
    for batch in DataLoader(images, batchSize: 64, shuffled: true, on: device).prefix(steps) {
      let loss = crossEntropy(model(batch.inputs), batch.labels)
      optimizer.step(loss.gradients(of: model.parameters))
      losses.append(Double(try loss.item()))
      if losses.count == 1 { firstStepSeconds = Date().timeIntervalSince1970 - start }
    }
    firstLoss = losses.first ?? .nan
    lastLoss = losses.suffix(20).reduce(0, +) / 20
    peakBytes = try ProcessProbe.peakBytes()
  }

  /// What the process prints for the one that started it.
  public func json() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

  /// Starts such a process and waits for it.
  ///
  /// - Parameter caches: Where compiled kernels are kept; the usual places where nil.
  static func run(device: Device, caches: String? = nil) throws -> ProcessProbe {
    let profile = device.info.kernelProfile
    let arguments =
      ["bench", "--device", device.name, "--probe-start", String(Date().timeIntervalSince1970)]
      + (profile.isEmpty ? [] : ["--profile", profile])
    let variables = caches.map { ["LATHE_CACHE_DIR": "\($0)/lathe", "POCL_CACHE_DIR": "\($0)/pocl"] } ?? [:]
    let process = try ChildProcess.run(command(), arguments, variables: variables)
    guard process.ending == .exited(0) else {
      let message = String(decoding: process.errors, as: UTF8.self)
      throw LatheError(.device, "a process on \(device) ended with \(process.ending): \(message)")
    }
    return try JSONDecoder().decode(ProcessProbe.self, from: Data(process.output))
  }

  /// The `lathe` that this program is or lies beside.
  private static func command() throws -> String {
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let command = program.deletingLastPathComponent().appendingPathComponent("lathe")
    guard FileManager.default.isExecutableFile(atPath: command.path) else {
      throw LatheError(.file, "\(command.path): no such program; build it with `swift build --product lathe`")
    }
    return command.path
  }

  private static func peakBytes() throws -> Double {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) else {
      throw LatheError(
        .file, "/proc/self/status: no VmHWM; this system does not tell a process's peak memory")
    }
    return kilobytes * 1024
  }
}
