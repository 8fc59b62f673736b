import DataTestSupport
import Foundation
import Testing

extension CommandTests {
  @Suite("Traces")
  struct TraceTests {
    private struct File: Decodable {
      struct Event: Decodable {
        var name: String
        var ph: String
        var cat: String?
        var ts: Double?
        var dur: Double?
        var tid: Int
        var args: [String: Value]
      }

      /// A text, or a number that the test does not look at.
      struct Value: Decodable {
        var text: String?

        init(from decoder: any Decoder) throws {
          text = try? decoder.singleValueContainer().decode(String.self)
        }
      }

      var traceEvents: [Event]
    }

    @Test(
      "A traced run writes a file for viewers and prints the longest kernels", arguments: ["cpu", "opencl:0"])
    func trace(_ device: String) throws {
      let folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 128, test: 40)
      guard try Lathe.run("devices", in: folder.path).output.contains(device) else {
        try #require(ProcessInfo.processInfo.environment["LATHE_REQUIRE_OPENCL"] != "1", "no \(device)")
        return
      }
      let result = try Lathe.run(
        "train", "lenet", "--data-dir", folder.path, "--device", device, "--epochs", "1", "--trace",
        "trace.json",
        in: folder.path)
      #expect(result.status == 0, "\(result.errors)")
      for word in ["share %", "GFLOP/s", "convolutionBackwardFilter", "trace written to trace.json"] {
        #expect(result.errors.contains(word), "\(word): \(result.errors)")
      }
      let file = try JSONDecoder().decode(File.self, from: Data(try folder.read("trace.json")))
      // The first weights are drawn on the CPU, whatever the device.
      let lanes = file.traceEvents.filter { $0.ph == "M" }.compactMap { $0.args["name"]?.text }
      #expect(lanes == (device == "cpu" ? ["host", "cpu"] : ["host", "cpu", device]))
      let spans = file.traceEvents.filter { $0.ph == "X" }
      #expect(spans.allSatisfy { ($0.ts ?? -1) >= 0 && ($0.dur ?? -1) >= 0 })
      #expect(spans.filter { $0.name == "step" }.count == 2)
      #expect(spans.contains { $0.name == "backward" && $0.cat == "host" })
      // Each step has more than twenty kernels, and they lie in the host's time.
      let lane = lanes.firstIndex(of: device)
      let kernels = spans.filter { $0.cat == "kernel" && $0.tid == lane }
      #expect(kernels.count > 40)
      let steps = spans.filter { $0.name == "step" }.compactMap(\.ts)
      #expect(kernels.contains { ($0.ts ?? 0) >= steps.min() ?? .infinity })
      // Kernels of one track follow each other.
      let times = kernels.map { (start: $0.ts ?? 0, end: ($0.ts ?? 0) + ($0.dur ?? 0)) }.sorted {
        $0.start < $1.start
      }
      #expect(zip(times, times.dropFirst()).allSatisfy { $0.end <= $1.start + 1e-3 })
    }
  }
}
