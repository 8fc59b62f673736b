import Lathe
import LatheCore
import TestSupport

/// A device with the kernels of one profile, which have processes of their own.
struct Part {
  var device: FoundDevice
  /// Empty for the CPU path.
  var profile: String

  var title: String { profile.isEmpty ? device.index : "\(device.index) (\(profile) profile)" }
  /// Kernels that are not made for the device: how they do there is good to know and no fault.
  var isInformation: Bool { device.isGPU && profile == "cpu" }
}

/// How a part went.
struct PartResult {
  var part: Part
  var planned = 0
  var run = 0
  var failed = 0
  var known = 0
  /// How often the driver ended the process or was given up.
  var ends = 0
  /// Cases that were never run, since the driver ended too many processes.
  var left = 0
  var seconds = 0.0

  var isBad: Bool { failed > 0 || left > 0 }
}

/// Runs a part, again from behind each case at which the driver ends the process.
final class PartRun {
  /// After so many ends the rest of a part is left.
  private static let mostEnds = 8

  private let part: Part
  private let options: Options
  /// What is known, and what of it was seen.
  private(set) var known: KnownFaults
  private let progress: Progress

  init(_ part: Part, _ options: Options, known: KnownFaults, progress: Progress) {
    self.part = part
    self.options = options
    self.known = known
    self.progress = progress
  }

  /// The words that processes of a part write in front of their lines.
  enum Word {
    static let plan = "plan", begin = "begin", failure = "failure", fault = "fault", finished = "finished"
  }

  /// Everything that a process has said so far.
  private struct Talk {
    var line: [UInt8] = []
    var mode = ""
    var name = ""
    /// Whether the present case has failed already.
    var hasFailed = false
    var isFinished = false
  }

  /// Runs the part.
  func result() throws -> PartResult {
    var result = PartResult(part: part)
    var start: String?
    let begin = ContinuousClock.now
    progress.begin(part.title)
    while true {
      var talk = Talk()
      let words = options.words(device: part.device.index, profile: part.profile, after: start)
      let process = try ChildProcess.run(
        "/proc/self/exe", words, silence: Double(options.patience),
        receive: { bytes in
          for byte in bytes {
            if byte == UInt8(ascii: "\n") {
              let text = String(decoding: talk.line, as: UTF8.self)
              talk.line = []
              self.hear(text, &talk, &result)
            } else {
              talk.line.append(byte)
            }
          }
        })
      let reason = Self.reason(process, patience: options.patience)
      if reason == nil && talk.isFinished { break }
      guard process.ending != .exited(2) else { throw LatheError(.invalidArgument, reason ?? "") }
      result.ends += 1
      let ending = reason ?? "the process ended before it was done"
      if talk.name.isEmpty {
        note("before the first case: \(ending)", &result)
      } else {
        talk.hasFailed = false
        fail("\(talk.name): \(ending)", &talk, &result)
      }
      guard !talk.name.isEmpty, result.ends < Self.mostEnds else {
        result.left = result.planned - result.run
        if result.left > 0 { progress.say("\(part.title): \(counted(result.left, "cases")) not run") }
        break
      }
      start = "\(talk.mode) \(talk.name)"
    }
    result.seconds = (ContinuousClock.now - begin) / .seconds(1)
    progress.end()
    return result
  }

  private func hear(_ line: String, _ talk: inout Talk, _ result: inout PartResult) {
    let words = line.split(separator: " ", maxSplits: 1)
    let rest = words.count > 1 ? String(words[1]) : ""
    switch words.first.map(String.init) {
    case Word.plan: result.planned = result.run + (Int(rest) ?? 0)
    case Word.begin:
      let names = rest.split(separator: " ", maxSplits: 1).map(String.init)
      guard names.count == 2 else { return }
      (talk.mode, talk.name, talk.hasFailed) = (names[0], names[1], false)
      result.run += 1
      progress.step(talk.mode, result)
    case Word.failure: fail(rest, &talk, &result)
    case Word.fault: note(rest, &result)
    case Word.finished: talk.isFinished = true
    default: progress.say(line)
    }
  }

  /// Counts the present case as failed once, whatever it says.
  private func fail(_ text: String, _ talk: inout Talk, _ result: inout PartResult) {
    let isKnown = known.covers(part.profile, talk.mode, talk.name)
    progress.say("\(part.title), \(talk.mode): \(text)" + (isKnown ? " (known)" : ""))
    if !talk.hasFailed {
      if isKnown { result.known += 1 } else { result.failed += 1 }
    }
    talk.hasFailed = true
  }

  private func note(_ text: String, _ result: inout PartResult) {
    result.failed += 1
    progress.say("\(part.title): \(text)")
  }

  /// Why a process did not end well, with its last word on standard error; nil where it did.
  static func reason(_ process: ChildProcess, patience: Int) -> String? {
    let last = String(decoding: process.errors, as: UTF8.self).split(separator: "\n").last.map(String.init)
    let said = last.map { ": \($0)" } ?? ""
    return switch process.ending {
    case .exited(0): nil
    case .exited(2): last ?? "exit code 2"
    case .exited(let code): "the driver ended the process with exit code \(code)\(said)"
    case .signal(let number): "the driver ended the process with signal \(number)\(said)"
    case .late: "no answer for \(patience) s, given up\(said)"
    }
  }
}
