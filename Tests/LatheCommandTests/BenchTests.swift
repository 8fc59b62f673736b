import DataTestSupport
import Foundation
import Testing

extension CommandTests {
  @Suite("Benchmarks")
  struct BenchTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bench(_ arguments: String...) throws -> Lathe {
      try Lathe.start(["bench"] + arguments, in: folder.path).wait()
    }

    @Test("A narrow quick run prints a table and writes JSON")
    func quick() throws {
      let result = try bench(
        "gemm", "--quick", "--device", "cpu", "--filter", "matmul/64x64x64/", "--json", "out.json",
        "--report", "out.html")
      #expect(result.status == 0, "\(result.errors)")
      for word in ["host", "BLAS", "roofs: copy", "median", "gemm/matmul", "64x64x64", "GFLOP/s"] {
        #expect(result.output.contains(word), "\(word)")
      }
      let text = String(decoding: try folder.read("out.json"), as: UTF8.self)
      #expect(text.contains("gemm/matmul/64x64x64/float32/cpu"))
      #expect(String(decoding: try folder.read("out.html"), as: UTF8.self).contains("64x64x64"))
      // A run compared with itself has no row that became slower.
      let comparison = try bench("--compare", "out.json", "out.json")
      #expect(comparison.status == 0 && comparison.output.contains("1.00"))
      try write(text, "quiet.json", slower: 1)
      try write(text, "slow.json", slower: 9)
      let slower = try bench("--compare", "quiet.json", "slow.json")
      #expect(slower.status == 1 && slower.output.contains("slower"))
    }

    /// A run's file with times that lie close together, so that no row is set aside as noisy.
    private func write(_ text: String, _ name: String, slower factor: Double) throws {
      var file = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      let rows = try #require(file["benchmarks"] as? [[String: Any]])
      file["benchmarks"] = try rows.map { row in
        let time = try #require(row["real_time"] as? Double) * factor
        let samples = (0..<10).map { time * (1 + Double($0) * 1e-3) }
        let figures: [String: Any] = ["real_time": time, "p10": time, "p90": time, "lathe_samples": samples]
        return row.merging(figures) { _, new in new }
      }
      try folder.write(Array(JSONSerialization.data(withJSONObject: file)), name)
    }

    @Test("Files that cannot be compared are named as such")
    func comparing() throws {
      let missing = try bench("--compare", "old.json", "new.json")
      #expect(missing.status == 1 && missing.errors.contains("old.json: no such file"))
      try folder.write(Array("{\"context\": {}}".utf8), "old.json")
      let other = try bench("--compare", "old.json", "new.json")
      #expect(other.status == 1 && other.errors.contains("of another program"))
      #expect(try bench("--compare", "old.json").status == 2)
      #expect(try bench("--threshold", "0.5").status == 2)
    }

    @Test("A file that cannot be written ends a run before it measures")
    func badPaths() throws {
      for option in ["--json", "--report", "--trace"] {
        let result = try bench("gemm", "--device", "cpu", option, "nowhere/out.json")
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.contains("nowhere/out.json: cannot be written"), "\(result.errors)")
      }
      #expect(try bench("--markdown").status == 2)
    }

    @Test("Ctrl-C keeps the rows that are finished")
    func interrupted() throws {
      let running = try Lathe.start(
        ["bench", "gemm", "--device", "cpu", "--json", "out.json"], in: folder.path)
      #expect(
        running.waitFor {
          (try? String(contentsOfFile: running.output, encoding: .utf8))?.contains("64x64x64") == true
        })
      kill(running.process.processIdentifier, SIGINT)
      let result = try running.wait()
      #expect(result.status == 130, "\(result.errors)")
      #expect(result.errors.contains("stopped after"))
      let text = String(decoding: try folder.read("out.json"), as: UTF8.self)
      #expect(text.contains("gemm/matmul/64x64x64/float32/cpu"))
    }

    @Test("The list runs nothing")
    func list() throws {
      let result = try bench("--list")
      #expect(result.status == 0)
      for word in ["gemm:", "train:", "  gemm/matmul/2048x2048x2048/float32"] {
        #expect(result.output.contains(word))
      }
    }

    @Test(
      "What is not there ends with 2 and the list of what is",
      arguments: [
        (["nothing"], "unknown suite 'nothing'"), (["--device", "tpu"], "unknown device 'tpu'"),
        (["gemm", "--filter", "nothing"], "matches none"), (["--profile", "fast"], "unknown kernel profile"),
      ])
    func unknown(_ arguments: [String], _ message: String) throws {
      let result = try Lathe.start(["bench"] + arguments, in: folder.path).wait()
      #expect(result.status == 2)
      #expect(result.errors.contains(message), "\(result.errors)")
    }
  }
}
