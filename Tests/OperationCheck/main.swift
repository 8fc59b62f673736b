import Dispatch
import Glibc
import Lathe
import LatheCore
import Synchronization
import TestSupport

// Runs the operation suite outside the test runner: on a GPU, under oclgrind, or to look into one case.

/// Prints lines whole, from any thread, and at once where the output goes to a file.
let printLine: @Sendable (String) -> Void = { line in _ = writeText(line + "\n", to: STDOUT_FILENO) }

func stop(_ message: String) -> Never {
  writeToStandardError(message)
  exit(2)
}

func check(_ options: Options) throws -> Int32 {
  if options.lists {
    for opCase in OpCase.all where options.selects(opCase) { printLine(opCase.name) }
    return 0
  }
  let chosen = try CheckedDevices(options)
  if let note = chosen.note { printLine(note) }
  for broken in chosen.broken { printLine(broken) }
  for device in chosen.devices {
    printLine("\(TestDevice.describe(device)): \(device.info.name), \(device.info.driver)")
  }
  let run = Atomic<Int>(0)
  let failed = Atomic<Int>(chosen.broken.count)
  // Most of the time goes into compiling, which a device does one program at a time.
  DispatchQueue.concurrentPerform(iterations: chosen.devices.count) { index in
    let check = DeviceCheck(device: chosen.devices[index], options: options, report: printLine)
    let counts = check.counts()
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
