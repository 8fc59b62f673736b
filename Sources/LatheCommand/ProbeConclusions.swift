#if CommandLine
  import Foundation
  import LatheCore

  /// What a probe's findings mean for Lathe on a device, in words.
  package struct ProbeConclusions {
    private let report: ProbeReport

    package init(_ report: ProbeReport) { self.report = report }

    /// A sentence for each conclusion.
    package var lines: [String] {
      [usable, localMemory, halves, doubles, matrixUnits, buffers, speed, launches, transfers].compactMap {
        $0
      }
        + broken
    }

    // MARK: Findings

    private func findings(_ part: ProbePart) -> [ProbeFinding] { findings(part.rawValue) }

    private func findings(_ part: String) -> [ProbeFinding] {
      report.sections.first { $0.part == part }?.findings ?? []
    }

    private func finding(_ part: ProbePart, _ beginning: String) -> ProbeFinding? {
      findings(part).first { $0.name.hasPrefix(beginning) }
    }

    /// A figure's number without its unit.
    private func number(_ part: String, _ name: String) -> Double? {
      findings(part).first { $0.name.hasPrefix(name) }.flatMap { $0.value.split(separator: " ").first }
        .flatMap {
          Double($0)
        }
    }

    // MARK: Conclusions

    private var usable: String? {
      guard finding(.localArrays, "")?.state == .fails, finding(.localArguments, "")?.state == .fails else {
        return nil
      }
      return
        "kernels with local memory do not even run with what the driver reports: the gpu profile cannot work here"
    }

    private var localMemory: String? {
      let works = [ProbePart.localArrays, .localArguments].compactMap { part -> (ProbePart, Int)? in
        findings(part).filter { $0.state == .works }.compactMap { Self.bytes($0.name) }.max().map {
          (part, $0)
        }
      }
      guard let best = works.max(by: { $0.1 < $1.1 }) else { return nil }
      let reported = report.device.localMemory
      guard best.1 > reported else {
        return "local memory: the \(Self.kibibytes(reported)) that the driver reports, and no more"
      }
      return "local memory: \(Self.kibibytes(best.1)) of a work-group "
        + (best.0 == .localArguments ? "as an argument" : "in arrays")
        + ", though the driver reports \(Self.kibibytes(reported)); Lathe's kernels keep to what is reported"
    }

    private var halves: String? {
      guard let finding = finding(.arithmetic, "float16 arithmetic") else { return nil }
      if finding.state == .works {
        return finding.name.contains("not listed")
          ? "float16 arithmetic works, though the driver does not list it" : "float16 arithmetic works"
      }
      return "no float16 arithmetic: float16 tensors are stored in 16 bits and computed in float32"
    }

    private var doubles: String? {
      guard let finding = finding(.arithmetic, "float64 arithmetic") else { return nil }
      return finding.state == .works
        ? "float64 tensors work" : "no float64: tensors of that type are an error on this device"
    }

    private var matrixUnits: String? {
      let units = findings(.tensorCores).filter { $0.state != .notApplicable }
      guard !units.isEmpty else { return nil }
      let works = units.filter { $0.state == .works }.map { $0.name.replacing("mma.sync ", with: "") }
      guard !works.isEmpty else { return "matrix units cannot be reached by PTX" }
      let own = finding(.ptx, "PTX for the processor's own")?.state == .works
      return "matrix units are reached by PTX for \(works.joined(separator: ", "))"
        + (own ? "; instructions of this very processor (wgmma) are taken, too" : "")
    }

    private var buffers: String? {
      let all = findings(.buffers)
      guard let failing = all.first(where: { $0.state == .fails }) else {
        return all.isEmpty ? nil : "buffers as large as the driver allows can be used to their ends"
      }
      return "\(failing.name.replacing(", used at its end", with: "")) fails, though the driver allows it: "
        + "LATHE_MEMORY_LIMIT keeps programs below"
    }

    private var speed: String? {
      guard let copy = number("roofs", "copy"), let products = number("roofs", "float32") else { return nil }
      return String(
        format: "work of fewer than %.0f multiply-adds a byte waits for memory (%.0f GB/s, %.0f GFLOP/s)",
        products / 2 / copy, copy, products)
    }

    private var launches: String? {
      guard let launch = number("roofs", "launch"), let copy = number("roofs", "copy") else { return nil }
      return String(
        format:
          "a launch costs %.1f us, in which memory moves %.2f MB: tensors below that are not worth a GPU",
        launch,
        launch * copy / 1e3)
    }

    private var transfers: String? {
      guard let up = number(ProbePart.transfers.rawValue, "host to device"), up < 4,
        report.device.type == "gpu"
      else { return nil }
      return String(
        format: "data reaches the device at %.1f GB/s only: look at the slot that the card is in", up)
    }

    /// Parts that ended badly.
    private var broken: [String] {
      report.sections.compactMap { section in
        section.findings.last { $0.name == "after that" && $0.state == .fails }.map {
          "\(section.part): the driver does not survive it (\($0.value))"
        }
      }
    }

    // MARK: Units

    /// The number of bytes in front of a name such as `48 KiB, as reported`.
    private static func bytes(_ text: String) -> Int? {
      let words = text.split { " ,".contains($0) }
      guard words.count > 1, let number = Int(words[0]) else { return nil }
      let units = ["bytes": 0, "KiB": 10, "MiB": 20, "GiB": 30]
      return units[String(words[1])].map { number << $0 }
    }

    private static func kibibytes(_ bytes: Int) -> String { "\(bytes >> 10) KiB" }
  }
#endif
