import Foundation
import LatheNN

/// The figures of one device.
struct DeviceReport: Codable {
  /// `cpu` or `opencl:N`.
  var device: String
  /// One figure an epoch, data loading included.
  var samplesPerSecond: [Double]
  /// After each epoch.
  var testAccuracy: [Double]
  /// The largest difference of a loss from the CPU's over the first steps.
  var largestLossDifference: Double
  /// See `ProbeResult`.
  var launchesPerStep: Double
  var fallbacksPerStep: Double
  var allocationsPerStep: Double
  var chainLaunches: Int
  /// Start to the end of the first step with empty caches of compiled kernels, and with filled ones.
  var coldFirstStepSeconds: Double
  var warmFirstStepSeconds: Double
  /// The peak of `lathe train lenet`.
  var peakBytes: Int
  var info: DeviceInfo
}

/// Everything that a run of the benchmark found.
struct Report: Codable {
  var date: String
  var host: String
  var cores: Int
  var epochs: Int
  var steps: Int
  var devices: [DeviceReport]

  /// The table that is printed.
  var table: String {
    var rows: [[String]] = [["", "goal"] + devices.map(\.device)]
    func row(_ name: String, _ goal: String, _ value: (DeviceReport) -> String) {
      rows.append([name, goal] + devices.map(value))
    }
    func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    row("samples/s, median of the epochs", "25000 / 20000") { fixed(median($0.samplesPerSecond), 0) }
    row("samples/s, best epoch", "") { fixed($0.samplesPerSecond.max() ?? 0, 0) }
    row("test accuracy after \(epochs) epochs", "0.875") { fixed($0.testAccuracy.last ?? 0, 4) }
    row("largest loss difference to cpu, \(steps) steps", "0.001") { fixed($0.largestLossDifference, 6) }
    row("launches a step", "40 (OpenCL)") { fixed($0.launchesPerStep, 1) }
    row("fall-backs to the CPU a step", "0") { fixed($0.fallbacksPerStep, 1) }
    row("buffers from the system a step", "0") { fixed($0.allocationsPerStep, 2) }
    row("launches of gelu(x * a + b) + r", "1") { String($0.chainLaunches) }
    row("start to first step, cold, s", "") { fixed($0.coldFirstStepSeconds, 2) }
    row("start to first step, warm, s", "1 / 3") { fixed($0.warmFirstStepSeconds, 2) }
    row("peak memory, MB", "400") { fixed(Double($0.peakBytes) / 1e6, 0) }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
    }.joined(separator: "\n")
  }

  private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
