#if OpenCL
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif
  import LatheCore

  /// What a host without an OpenCL GPU has of GPUs, and what is missing to use them.
  package struct GPUAdvice {
    /// The maker of a graphics processor on the PCI bus.
    private enum Maker: String, CaseIterable {
      case nvidia = "0x10de"
      case amd = "0x1002"
      case intel = "0x8086"

      var name: String {
        switch self {
        case .nvidia: "NVIDIA"
        case .amd: "AMD"
        case .intel: "Intel"
        }
      }

      /// Words of which a registered driver's name has one.
      var drivers: [String] {
        switch self {
        case .nvidia: ["nvidia"]
        case .amd: ["amdocl", "rusticl"]
        case .intel: ["igdrcl", "rusticl"]
        }
      }

      var driver: String {
        switch self {
        case .nvidia:
          "install nvidia-opencl-icd (Debian) or libnvidia-compute (Ubuntu), or write the line libnvidia-opencl.so.1 "
            + "into /etc/OpenCL/vendors/nvidia.icd; in a container set NVIDIA_DRIVER_CAPABILITIES=compute,utility"
        case .amd: "install rocm-opencl-icd, or mesa-opencl-icd and set RUSTICL_ENABLE=radeonsi"
        case .intel: "install intel-opencl-icd, or mesa-opencl-icd and set RUSTICL_ENABLE=iris"
        }
      }
    }

    /// The folder that stands for `/`.
    private let root: String
    /// What .icd files name, in small letters.
    private let drivers: [String]
    private let rusticl: String?

    /// - Parameters:
    ///   - root: The folder whose `sys` and `dev` are looked at.
    ///   - drivers: The libraries that .icd files name.
    ///   - rusticl: RUSTICL_ENABLE.
    package init(
      root: String = "", drivers: [String]? = nil, rusticl: String? = environment("RUSTICL_ENABLE")
    ) {
      self.root = root
      self.drivers = (drivers ?? InstalledDrivers.libraries).map { $0.lowercased() }
      self.rusticl = rusticl
    }

    /// A line for each thing that is there or missing; the last one says where to read on.
    package var lines: [String] {
      var lines: [String] = []
      let makers = makers
      if exists("/dev/dxg") {
        lines.append(
          "this is WSL2: Intel's GPUs are there for OpenCL through intel-opencl-icd, others where Windows' driver has an "
            + "OpenCL library in /usr/lib/wsl/lib")
      } else if makers.isEmpty {
        lines.append(
          "no graphics processor is on this host's PCI bus, as far as /sys/bus/pci shows; OpenCL takes a driver, its "
            + ".icd file in /etc/OpenCL/vendors, the group render for /dev/dri, and RUSTICL_ENABLE for Mesa's rusticl"
        )
      }
      for maker in makers {
        if maker == .nvidia && !exists("/dev/nvidiactl") {
          lines.append(
            "NVIDIA GPU: there is no /dev/nvidiactl: install the kernel driver (Debian: nvidia-driver), or start the "
              + "container with --gpus all")
        }
        if !drivers.contains(where: { driver in maker.drivers.contains { driver.contains($0) } }) {
          lines.append("\(maker.name) GPU: no .icd file names an OpenCL driver for it: \(maker.driver)")
        }
      }
      lines += closedNodes.map {
        "\($0) cannot be opened by this user: usermod -aG render NAME (older systems: video), then log in anew; in a "
          + "container --device /dev/dri --group-add with the group's number"
      }
      if drivers.contains(where: { $0.contains("rusticl") }) && (rusticl ?? "").isEmpty {
        lines.append(
          "Mesa's rusticl is installed and has no device until it is told: RUSTICL_ENABLE=radeonsi (AMD), iris (Intel), "
            + "nouveau, zink, or llvmpipe (the CPU)")
      }
      if drivers.isEmpty { lines.append("no .icd file in /etc/OpenCL/vendors names an OpenCL driver") }
      return lines + [
        "docs/devices.md (in the kit devices.md) shows how drivers are installed, lathe devices what is found"
      ]
    }

    /// Whether there is a GPU of a known maker, or Windows' own.
    package var seesGPU: Bool { exists("/dev/dxg") || !makers.isEmpty }

    /// Makers of display controllers (PCI class 03) and of accelerators (12).
    private var makers: [Maker] {
      let bus = root + "/sys/bus/pci/devices"
      let found = Self.names(in: bus).compactMap { name -> Maker? in
        guard let kind = text(of: "\(bus)/\(name)/class"),
          kind.hasPrefix("0x03") || kind.hasPrefix("0x12")
        else { return nil }
        return text(of: "\(bus)/\(name)/vendor").flatMap(Maker.init)
      }
      return Maker.allCases.filter(found.contains)
    }

    /// Files of GPUs that this user may not use.
    private var closedNodes: [String] {
      let render = Self.names(in: root + "/dev/dri").filter { $0.hasPrefix("renderD") }.map {
        "/dev/dri/\($0)"
      }
      return (render + ["/dev/kfd", "/dev/nvidiactl"]).filter {
        exists($0) && access(root + $0, R_OK | W_OK) != 0
      }
    }

    private func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

    private func text(of file: String) -> String? {
      FileBytes.read(file).map { bytes in
        String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
      }
    }

    private static func names(in path: String) -> [String] {
      guard let folder = opendir(path) else { return [] }
      defer { closedir(folder) }
      var names: [String] = []
      while let entry = readdir(folder) {
        names.append(
          withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        )
      }
      return names.sorted()
    }
  }
#endif
