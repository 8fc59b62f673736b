import Foundation
import LatheNN

/// What a process of its own finds out about one device.
struct ProbeResult: Codable {
  /// The loss of each of the first steps.
  var losses: [Double]
  /// Kernels launched in a step once everything is warm.
  var launchesPerStep: Double
  /// Operations of a warm step that the CPU did for the device.
  var fallbacksPerStep: Double
  /// Buffers taken from the system in a warm step.
  var allocationsPerStep: Double
  /// Kernels launched by gelu(x * a + b) + r.
  var chainLaunches: Int
  /// From the start of the process to the end of the first step, its loss read.
  var firstStepSeconds: Double?
  /// What is known of the device.
  var device: DeviceInfo
}

/// Trains LeNet for some steps as `lathe train lenet` does, and counts.
enum Probe {
  /// The environment variable with the time (seconds since 1970) at which the process was asked for.
  static let startVariable = "LATHE_BENCHMARK_START"

  static func run(device name: String, steps: Int) throws -> ProbeResult {
    let device = try Device.named(name)
    let training = try FashionMNIST.load(.train)
    let model = LeNet.model(generator: Generator(seed: 0), device: device)
    let parameters = model.parameters
    let optimizer = Adam(parameters, learningRate: 1e-3)
    var losses: [Double] = []
    var firstStep: Double?
    var warm: (launches: Int, fallbacks: Int, allocations: Int)?
    let warmUp = min(10, steps - 1)
    for batch in DataLoader(training, batchSize: 64, shuffled: true, seed: 0, on: device) {
      let loss = crossEntropy(model(batch.inputs), batch.labels)
      optimizer.step(loss.gradients(of: parameters))
      losses.append(Double(try loss.item()))
      if losses.count == 1,
        let start = ProcessInfo.processInfo.environment[startVariable].flatMap(Double.init)
      {
        firstStep = Date().timeIntervalSince1970 - start
      }
      let counters = device.counters
      if losses.count == warmUp { warm = (counters.launches, counters.fallbacks, counters.allocations) }
      if losses.count == steps { break }
    }
    let counters = device.counters
    let measured = Double(max(losses.count - warmUp, 1))
    return ProbeResult(
      losses: losses, launchesPerStep: Double(counters.launches - (warm?.launches ?? 0)) / measured,
      fallbacksPerStep: Double(counters.fallbacks - (warm?.fallbacks ?? 0)) / measured,
      allocationsPerStep: Double(counters.allocations - (warm?.allocations ?? 0)) / measured,
      chainLaunches: try chainLaunches(on: device), firstStepSeconds: firstStep, device: device.info)
  }

  private static func chainLaunches(on device: Device) throws -> Int {
    let generator = Generator(seed: 1)
    let x = try (0..<4).map { _ in
      try Tensor.normal([1 << 16], generator: generator, device: device).evaluated()
    }
    try device.synchronize()
    let before = device.counters.launches
    _ = try ((x[0] * x[1] + x[2]).gelu() + x[3]).evaluated()
    return device.counters.launches - before
  }
}
