import LatheCPU
import LatheCore
import Synchronization

#if OpenCL
  import LatheOpenCL
#endif

extension Device {
  /// The CPU path; always there.
  public static let cpu = Device(name: "cpu", backend: CPUBackend.shared)

  /// Every device that can be used: the CPU, then the OpenCL devices in the order of their platforms.
  public static var all: [Device] { [cpu] + usableOpenCL }

  /// The OpenCL GPU that promises most, else the CPU.
  ///
  /// A GPU with memory of its own comes before one that shares the host's, then the larger memory and the more compute
  /// units; only the one that is taken is opened.
  public static var best: Device { firstOpenCL { $0.type == "gpu" } ?? cpu }

  /// The device that tensors are made on where none is named: `LATHE_DEVICE`, else `best`.
  ///
  /// Stops the program where `LATHE_DEVICE` names no device; `named(_:)` throws instead.
  public static let `default`: Device = {
    guard let name = environment("LATHE_DEVICE") else { return best }
    do { return try named(name) } catch { stop("LATHE_DEVICE: \(error)") }
  }()

  /// What is known of every device, those with a broken driver too (see `DeviceInfo.error`).
  public static var infos: [DeviceInfo] {
    var infos = [cpu.info]
    #if OpenCL
      for (index, entry) in OpenCLPlatforms.entries.enumerated() {
        var info = entry.info
        if info.error == nil {
          switch opened(index) {
          case .success(let device):
            let backend = device.backend as? OpenCLBackend
            info.tuning = backend?.choices.summary
            info.matrixUnits = backend?.matrixUnitSummary
            info.builtinFunctions = backend.flatMap { $0.builtinFunctions.summary }
          case .failure(let error): info.error = error.message
          }
        }
        infos.append(info)
      }
    #endif
    return infos
  }

  /// Why there is no OpenCL device: no loader, no platform, built without; nil where there is one.
  public static var openCLAbsence: String? {
    #if OpenCL
      OpenCLPlatforms.absence
    #else
      "this build has no OpenCL backend (the package trait OpenCL was off)"
    #endif
  }

  /// What keeps OpenCL drivers that are registered on this host from being loaded, a line each.
  public static var brokenDrivers: [String] {
    #if OpenCL
      InstalledDrivers.problems
    #else
      []
    #endif
  }

  /// What this host has of GPUs and what is missing to use them with OpenCL, a line each; none where OpenCL has a GPU.
  public static var missingGPU: [String] {
    #if OpenCL
      guard !OpenCLPlatforms.entries.contains(where: { $0.info.type == "gpu" }) else { return [] }
      return ["no OpenCL GPU" + (openCLAbsence.map { ": \($0)" } ?? "")] + GPUAdvice().lines
    #else
      return ["no OpenCL GPU: \(openCLAbsence ?? "")"]
    #endif
  }

  /// Whether this host seems to have a GPU, of which OpenCL knows nothing.
  public static var hasUnusedGPU: Bool {
    #if OpenCL
      return !OpenCLPlatforms.entries.contains { $0.info.type == "gpu" } && GPUAdvice().seesGPU
    #else
      return false
    #endif
  }

  /// Finds a device: `cpu`, `opencl` (the best GPU, else the first device that is usable), `opencl:N`, or `auto`.
  ///
  /// `auto` is `LATHE_DEVICE` where that is set, else `best`.
  /// - Throws: `LatheError.invalidArgument` naming the devices that exist, or why there is no OpenCL.
  public static func named(_ name: String) throws -> Device {
    if let problem = CPUBackend.environmentProblem { throw problem }
    if name == "cpu" { return cpu }
    if name == "auto" {
      guard let name = environment("LATHE_DEVICE"), name != "auto" else {
        return best
      }
      return try named(name)
    }
    guard name == "opencl" || name.hasPrefix("opencl:") else {
      throw LatheError(.invalidArgument, "unknown device '\(name)'\(devicesHere)")
    }
    if let absence = openCLAbsence {
      throw LatheError(.invalidArgument, "device '\(name)': no OpenCL device: \(absence)\(devicesHere)")
    }
    if name == "opencl" {
      if let device = firstOpenCL(where: { _ in true }) { return device }
      throw LatheError(
        .invalidArgument, "device 'opencl': every OpenCL device failed to open, see `lathe devices`")
    }
    guard let index = Int(name.dropFirst("opencl:".count)), index >= 0 else {
      throw LatheError(.invalidArgument, "unknown device '\(name)': opencl: takes a number\(devicesHere)")
    }
    return try opencl(index)
  }

