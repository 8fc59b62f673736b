import Lathe
import TestSupport
import Testing

extension AllTests {
  @Suite("Operations on the CPU", .serialized)
  struct CPUOperations {
    @Test(arguments: OpCase.all(.value, profile: nil))
    func value(_ opCase: OpCase) { check(opCase, .value, .cpu) }
    @Test(arguments: OpCase.all(.gradient, profile: nil))
    func gradient(_ opCase: OpCase) { check(opCase, .gradient, .cpu) }
    @Test(arguments: OpCase.all(.secondOrder, profile: nil))
    func secondOrder(_ opCase: OpCase) { check(opCase, .secondOrder, .cpu) }
    @Test(arguments: OpCase.all(.view, profile: nil))
    func view(_ opCase: OpCase) { check(opCase, .view, .cpu) }
  }

  @Suite(
    "Operations on OpenCL, cpu profile", .serialized,
    .enabled(if: TestDevice.runsOpenCL, TestDevice.skipReason))
  struct OpenCLCPUProfileOperations {
    static let devices = TestDevice.openCL("cpu")

    @Test(arguments: devices, OpCase.all(.value, profile: "cpu"))
    func value(_ device: Device, _ opCase: OpCase) { check(opCase, .value, device) }
    @Test(arguments: devices, OpCase.all(.gradient, profile: "cpu"))
    func gradient(_ device: Device, _ opCase: OpCase) { check(opCase, .gradient, device) }
    @Test(arguments: devices, OpCase.all(.secondOrder, profile: "cpu"))
    func secondOrder(_ device: Device, _ opCase: OpCase) { check(opCase, .secondOrder, device) }
    @Test(arguments: devices, OpCase.all(.view, profile: "cpu"))
    func view(_ device: Device, _ opCase: OpCase) { check(opCase, .view, device) }
  }

  @Suite(
    "Operations on OpenCL, gpu profile", .serialized,
    .enabled(if: TestDevice.runsOpenCL, TestDevice.skipReason))
  struct OpenCLGPUProfileOperations {
    static let devices = TestDevice.openCL("gpu")

    @Test(arguments: devices, OpCase.all(.value, profile: "gpu"))
    func value(_ device: Device, _ opCase: OpCase) { check(opCase, .value, device) }
    @Test(arguments: devices, OpCase.all(.gradient, profile: "gpu"))
    func gradient(_ device: Device, _ opCase: OpCase) { check(opCase, .gradient, device) }
    @Test(arguments: devices, OpCase.all(.secondOrder, profile: "gpu"))
    func secondOrder(_ device: Device, _ opCase: OpCase) { check(opCase, .secondOrder, device) }
    @Test(arguments: devices, OpCase.all(.view, profile: "gpu"))
    func view(_ device: Device, _ opCase: OpCase) { check(opCase, .view, device) }
  }
}

/// Records what went wrong with a case.
private func check(_ opCase: OpCase, _ mode: Mode, _ device: Device) {
  for failure in OperationRun.failures(opCase, mode, on: device) { Issue.record("\(failure)") }
}
