import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  /// The driver that scripts/check-gpu-code.sh records programs and launches with.
  @Suite("Paper driver", .enabled(if: Device.all.count > 1))
  struct PaperDriverTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Variables that have a device described by a file answer; nil where there is no C compiler.
    private func environment(_ device: String) throws -> [String: String]? {
      let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("PaperDriver").path
      let compiled = try? Lathe.start(
        program: "/bin/sh", ["-c", "cc -std=c11 -shared -fPIC -o libpaper.so '\(sources)'/*.c"],
        in: folder.path
      ).wait()
      guard compiled?.status == 0 else { return nil }
      return [
        "LATHE_OPENCL_LIBRARY": folder.path + "/libpaper.so", "LATHE_CACHE_DIR": "off",
        "LATHE_PAPER_DEVICE": "\(sources)/devices/\(device).txt",
        "LATHE_PAPER_OUTPUT": folder.path + "/paper",
      ]
    }

    @Test(
      "Each described device is listed as what it is",
      arguments: [
        ("h200", "NVIDIA H200"), ("mi300x", "gfx942"), ("rx7900xtx", "gfx1100"), ("arc-b580", "Arc(TM) B580"),
      ])
    func devices(_ file: String, _ name: String) throws {
      guard let environment = try environment(file) else { return }
      let result = try Lathe.run("devices", in: folder.path, environment: environment)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains(name) && result.output.contains("gpu"), "\(result.output)")
    }

    /// What a worker says that runs a workload on paper.
    private func record(_ workload: String, _ environment: [String: String]) throws -> Lathe {
      let request = #"{"do": "run", "name": "\#(workload)", "runs": 2}"#
      let running = try Lathe.start(
        program: "/bin/sh",
        [
          "-c",
          "echo '\(request)' | exec \"$0\" bench --worker --device opencl --trace /dev/null",
          Lathe.binary.path,
        ],
        in: folder.path, environment: environment)
      let result = try running.wait()
      #expect(result.status == 0, "\(result.errors)")
      return result
    }

    @Test("Attention's sums are in registers, of which NVIDIA's compiler is told how many")
    func attention() throws {
      guard let environment = try environment("h200") else { return }
      _ = try record("attention/attention-forward/8x12x128x64/float32", environment)
      let folder = folder.path + "/paper/programs"
      let options = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
        $0.hasSuffix(".options")
      }
      .map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
      #expect(
        options.contains { $0.contains("-DUNROLLED=1") && $0.contains("-cl-nv-maxrregcount=128") },
        "\(options)")
    }

    @Test("A workload's programs and launches are written down, and the worker tells the work of each")
    func records() throws {
      guard let environment = try environment("h200") else { return }
      let result = try record("gemm/matmul/64x64x64/float32", environment)
      #expect(
        result.output.contains(#""name":"gemm: matmul 64x64x64""#)
          && result.output.contains(#""operations":524288"#),
        "\(result.output)")
      let log = try String(contentsOfFile: folder.path + "/paper/launches.jsonl", encoding: .utf8)
      #expect(
        log.split(separator: "\n").filter { $0.contains(#""launch":"gemm","global":["#) }.count == 2,
        "\(log)")
      let programs = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/paper/programs")
      #expect(Set(programs.map { $0.split(separator: ".")[1] }) == ["cl", "options"])
    }

    @Test("A problem of lathe tune is a workload, too")
    func problems() throws {
      guard let environment = try environment("h200") else { return }
      let result = try record("tune/reduction_gpu/rows", environment)
      #expect(result.output.contains(#""name":"reduce: reduce sum""#), "\(result.output)")
      #expect(result.output.contains(#""bytes":67"#), "\(result.output)")
      let unknown = try record("tune/gemm_tpu/large", environment)
      #expect(unknown.output.contains("unknown problem 'gemm_tpu/large'; there are gemm_gpu/row"))
    }
  }
}