  /// The OpenCL device of an index, with the kernels of a profile other than its own where one is named.
  ///
  /// - Parameters:
  ///   - index: The device's place in the list of `lathe devices`.
  ///   - profile: `cpu` or `gpu`; nil is the device's own.
  /// - Throws: `LatheError` where the index, the profile or the driver is wrong.
  public static func opencl(_ index: Int, profile: String? = nil) throws -> Device {
    #if OpenCL
      guard OpenCLPlatforms.entries.indices.contains(index) else {
        let count = OpenCLPlatforms.entries.count
        throw LatheError(
          .invalidArgument,
          "unknown device 'opencl:\(index)': there \(count == 1 ? "is 1 OpenCL device" : "are \(count) OpenCL devices")"
            + (openCLAbsence.map { " (\($0))" } ?? ", numbered from 0") + devicesHere)
      }
      guard let profile else { return try opened(index).get() }
      guard let profile = KernelProfile(rawValue: profile) else {
        throw LatheError(.invalidArgument, "unknown kernel profile '\(profile)': use cpu or gpu")
      }
      return try profiled.withLock { devices in
        let key = "\(index)/\(profile.rawValue)"
        if let device = devices[key] { return device }
        let device = Device(
          name: "opencl:\(index)", backend: try OpenCLPlatforms.entries[index].open(profile))
        devices[key] = device
        return device
      }
    #else
      throw LatheError(.invalidArgument, "device 'opencl:\(index)': \(openCLAbsence ?? "")")
    #endif
  }

  /// The end of a message about a device that is not there.
  private static var devicesHere: String {
    "; devices here: " + infos.map { $0.index + ($0.error == nil ? "" : " (broken)") }.joined(separator: ", ")
  }

  /// The first device that opens of those that a condition holds for, the most promising ones first.
  private static func firstOpenCL(where isWanted: (DeviceInfo) -> Bool) -> Device? {
    #if OpenCL
      let entries = OpenCLPlatforms.entries
      let order = entries.indices.filter { entries[$0].info.error == nil && isWanted(entries[$0].info) }
        .sorted { entries[$0].promisesMore(than: entries[$1]) ?? ($0 < $1) }
      return order.lazy.compactMap { try? opened($0).get() }.first
    #else
      return nil
    #endif
  }

  private static var usableOpenCL: [Device] {
    #if OpenCL
      OpenCLPlatforms.entries.indices.compactMap { try? opened($0).get() }
    #else
      []
    #endif
  }

  #if OpenCL
    private static let profiled = Mutex<[String: Device]>([:])
    private static let openedDevices = Mutex<[Int: Result<Device, LatheError>]>([:])

    /// Opens each device once and remembers how that went.
    private static func opened(_ index: Int) -> Result<Device, LatheError> {
      openedDevices.withLock { known in
        if let result = known[index] { return result }
        let result: Result<Device, LatheError>
        do {
          let backend = try OpenCLPlatforms.entries[index].open(nil)
          result = .success(Device(name: "opencl:\(index)", backend: backend))
        } catch {
          result = .failure(error as? LatheError ?? LatheError(.device, "\(error)"))
        }
        known[index] = result
        return result
      }
    }
  #endif
}

#if OpenCL
  extension OpenCLEntry {
    /// Whether a device is the better choice by what is known without opening it; nil where both are alike.
    fileprivate func promisesMore(than other: OpenCLEntry) -> Bool? {
      if (info.type == "gpu") != (other.info.type == "gpu") { return info.type == "gpu" }
      if sharesMemory != other.sharesMemory { return !sharesMemory }
      if info.globalMemory != other.info.globalMemory { return info.globalMemory > other.info.globalMemory }
      if info.computeUnits != other.info.computeUnits { return info.computeUnits > other.info.computeUnits }
      return nil
    }
  }
#endif
