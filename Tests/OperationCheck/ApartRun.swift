import Lathe
import LatheCore
import TestSupport

/// The suite with a process for each device and profile, and a verdict on all of them.
struct ApartRun {
  var options: Options

  /// - Returns: The exit code.
  func run() throws -> Int32 {
    let devices: [FoundDevice]
    do { devices = try FoundDevice.all(patience: options.patience) } catch {
      // A driver's fault, not one of the command line.
      writeToStandardError("\(error)")
      return 1
    }
    let chosen = try chosen(devices)
    guard !chosen.isEmpty else {
      for line in Device.missingGPU { writeToStandardError(line) }
      return 3
    }
    let progress = Progress()
    var known = try options.known.map(KnownFaults.init) ?? KnownFaults()
    var results: [PartResult] = []
    var broken = 0
    for device in chosen {
      progress.say("\(device.index): \(device.name), \(device.driver)")
      if let error = device.error {
        progress.say("\(device.index): cannot be used: \(error)")
        broken += 1
        continue
      }
      for profile in device.index == "cpu" ? [""] : options.profiles {
        let run = PartRun(Part(device: device, profile: profile), options, known: known, progress: progress)
        results.append(try run.result())
        known = run.known
      }
    }
    let unseen =
      options.text.isEmpty && options.exactName.isEmpty && options.largest == .max
      ? known.unseen(profiles: options.profiles, modes: options.modes) : []
    for line in unseen {
      progress.say("known, and right now: take it out of \(options.known ?? ""): \(line)")
    }
    for line in Verdict.table(results) { progress.say(line) }
    let isBad = broken > 0 || !unseen.isEmpty || results.contains { $0.isBad && !$0.part.isInformation }
    progress.say(Verdict.text(results, broken: broken, isBad: isBad))
    return isBad ? 1 : 0
  }

  private func chosen(_ devices: [FoundDevice]) throws -> [FoundDevice] {
    switch options.device {
    case "all": return devices
    case "auto": return devices.filter(\.isGPU)
    default:
      if options.device.hasPrefix("opencl"), !devices.contains(where: { $0.index != "cpu" }) { return [] }
      let name = options.device == "opencl" ? "opencl:0" : options.device
      guard let device = devices.first(where: { $0.index == name }) else {
        throw LatheError(
          .invalidArgument,
          "no device '\(options.device)'; there are auto, all, \(devices.map(\.index).joined(separator: ", "))"
        )
      }
      return [device]
    }
  }
}

/// What a run comes to.
enum Verdict {
  /// A row for each part.
  static func table(_ results: [PartResult]) -> [String] {
    let head = ["device", "runs", "failed", "known", "ended", "not run", "seconds", ""]
    let rows = results.map { result in
      [
        result.part.title, "\(result.run)", "\(result.failed)", "\(result.known)", "\(result.ends)",
        "\(result.left)", formatted(result.seconds, "%.0f"),
        result.part.isInformation ? "for information" : result.isBad ? "FAILED" : "passed",
      ]
    }
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    return ([head] + rows).map { row in
      row.indices.map { column in
        let blanks = String(repeating: " ", count: widths[column] - row[column].count)
        return column == head.count - 1
          ? row[column] : column == 0 ? row[column] + blanks : blanks + row[column]
      }.joined(separator: "  ")
    }
  }

  /// The last line.
  static func text(_ results: [PartResult], broken: Int, isBad: Bool) -> String {
    let judged = results.filter { !$0.part.isInformation }
    let failed = judged.reduce(0) { $0 + $1.failed + $1.left } + broken
    if isBad {
      return "FAILED: " + (failed > 0 ? "\(failed) failed or not run" : "the list of known faults is old")
    }
    let strangers = results.filter { $0.part.isInformation && $0.isBad }
    let known = judged.reduce(0) { $0 + $1.known }
    return "passed: \(judged.map(\.part.title).joined(separator: ", "))"
      + (known > 0 ? "; \(counted(known, "known faults"))" : "")
      + (strangers.isEmpty
        ? "" : "; the kernels of the cpu profile, which no GPU is given, have failures there: no fault")
  }
}
