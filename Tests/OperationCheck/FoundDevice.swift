import Lathe
import LatheCore

/// A device as another process of this program tells of it, since a driver may end the process that asks it.
struct FoundDevice {
  var index: String
  var type: String
  var name: String
  var driver: String
  /// Why it cannot be used.
  var error: String?

  var isGPU: Bool { type == "gpu" }

  /// A line for each device of this process.
  static var lines: [String] {
    Device.infos.map { info in
      [info.index, info.type, info.name, info.driver, info.error ?? ""].map {
        $0.replacing("\t", with: " ").replacing("\n", with: "; ")
      }.joined(separator: "\t")
    }
  }

  private init?(_ line: Substring) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 5 else { return nil }
    (index, type, name, driver) = (fields[0], fields[1], fields[2], fields[3])
    error = fields[4].isEmpty ? nil : fields[4]
  }

  /// Every device of this host.
  ///
  /// - Throws: `LatheError` where a driver ends the process or takes longer than it may.
  static func all(patience: Int) throws -> [FoundDevice] {
    let process = try ChildProcess.run(
      "/proc/self/exe", ["--tell-devices"], seconds: Double(patience))
    guard process.ending == .exited(0) else {
      throw LatheError(
        .device, "no device can be listed: \(PartRun.reason(process, patience: patience) ?? "")")
    }
    return String(decoding: process.output, as: UTF8.self).split(separator: "\n").compactMap {
      FoundDevice($0)
    }
  }
}
