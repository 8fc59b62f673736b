import Lathe
import LatheCore

/// The devices that cases run on.
package enum TestDevice {
  /// Whether a machine without OpenCL fails the tests instead of skipping them.
  package static let requiresOpenCL = environment("LATHE_REQUIRE_OPENCL") == "1"

  /// The number of OpenCL devices that can be opened.
  package static var openCLCount: Int { Device.all.count - 1 }

  /// Whether the OpenCL tests run: on a machine without OpenCL they are skipped, and say so.
  package static var runsOpenCL: Bool { requiresOpenCL || openCLCount > 0 }

  /// Every OpenCL device that opens, with the kernels of one profile.
  package static func openCL(_ profile: String) -> [Device] {
    Device.infos.enumerated().filter { $0 > 0 && $1.error == nil }.compactMap { position, _ in
      try? Device.opencl(position - 1, profile: profile)
    }
  }

  /// Runs `body` on every OpenCL device with the kernels of one profile.
  ///
  /// - Throws: What `body` throws, and `LatheError.device` where there is none.
  package static func onOpenCL(_ profile: String, _ body: (Device) throws -> Void) throws {
    let devices = openCL(profile)
    guard !devices.isEmpty else { throw LatheError(.device, "no OpenCL device opens") }
    for device in devices { try body(device) }
  }

  /// The CPU and every OpenCL device in both kernel profiles.
  package static let all: [Device] = [.cpu] + openCL("cpu") + openCL("gpu")

  /// Name and profile: `cpu`, `opencl:0 (gpu profile)`.
  package static func describe(_ device: Device) -> String {
    let profile = device.info.kernelProfile
    return profile.isEmpty ? device.name : "\(device.name) (\(profile) profile)"
  }
}
