#if OpenCL
  import COpenCL
  import LatheCore

  /// The family of kernels that a device runs.
  package enum KernelProfile: String, Sendable, CaseIterable {
    /// Register blocks with explicit vectors, no barriers, no local memory: PoCL and other CPU runtimes.
    case cpu
    /// Work-group tiles in local memory.
    case gpu

    /// Elements of a vector in generated kernels; math.clh is there for it and for scalars.
    var vectorWidth: Int { self == .cpu ? 16 : 4 }
  }

  /// A device that some OpenCL platform reports.
  package struct OpenCLEntry: Sendable {
    /// What is known of it; `error` says why it cannot be used.
    package let info: DeviceInfo
    /// Whether its memory is the host's, as that of a GPU beside the cores is.
    package var sharesMemory = false
    /// Opens the device; a nil profile is the device's own (or LATHE_KERNEL_PROFILE).
    package let open: @Sendable (KernelProfile?) throws -> any Backend
  }

  /// The OpenCL platforms of this host.
  package enum OpenCLPlatforms {
    /// Every device of every platform, broken ones too; found once.
    package static var entries: [OpenCLEntry] { found.entries }
    /// Why there are no entries: no loader, no platform; nil where there are some.
    package static var absence: String? { found.absence }

    private static let found: (entries: [OpenCLEntry], absence: String?) = discover()

    private static func discover() -> (entries: [OpenCLEntry], absence: String?) {
      if let openCLFailure { return ([], openCLFailure) }
      keepPoCLThreadsApart()
      holdPoCLToSIMD()
      let obstacle = PoCLCache.prepare()
      let trial = DriverTrial()
      if let absence = trial.absence { return ([], absence) }
      do {
        let platforms = try OpenCLQuery.platforms()
        guard !platforms.isEmpty else {
          let problems = InstalledDrivers.problems
          return (
            [],
            "the OpenCL loader knows no platform: "
              + (problems.isEmpty ? "no driver is installed" : problems.joined(separator: "; "))
          )
        }
        var entries: [OpenCLEntry] = []
        for platform in platforms { addDevices(of: platform, trial, to: &entries) }
        guard entries.isEmpty else { return (entries, nil) }
        return ([], "no OpenCL platform has a device" + (obstacle.map { ": \($0)" } ?? ""))
      } catch {
        return ([], "\(error)")
      }
    }

    private static func addDevices(
      of platform: cl_platform_id, _ trial: DriverTrial, to entries: inout [OpenCLEntry]
    ) {
      let platformName =
        (try? OpenCLQuery.platformText(platform, CL_PLATFORM_NAME)) ?? "a platform without name"
      do {
        for device in try OpenCLQuery.devices(of: platform) {
          let index = entries.count
          entries.append(
            entry(
              for: device, platform: platform, name: platformName, index: index,
              problem: trial.problems[index]))
        }
      } catch {
        entries.append(broken(name: platformName, index: entries.count, error: "\(error)"))
      }
    }

    private static func entry(
      for device: cl_device_id, platform: cl_platform_id, name: String, index: Int, problem: String?
    ) -> OpenCLEntry {
      do {
        let platformVersion = try OpenCLQuery.platformText(platform, CL_PLATFORM_VERSION)
        let type = OpenCLQuery.typeName(try OpenCLQuery.number(device, CL_DEVICE_TYPE))
        let native = try KernelProfile.chosen(forType: type)
        var info = try OpenCLQuery.info(of: device, index: "opencl:\(index)", profile: native)
        if let problem { info.error = problem }
        if let error = info.error {
          return OpenCLEntry(info: info) { [info] _ in
            throw LatheError(.device, "\(info.index) (\(info.name)): \(error)")
          }
        }
        var place = OpenCLPlace(
          platform: platform, device: device, platformName: name, platformVersion: platformVersion, info: info
        )
        place.vectors = VectorRegisters(
          deviceName: info.name, isPoCL: place.isPoCL,
          reportedLanes: Int(clamping: try OpenCLQuery.number(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT)))
        // OpenCL 2 has the property no more, which drivers all the same answer.
        let isShared = (try? OpenCLQuery.number(device, CL_DEVICE_HOST_UNIFIED_MEMORY)) ?? 0 != 0
        place.hasOwnMemory = type != "cpu" && !isShared
        if type == "cpu" { place.info.simd = place.vectors.description }
        return OpenCLEntry(info: place.info, sharesMemory: isShared) { [place] in
          try OpenCLBackend(place, profile: $0 ?? native)
        }
      } catch {
        return broken(name: name, index: index, error: "\(error)")
      }
    }

    private static func broken(name: String, index: Int, error: String) -> OpenCLEntry {
      var info = DeviceInfo()
      info.index = "opencl:\(index)"
      info.name = name
      info.error = error
      return OpenCLEntry(info: info) { _ in throw LatheError(.device, "opencl:\(index) (\(name)): \(error)") }
    }
  }

  extension KernelProfile {
    /// The profile for a device of a type: LATHE_KERNEL_PROFILE where set, else `cpu` for CPUs and `gpu` for others.
    static func chosen(forType type: String) throws -> KernelProfile {
      guard let name = environment("LATHE_KERNEL_PROFILE") else { return type == "cpu" ? .cpu : .gpu }
      guard let profile = KernelProfile(rawValue: name) else {
        throw EnvironmentRules.error("LATHE_KERNEL_PROFILE", name, "it can be cpu or gpu")
      }
      return profile
    }
  }

  /// A device with the platform it belongs to and what is known of both.
  package struct OpenCLPlace: @unchecked Sendable {
    // Unchecked: platform and device handles live as long as the process and may be used from any thread.
    let platform: cl_platform_id
    let device: cl_device_id
    let platformName: String
    let platformVersion: String
    var info: DeviceInfo
    /// What kernels of the `cpu` profile are built for.
    var vectors = VectorRegisters.widest
    /// Whether its memory is not the host's.
    var hasOwnMemory = false

    /// Whether the platform is PoCL.
    var isPoCL: Bool { platformName == "Portable Computing Language" }

    /// Whether NVIDIA's own driver runs the device.
    var isNVIDIA: Bool { platformName.contains("NVIDIA") }

    /// What tuned rows of a profile's kernels know the device by.
    func tuningIdentity(_ profile: KernelProfile) throws -> TuningIdentity {
      TuningIdentity(
        device: info.name, driver: info.driver,
        vendor: try OpenCLQuery.platformText(platform, CL_PLATFORM_VENDOR),
        lanes: profile == .cpu ? vectors.lanes : nil)
    }
  }
#endif
