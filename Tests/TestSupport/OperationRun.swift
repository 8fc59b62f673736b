import Dispatch
import Lathe
import Synchronization

/// The whole operation suite, run once: every device on a thread of its own, since an OpenCL compiler keeps one core
/// busy and most of the time goes into compiling.
package enum OperationRun {
  /// What a test asks for.
  private struct Key: Hashable {
    var device: Device
    var mode: Mode
    var name: String
  }

  private static let results: [Key: [String]] = {
    let devices = TestDevice.all
    let found = Mutex<[Key: [String]]>([:])
    DispatchQueue.concurrentPerform(iterations: devices.count) { i in
      let device = devices[i]
      for mode in Mode.allCases {
        for opCase in OpCase.all(mode, on: device) {
          let failures = run(opCase, mode, device)
          found.withLock { $0[Key(device: device, mode: mode, name: opCase.name)] = failures }
        }
      }
    }
    return found.withLock { $0 }
  }()

  /// What went wrong with a case; runs the suite at the first call.
  package static func failures(_ opCase: OpCase, _ mode: Mode, on device: Device) -> [String] {
    results[Key(device: device, mode: mode, name: opCase.name)] ?? [
      "\(opCase.name): not run in mode \(mode.rawValue)"
    ]
  }

  /// A case of float32 or float64 must not have been done by the CPU in OpenCL's stead.
  private static func run(_ opCase: OpCase, _ mode: Mode, _ device: Device) -> [String] {
    let before = device.counters.fallbacks
    var failures = opCase.failures(mode, on: device)
    let fallbacks = device.counters.fallbacks - before
    if opCase.isFloat && !opCase.runsOnHost && fallbacks > 0 {
      failures.append(
        "\(opCase.name) on \(TestDevice.describe(device)), \(mode.rawValue): \(fallbacks) operations fell back to the CPU"
      )
    }
    if device.counters.refusedDeclarations > 0 {
      failures.append(
        "\(opCase.name) or one before it calls a built-in function that builtins.clh does not declare")
    }
    return failures
  }
}
