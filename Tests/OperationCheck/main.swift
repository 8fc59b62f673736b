import Dispatch
import Glibc
import Lathe
import LatheCore
import Synchronization
import TestSupport

// Runs the operation suite outside the test runner: on a GPU, under oclgrind, or to look into one case.

/// Prints lines whole, from any thread, and at once where the output goes to a file.
let printLine: @Sendable (String) -> Void = { line in _ = writeText(line + "\n", to: STDOUT_FILENO) }

func stop(_ message: String, _ code: Int32 = 2) -> Never {
  writeToStandardError(message)
  exit(code)
}

/// The check of a device, in this process, as a run shows it that is one alone.
func shownCheck(_ device: Device, _ options: Options) -> (run: Int, failed: Int) {
  let name = TestDevice.describe(device)
  let check = DeviceCheck(device: device, options: options) { event in
    switch event {
    case .plan: break
    case .begin(let mode, let opCase):
      if options.verbose { printLine("\(name), \(mode.rawValue): \(opCase)") }
    case .failure(let mode, let text): printLine("\(name), \(mode.rawValue): \(text)")
    case .fault(let text): printLine("\(name): \(text)")
    case .done(let mode, let run, let failed, let seconds):
      printLine("\(name), \(mode.rawValue): \(run) runs, \(failed) failed, \(formatted(seconds, "%.1f")) s")
    }
  }
  return check.counts()
}

/// The check of a part, as the process that started this one wants to hear of it.
func runPart(_ options: Options) throws {
  let devices = try CheckedDevices(options)
  guard let device = devices.devices.first else { stop(devices.broken.first ?? "there is no such device", 1) }
  if options.isLarge {
    try LargeCheck(device: device, options: options).run(printLine)
  } else {
    let check = DeviceCheck(device: device, options: options) { event in
      switch event {
      case .plan(let count): printLine("\(PartRun.Word.plan) \(count)")
      case .begin(let mode, let opCase): printLine("\(PartRun.Word.begin) \(mode.rawValue) \(opCase)")
      case .failure(_, let text): printLine("\(PartRun.Word.failure) \(text.replacing("\n", with: "; "))")
      case .fault(let text): printLine("\(PartRun.Word.fault) \(text)")
      case .done: break
      }
    }
    if check.counts().run == 0 && options.start == nil { stop("no case is of that name, size and mode") }
  }
  printLine(PartRun.Word.finished)
}

func check(_ options: Options) throws -> Int32 {
  if options.showsHelp {
    printLine(Options.usage)
    return 0
  }
  if options.lists {
    for opCase in OpCase.all where options.selects(opCase) { printLine(opCase.name) }
    return 0
  }
  if options.tellsDevices {
    for line in FoundDevice.lines { printLine(line) }
    return 0
  }
  if options.isPart {
    try runPart(options)
    return 0
  }
  if options.isApart || options.isLarge { return try ApartRun(options: options).run() }
  let chosen = try CheckedDevices(options)
  for broken in chosen.broken { printLine(broken) }
  guard !chosen.devices.isEmpty || !chosen.broken.isEmpty else {
    for line in Device.missingGPU { writeToStandardError(line) }
    return 3
  }
  for device in chosen.devices {
    printLine("\(TestDevice.describe(device)): \(device.info.name), \(device.info.driver)")
  }
  let run = Atomic<Int>(0)
  let failed = Atomic<Int>(chosen.broken.count)
  // Most of the time goes into compiling, which a device does one program at a time.
  DispatchQueue.concurrentPerform(iterations: chosen.devices.count) { index in
    let counts = shownCheck(chosen.devices[index], options)
    run.add(counts.run, ordering: .relaxed)
    failed.add(counts.failed, ordering: .relaxed)
  }
  let count = failed.load(ordering: .relaxed)
  if run.load(ordering: .relaxed) == 0 && count == 0 { stop("no case is of that name, size and mode") }
  printLine(count == 0 ? "all passed" : "\(count) failed")
  return count == 0 ? 0 : 1
}

do throws(Options.Mistake) {
  let options = try Options(CommandLine.arguments.dropFirst())
  do { exit(try check(options)) } catch { stop("\(error)") }
} catch {
  stop(error.text)
}
