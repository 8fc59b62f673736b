import Lathe
import TestSupport
import Testing

/// The suite that holds all others: one test at a time, since launches and memory are counted per device.
@Suite("Lathe", .serialized)
struct AllTests {
  /// Skipped, and shown as such, on a machine without OpenCL; a failure there if `LATHE_REQUIRE_OPENCL` is 1.
  @Test("OpenCL is present", .enabled(if: TestDevice.runsOpenCL, TestDevice.skipReason))
  func openCLIsPresent() {
    #expect(TestDevice.openCLCount > 0, "\(Device.openCLAbsence ?? "every OpenCL device failed to open")")
  }
}

extension Device: CustomTestStringConvertible {
  /// Name and kernel profile.
  public var testDescription: String { TestDevice.describe(self) }
}

extension OpCase: CustomTestStringConvertible {
  package var testDescription: String { name }
}

extension TestDevice {
  /// Said of OpenCL tests where there is no OpenCL.
  static let skipReason: Comment = "no OpenCL device on this machine: nothing was checked on OpenCL"
}

/// Fails the test where values differ from what they should be.
func expectEqual(
  _ tensor: Tensor, _ expected: NDArray, _ dtype: DType = .float32, _ tolerance: Tolerance = .elementwise,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  if let problem = mismatch(tensor, expected, dtype, tolerance) {
    Issue.record("\(problem)", sourceLocation: sourceLocation)
  }
}
