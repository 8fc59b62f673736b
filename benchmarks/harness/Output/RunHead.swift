import Foundation
import Lathe

/// Where and by what a run was made.
public struct RunHead: Sendable, Equatable {
  /// The host's name.
  public var host: String
  /// When the run started, as ISO 8601.
  public var date: String
  /// Lathe's version.
  public var version: String
  /// The commit of the sources, with `-dirty` where they were changed; `unknown` outside a repository.
  public var commit: String
  /// The processor's name.
  public var processor: String
  /// Cores that the process may use.
  public var cores: Int
  /// The widest SIMD instructions used.
  public var simd: String
  /// The BLAS and the core type that it chose.
  public var blas: String
  /// What keeps the machine from its best.
  public var warnings: [String]
  /// The devices that took part.
  public var devices: [DeviceHead]

  /// One device of a run.
  public struct DeviceHead: Sendable, Equatable {
    /// `cpu`, `opencl:0`.
    public var index: String
    /// The device's own name.
    public var name: String
    /// The driver and its version.
    public var driver: String
    /// The kernel profile; empty for the CPU path.
    public var profile: String
    /// What it can do at all; nil where that could not be measured.
    public var roofs: Roofs?

    package init(index: String, name: String, driver: String, profile: String, roofs: Roofs?) {
      self.index = index
      self.name = name
      self.driver = driver
      self.profile = profile
      self.roofs = roofs
    }
  }

  /// What is known of this machine.
  public init(devices: [Device], roofs: [Roofs?]) {
    let cpu = Device.cpu.info
    // The name of a virtual machine seldom says which one it is.
    let given = ProcessInfo.processInfo.environment["LATHE_BENCHMARK_HOST"]
    host = given.flatMap { $0.isEmpty ? nil : $0 } ?? ProcessInfo.processInfo.hostName
    date = Date().formatted(.iso8601)
    version = Version.current
    commit = Version.commit
    processor = cpu.name
    cores = cpu.computeUnits
    simd = cpu.simd ?? "none"
    blas = (cpu.blas ?? "none") + (cpu.blasCore.map { ", core type \($0)" } ?? "")
    warnings = [cpu.warning, OtherLoad.warning].compactMap { $0 }
    self.devices = zip(devices, roofs).map { device, roofs in
      DeviceHead(
        index: device.name, name: device.info.name, driver: device.info.driver,
        profile: device.info.kernelProfile, roofs: roofs)
    }
  }

  package init(
    host: String, date: String, version: String, commit: String, processor: String, cores: Int, simd: String,
    blas: String, warnings: [String], devices: [DeviceHead]
  ) {
    self.host = host
    self.date = date
    self.version = version
    self.commit = commit
    self.processor = processor
    self.cores = cores
    self.simd = simd
    self.blas = blas
    self.warnings = warnings
    self.devices = devices
  }

  /// The same with the roofs as they are known in the end.
  public func with(_ roofs: [Roofs?]) -> RunHead {
    var head = self
    for (index, roofs) in zip(head.devices.indices, roofs) { head.devices[index].roofs = roofs }
    return head
  }

  /// The lines in front of a table.
  public var lines: [String] {
    var lines = [
      "host      \(host): \(processor), \(cores) cores, \(simd)",
      "BLAS      \(blas)",
      "Lathe     \(version), commit \(commit)",
    ]
    for device in devices {
      let profile = device.profile.isEmpty ? "" : ", \(device.profile) kernels"
      lines.append(
        "\(device.index.padding(toLength: max(10, device.index.count + 1), withPad: " ", startingAt: 0))"
          + "\(device.name), \(device.driver)\(profile)")
      if let roofs = device.roofs { lines.append("          \(roofs.summary)") }
    }
    return lines + Estimates.shipped.lines(devices) + warnings.map { "warning   \($0)" }
  }
}

extension Roofs {
  /// One line with all four.
  var summary: String {
    "roofs: copy \(Format.significant(copyBytesPerSecond * 1e-9)) GB/s, multiply-add "
      + "\(Format.significant(operationsPerSecond * 1e-9)) GFLOP/s, launch \(Format.seconds(launchSeconds)), "
      + "round trip \(Format.seconds(roundTripSeconds))"
  }
}
