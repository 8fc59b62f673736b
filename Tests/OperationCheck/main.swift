import Foundation
import Lathe
import TestSupport

// Runs the operation suite outside the test runner: under oclgrind, or to look into one case.

let usage = """
  usage: OperationCheck [--device cpu|opencl] [--profile cpu|gpu] [--mode value|gradient|secondOrder|view]
                         [--name TEXT] [--case NAME] [--largest ELEMENTS] [--list] [--verbose]

  Runs the cases whose name contains TEXT (or is NAME) and whose inputs have at most ELEMENTS elements; exits with 1 where one
  fails or runs on the CPU instead of the OpenCL device.
  """

var deviceName = "cpu"
var profile = "gpu"
var modes = Mode.allCases
var text = ""
var exactName = ""
var largest = Int.max
var lists = false
var verbose = false
var arguments = CommandLine.arguments.dropFirst()

func stop(_ message: String) -> Never {
  FileHandle.standardError.write(Data("\(message)\n".utf8))
  exit(2)
}

@MainActor func value(_ option: String) -> String {
  guard let value = arguments.popFirst() else { stop("\(option) takes a value\n\(usage)") }
  return value
}

while let argument = arguments.popFirst() {
  switch argument {
  case "--device": deviceName = value(argument)
  case "--profile": profile = value(argument)
  case "--mode":
    guard let mode = Mode(rawValue: value(argument)) else { stop("no such mode\n\(usage)") }
    modes = [mode]
  case "--name": text = value(argument)
  case "--case": exactName = value(argument)
  case "--largest":
    guard let count = Int(value(argument)) else { stop("--largest takes a number") }
    largest = count
  case "--list": lists = true
  case "--verbose": verbose = true
  default: stop("unknown option \(argument)\n\(usage)")
  }
}

let device: Device
do {
  device = deviceName == "cpu" ? .cpu : try Device.opencl(0, profile: profile)
} catch {
  stop("\(error)")
}
let cases = OpCase.all.filter {
  (text.isEmpty || $0.name.contains(text)) && (exactName.isEmpty || $0.name == exactName)
    && $0.inputCount <= largest
}
if lists {
  for opCase in cases { print(opCase.name) }
  exit(0)
}

var run = 0
var failed = 0
for mode in modes {
  let applicable = Set(OpCase.all(mode, on: device).map(\.name))
  for opCase in cases where applicable.contains(opCase.name) {
    if verbose { print("\(mode.rawValue): \(opCase.name)") }
    let fallbacks = device.counters.fallbacks
    var failures = opCase.failures(mode, on: device)
    if device.counters.fallbacks > fallbacks { failures.append("\(opCase.name): ran on the CPU") }
    run += 1
    if !failures.isEmpty { failed += 1 }
    for failure in failures { print(failure) }
  }
}
print("\(TestDevice.describe(device)): \(run) runs, \(failed) failed")
exit(failed == 0 ? 0 : 1)
