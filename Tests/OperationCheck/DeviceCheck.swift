import Lathe
import LatheCore
import TestSupport

/// The suite on one device.
struct DeviceCheck {
  var device: Device
  var options: Options
  /// Receives a line for each failure and for each mode that is done.
  var report: @Sendable (String) -> Void

  /// Runs the cases; returns how many ran and how many of them failed.
  func counts() -> (run: Int, failed: Int) {
    let name = TestDevice.describe(device)
    let refused = device.counters.refusedDeclarations
    var counts = (run: 0, failed: 0)
    for mode in options.modes {
      let start = ContinuousClock.now
      var run = 0
      var failed = 0
      for opCase in OpCase.all(mode, on: device) where options.selects(opCase) {
        if options.verbose { report("\(name), \(mode.rawValue): \(opCase.name)") }
        let fallbacks = device.counters.fallbacks
        var failures = failures(opCase, mode)
        if device.counters.fallbacks > fallbacks && !opCase.runsOnHost {
          failures.append("\(opCase.name): ran on the CPU")
        }
        run += 1
        if !failures.isEmpty { failed += 1 }
        for failure in failures { report("\(name), \(mode.rawValue): \(failure)") }
      }
      let seconds = formatted((ContinuousClock.now - start) / .seconds(1), "%.1f")
      report("\(name), \(mode.rawValue): \(run) runs, \(failed) failed, \(seconds) s")
      counts = (counts.run + run, counts.failed + failed)
    }
    if device.counters.refusedDeclarations > refused {
      report("\(name): a kernel calls a built-in function that builtins.clh does not declare")
      counts.failed += 1
    }
    return counts
  }
  /// What went wrong with a case.
  private func failures(_ opCase: OpCase, _ mode: Mode) -> [String] {
    guard options.runsOnly else { return opCase.failures(mode, on: device) }
    do {
      try opCase.runOnly(mode, on: device)
      return []
    } catch {
      return ["\(opCase.name): \(error)"]
    }
  }
}
