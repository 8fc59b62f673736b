import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Probe")
  struct ProbeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("Devices that cannot be probed end with 2 and what there is")
    func usage() throws {
      for (device, message) in [("cpu", "only OpenCL devices"), ("tpu", "unknown device 'tpu'")] {
        let result = try Lathe.run("probe", "--device", device, in: folder.path)
        #expect(result.status == 2 && result.errors.contains(message), "\(result.errors)")
      }
    }

    @Test("Without OpenCL the reason is named")
    func absent() throws {
      let result = try Lathe.run(
        "probe", in: folder.path, environment: ["LATHE_OPENCL_LIBRARY": "/nonexistent/libOpenCL.so"])
      #expect(result.status == 1)
      #expect(result.errors.contains("no OpenCL loader by LATHE_OPENCL_LIBRARY"))
      #expect(result.errors.contains("/nonexistent"))
    }

    @Test("A part of the probe is a finding a line", .enabled(if: Device.all.count > 1))
    func part() throws {
      let result = try Lathe.run("probe", "--device", "opencl:0", "--part", "extensions", in: folder.path)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.lines.contains { $0.contains("cl_khr_byte_addressable_store") })
    }
  }
}
