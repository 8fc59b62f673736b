import Lathe

/// The devices that a benchmark runs on.
public enum BenchmarkDevices {
  /// `all`, or one that `Device.named(_:)` knows; OpenCL devices with the kernels of a profile where one is named.
  ///
  /// - Throws: `LatheError.invalidArgument` that lists what there is.
  public static func named(_ name: String, profile: String?) throws -> [Device] {
    if let profile, profile != "cpu" && profile != "gpu" {
      throw LatheError(.invalidArgument, "unknown kernel profile '\(profile)'; there are cpu, gpu")
    }
    let devices = try name == "all" ? Device.all : [Device.named(name)]
    guard let profile else { return devices }
    guard devices.contains(where: { $0 != .cpu }) else {
      throw LatheError(
        .invalidArgument, "--profile chooses the kernels of OpenCL devices, and there is none in '\(name)'")
    }
    return try devices.map { device in
      guard let index = Int(device.name.dropFirst("opencl:".count)), device != .cpu else { return device }
      return try Device.opencl(index, profile: profile)
    }
  }
}
