#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheBenchmarks
  import LatheCore
  import LatheML

  struct ProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "probe", abstract: "Finds out what an OpenCL device can do, beyond what its driver says.",
      discussion: """
        Small kernels are built, run and checked: local memory in growing sizes, float16, float64, sub-groups, large \
        buffers, and on NVIDIA's driver inline PTX and tensor cores. Whatever fails is shown with its reason; each \
        part runs in a process of its own, so that a driver that breaks ends that part alone.
        """)

    @Option(
      help: ArgumentHelp(
        "opencl or opencl:N; see `lathe devices`. Every OpenCL device where not given.", valueName: "device"))
    var device: String?

    @Option(help: ArgumentHelp("Write what was found as JSON.", valueName: "file"))
    var json: String?

    @Option(help: .hidden)
    var part: String?

    func run() throws {
      if let part { return try child(part) }
      let devices = try chosen()
      var reports: [ProbeReport] = []
      for device in devices {
        let report = ProbeRun(device).report { Terminal.output($0) }
        reports.append(report)
      }
      guard let json else { return }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      let text = String(decoding: try encoder.encode(ProbeFile(devices: reports)), as: UTF8.self)
      try AtomicFile.write(text + "\n", to: json)
    }

    /// The part that another process of this program asked for: a finding in a line of JSON each.
    private func child(_ name: String) throws {
      guard let device, let part = ProbeRun.Part(name) else {
        throw ValidationError("--part is for `lathe probe` itself")
      }
      let opened = try Device.named(device)
      let encoder = JSONEncoder()
      try part.findings(of: opened) { finding in
        guard let line = try? encoder.encode(finding) else { return }
        Terminal.output(String(decoding: line, as: UTF8.self))
      }
    }

    private func chosen() throws -> [Device] {
      do {
        guard let device else {
          let found = Device.all.filter { $0 != .cpu }
          if found.isEmpty {
            throw LatheError(
              .device, "no OpenCL device: \(Device.openCLAbsence ?? "every one failed to open")")
          }
          return found
        }
        let opened = try Device.named(device)
        guard opened != .cpu else {
          throw LatheError(.invalidArgument, "only OpenCL devices can be probed, and '\(device)' is the CPU")
        }
        return [opened]
      } catch let error as LatheError where error.kind == .invalidArgument {
        throw ValidationError(error.message)
      }
    }
  }

  /// What `lathe probe --json` writes.
  struct ProbeFile: Codable {
    var schema = "lathe-probe-1"
    var devices: [ProbeReport]
  }

  /// What was found out about a device.
  package struct ProbeReport: Codable {
    package struct Section: Codable {
      package var part: String
      package var findings: [ProbeFinding]

      package init(part: String, findings: [ProbeFinding]) {
        self.part = part
        self.findings = findings
      }
    }

    package var device: DeviceInfo
    package var sections: [Section] = []
    /// What the findings mean, in words.
    package var conclusions: [String] = []

    package init(device: DeviceInfo) { self.device = device }
  }
#endif
