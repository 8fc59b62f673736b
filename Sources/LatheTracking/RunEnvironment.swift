import Foundation
import Lathe

/// What a run's figures depend on besides its settings: versions and the device.
public struct RunEnvironment: Codable, Hashable, Sendable {
  /// The program and its version, where it says so.
  public var program: String?
  /// The Swift compiler's version.
  public var compiler: String
  /// The operating system's name and version.
  public var system: String
  /// The device with its driver, BLAS, instructions and threads.
  public var device: DeviceInfo

  /// The environment of this process.
  public init(program: String?, device: Device) {
    self.program = program
    compiler = RunEnvironment.compilerVersion
    system = ProcessInfo.processInfo.operatingSystemVersionString
    self.device = device.info
  }

  /// What a report shows: each line a name and a value.
  var rows: [[String]] {
    let device = [
      device.name, device.driver, device.kernelProfile.isEmpty ? nil : "\(device.kernelProfile) kernels",
      device.simd, device.blas.map { "BLAS: \($0)" }, device.threads.map { "\($0) threads" },
    ].compactMap { $0 }
    return [
      ["device", "\(self.device.index) (\(device.joined(separator: ", ")))"], ["system", system],
      ["compiler", compiler],
    ] + (program.map { [["program", $0]] } ?? [])
  }

  private static let compilerVersion: String = {
    #if swift(>=6.3)
      "Swift 6.3 or later"
    #elseif swift(>=6.2)
      "Swift 6.2"
    #else
      "Swift before 6.2"
    #endif
  }()
}
