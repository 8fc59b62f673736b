import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Tuning")
  struct TuneTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
      "What is not there ends with 2 and the list of what is",
      arguments: [
        (["--suite", "gemm,sort"], "unknown suite 'sort'; there are gemm,gemv,split,conv,attention"),
        (["--device", "tpu"], "unknown device 'tpu'"), (["--device", "cpu"], "no kernels to tune"),
        (["--device", "opencl:99"], "devices here: cpu"), (["--candidates", "0"], "at least 1"),
      ])
    func unknown(_ arguments: [String], _ message: String) throws {
      let result = try Lathe.start(["tune"] + arguments, in: folder.path).wait()
      #expect(result.status == 2)
      #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test("Files that cannot keep rows", .enabled(if: Device.all.count > 1))
    func files() throws {
      let forbidden = try Lathe.run("tune", "--output", "/proc/rows.json", in: folder.path)
      #expect(forbidden.status == 1 && forbidden.errors.contains("/proc/rows.json: cannot be written"))
      try folder.write(Array("{\"schema\": \"other\"}".utf8), "other.json")
      let other = try Lathe.run("tune", "--output", "other.json", in: folder.path)
      #expect(other.status == 1 && other.errors.contains("other.json: schema 'other'"), "\(other.errors)")
      #expect(try folder.read("other.json").count == 19)
      let nowhere = try Lathe.run("tune", in: folder.path, environment: ["LATHE_CACHE_DIR": "off"])
      #expect(nowhere.status == 1 && nowhere.errors.contains("--output"))
    }

    @Test("Rows of the user that cannot be used are named once", .enabled(if: Device.all.count > 1))
    func warnings() throws {
      try folder.write(Array("not JSON".utf8), "tuning.json")
      let result = try Lathe.run("devices", in: folder.path, environment: ["LATHE_CACHE_DIR": folder.path])
      #expect(result.status == 0)
      #expect(result.errors.components(separatedBy: "not a JSON file").count == 2, "\(result.errors)")
    }
  }
}
