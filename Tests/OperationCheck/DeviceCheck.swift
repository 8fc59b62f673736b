import Lathe
import LatheCore
import TestSupport

/// The suite on one device.
struct DeviceCheck {
  /// What happens while it runs.
  enum Event {
    /// How many runs there will be.
    case plan(Int)
    case begin(Mode, String)
    case failure(Mode, String)
    /// A mode is done.
    case done(Mode, run: Int, failed: Int, seconds: Double)
    /// Something that is wrong with no case alone.
    case fault(String)
  }

  var device: Device
  var options: Options
  var tell: @Sendable (Event) -> Void

  /// Runs the cases; returns how many ran and how many of them failed.
  @discardableResult func counts() -> (run: Int, failed: Int) {
    let refused = device.counters.refusedDeclarations
    var counts = (run: 0, failed: 0)
    let work = remaining()
    tell(.plan(work.reduce(0) { $0 + $1.cases.count }))
    for (mode, cases) in work {
      let start = ContinuousClock.now
      var failed = 0
      for opCase in cases {
        tell(.begin(mode, opCase.name))
        let fallbacks = device.counters.fallbacks
        var failures = failures(opCase, mode)
        if device.counters.fallbacks > fallbacks && !opCase.runsOnHost {
          failures.append("\(opCase.name): ran on the CPU")
        }
        if !failures.isEmpty { failed += 1 }
        for failure in failures { tell(.failure(mode, failure)) }
      }
      tell(
        .done(mode, run: cases.count, failed: failed, seconds: (ContinuousClock.now - start) / .seconds(1)))
      counts = (counts.run + cases.count, counts.failed + failed)
    }
    if device.counters.refusedDeclarations > refused {
      tell(.fault("a kernel calls a built-in function that builtins.clh does not declare"))
      counts.failed += 1
    }
    return counts
  }

  /// The cases of each mode, from behind the one that another process got to.
  private func remaining() -> [(mode: Mode, cases: [OpCase])] {
    var work = options.modes.map { mode in
      (mode: mode, cases: OpCase.all(mode, on: device).filter { options.selects($0) && hasTypes($0) })
    }
    guard let start = options.start else { return work }
    while let first = work.first {
      if let index = first.cases.firstIndex(where: { "\(first.mode.rawValue) \($0.name)" == start }) {
        work[0].cases.removeFirst(index + 1)
        break
      }
      work.removeFirst()
    }
    return work
  }

  /// Whether the device has the types of a case; without float64 every such operation is an error, as documented.
  private func hasTypes(_ opCase: OpCase) -> Bool {
    device == .cpu || device.info.float64
      || !(opCase.name.contains("float64") || opCase.isFloat64 || opCase.dtype == .float64)
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
