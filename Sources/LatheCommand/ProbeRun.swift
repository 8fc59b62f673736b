#if CommandLine
  import Foundation
  import LatheBenchmarks
  import LatheCore
  import LatheML

  /// All parts of a device's probe, each in a process of its own.
  struct ProbeRun {
    /// A part that the device's backend looks into, or the figures that benchmarks measure first.
    enum Part {
      case capability(ProbePart)
      case roofs

      static let all: [Part] = ProbePart.allCases.map(Part.capability) + [.roofs]

      init?(_ name: String) {
        if name == Part.roofs.name {
          self = .roofs
        } else if let part = ProbePart(rawValue: name) {
          self = .capability(part)
        } else {
          return nil
        }
      }

      var name: String {
        switch self {
        case .capability(let part): part.rawValue
        case .roofs: "roofs"
        }
      }

      var title: String {
        switch self {
        case .capability(let part): part.title
        case .roofs: "Launches, bandwidth and multiply-adds"
        }
      }

      /// Looks into the part, in this process.
      func findings(of device: Device, report: (ProbeFinding) -> Void) throws {
        switch self {
        case .capability(let part):
          guard let backend = device.backend as? any CapabilityProbe else {
            throw LatheError.unsupported("\(device): its backend cannot be probed")
          }
          try backend.probe(part, report: report)
        case .roofs:
          let roofs = try Roofs(measuring: device)
          for (name, value, format) in [
            ("launch", roofs.launchSeconds * 1e6, "%.2f us"),
            ("round trip", roofs.roundTripSeconds * 1e6, "%.2f us"),
            ("copy, bytes read and written", roofs.copyBytesPerSecond / 1e9, "%.1f GB/s"),
            ("float32 multiply-adds", roofs.operationsPerSecond / 1e9, "%.0f GFLOP/s"),
          ] {
            report(ProbeFinding(name, .figure, formatted(value, format)))
          }
        }
      }
    }

    /// Seconds that a part may take; a driver that hangs is one that fails.
    private static let limit = 120.0

    let device: Device

    init(_ device: Device) { self.device = device }

    /// Runs every part; `show` receives lines as they come.
    func report(show: (String) -> Void) -> ProbeReport {
      var report = ProbeReport(device: device.info)
      show("\(device.name): \(device.info.name), \(device.info.driver)")
      for part in Part.all {
        let findings = self.findings(of: part)
        show("\n\(part.title)")
        let width = min(48, findings.map(\.name.count).max() ?? 0)
        for finding in findings { show(Self.line(finding, width)) }
        report.sections.append(ProbeReport.Section(part: part.name, findings: findings))
      }
      report.conclusions = ProbeConclusions(report).lines
      show("\nWhat that means")
      for line in report.conclusions { show("  \(line)") }
      return report
    }

    private static func line(_ finding: ProbeFinding, _ width: Int) -> String {
      let state = finding.state == .figure ? "" : finding.state.rawValue
      let words = [state, finding.value].filter { !$0.isEmpty }.joined(separator: ": ")
      return "  \(Terminal.left(finding.name, width))  \(words)"
    }

    private func findings(of part: Part) -> [ProbeFinding] {
      let process: ChildProcess
      do {
        process = try ChildProcess.run(
          "/proc/self/exe", ["probe", "--device", device.name, "--part", part.name], seconds: Self.limit)
      } catch {
        return [ProbeFinding(part.name, .fails, "\(error)")]
      }
      var findings = process.output.split(separator: UInt8(ascii: "\n")).compactMap {
        try? JSONDecoder().decode(ProbeFinding.self, from: Data($0))
      }
      let last = String(decoding: process.errors, as: UTF8.self).split(separator: "\n").last
      let what: String? =
        switch process.ending {
        case .exited(0): nil
        case .exited(let code): last.map(String.init) ?? "exit code \(code)"
        case .signal(let number):
          "the driver ended the process with signal \(number)" + (last.map { ": \($0)" } ?? "")
        case .late: "the driver took longer than \(Int(Self.limit)) seconds"
        }
      if let what { findings.append(ProbeFinding("after that", .fails, what)) }
      return findings
    }
  }
#endif
