import Lathe
import TestSupport
import Testing

extension AllTests {
  @Suite("Operations on the CPU", .serialized)
  struct CPUOperations {
    @Test(arguments: OpCase.all(.value)) func value(_ opCase: OpCase) { check(opCase, .value, .cpu) }
    @Test(arguments: OpCase.all(.gradient)) func gradient(_ opCase: OpCase) { check(opCase, .gradient, .cpu) }
    @Test(arguments: OpCase.all(.secondOrder)) func secondOrder(_ opCase: OpCase) {
      check(opCase, .secondOrder, .cpu)
    }
    @Test(arguments: OpCase.all(.view)) func view(_ opCase: OpCase) { check(opCase, .view, .cpu) }
  }

  @Suite(
    "Operations on OpenCL, cpu profile", .serialized,
    .enabled(if: TestDevice.runsOpenCL, TestDevice.skipReason))
  struct OpenCLCPUProfileOperations {
    static let devices = TestDevice.openCL("cpu")

    @Test(arguments: devices, OpCase.all(.value))
    func value(_ device: Device, _ opCase: OpCase) { check(opCase, .value, device) }
    @Test(arguments: devices, OpCase.all(.gradient))
    func gradient(_ device: Device, _ opCase: OpCase) { check(opCase, .gradient, device) }
    @Test(arguments: devices, OpCase.all(.secondOrder))
    func secondOrder(_ device: Device, _ opCase: OpCase) { check(opCase, .secondOrder, device) }
    @Test(arguments: devices, OpCase.all(.view))
    func view(_ device: Device, _ opCase: OpCase) { check(opCase, .view, device) }
  }

  @Suite(
    "Operations on OpenCL, gpu profile", .serialized,
    .enabled(if: TestDevice.runsOpenCL, TestDevice.skipReason))
  struct OpenCLGPUProfileOperations {
    static let devices = TestDevice.openCL("gpu")

    @Test(arguments: devices, OpCase.all(.value))
    func value(_ device: Device, _ opCase: OpCase) { check(opCase, .value, device) }
    @Test(arguments: devices, OpCase.all(.gradient))
    func gradient(_ device: Device, _ opCase: OpCase) { check(opCase, .gradient, device) }
    @Test(arguments: devices, OpCase.all(.secondOrder))
    func secondOrder(_ device: Device, _ opCase: OpCase) { check(opCase, .secondOrder, device) }
    @Test(arguments: devices, OpCase.all(.view))
    func view(_ device: Device, _ opCase: OpCase) { check(opCase, .view, device) }
  }
}

/// Runs a case and records what went wrong; a float32 case must not have been done by the CPU in OpenCL's stead.
private func check(_ opCase: OpCase, _ mode: Mode, _ device: Device) {
  let before = device.counters.fallbacks
  for failure in opCase.failures(mode, on: device) { Issue.record("\(failure)") }
  let fallbacks = device.counters.fallbacks - before
  #expect(
    !opCase.isFloat32 || fallbacks == 0,
    "\(opCase.name) on \(TestDevice.describe(device)), \(mode.rawValue): \(fallbacks) operations fell back to the CPU"
  )
}
