import LatheCore
import Testing

import LatheCommand

extension CommandTests {
  @Suite("Probe conclusions")
  struct ProbeConclusionTests {
    private func lines(_ sections: [(String, [ProbeFinding])], type: String = "gpu") -> [String] {
      var info = DeviceInfo()
      info.type = type
      info.localMemory = 48 << 10
      var report = ProbeReport(device: info)
      report.sections = sections.map { .init(part: $0.0, findings: $0.1) }
      return ProbeConclusions(report).lines
    }

    private func has(_ lines: [String], _ text: String) -> Bool { lines.contains { $0.contains(text) } }

    @Test("A card that can do more than its driver says")
    func more() {
      let found = lines([
        ("local-arrays", [.init("48 KiB, as reported", .works), .init("96 KiB", .fails, "too much")]),
        ("local-arguments", [.init("48 KiB, as reported", .works), .init("227 KiB", .works)]),
        ("buffers", [.init("a buffer of 5 GiB, used at its end", .works)]),
        (
          "arithmetic",
          [
            .init("float16 arithmetic (cl_khr_fp16 is not listed)", .works),
            .init("float64 arithmetic (cl_khr_fp64 is listed)", .works),
          ]
        ),
        ("ptx", [.init("PTX for the processor's own instructions (.target sm_NNa)", .works)]),
        ("tensor-cores", [.init("mma.sync f16", .works), .init("mma.sync bf16", .works)]),
        ("transfers", [.init("host to device", .figure, "2.00 GB/s")]),
        (
          "roofs",
          [
            .init("launch", .figure, "5.00 us"),
            .init("copy, bytes read and written", .figure, "4000.0 GB/s"),
            .init("float32 multiply-adds", .figure, "60000 GFLOP/s"),
          ]
        ),
      ])
      #expect(has(found, "227 KiB of a work-group as an argument, though the driver reports 48 KiB"))
      #expect(has(found, "float16 arithmetic works, though the driver does not list it"))
      #expect(has(found, "float64 tensors work"))
      #expect(has(found, "reached by PTX for f16, bf16; instructions of this very processor"))
      #expect(has(found, "buffers as large as the driver allows"))
      #expect(has(found, "fewer than 8 multiply-adds a byte"))
      #expect(has(found, "a launch costs 5.0 us, in which memory moves 20.00 MB"))
      #expect(has(found, "2.0 GB/s only"))
    }

    @Test("A card that can do less, and a driver that breaks")
    func less() {
      let found = lines([
        ("local-arrays", [.init("48 KiB, as reported", .fails)]),
        ("local-arguments", [.init("48 KiB, as reported", .fails)]),
        ("buffers", [.init("a buffer of 8 GiB, used at its end", .fails, "no memory")]),
        (
          "arithmetic",
          [.init("float16 arithmetic (x)", .fails), .init("float64 arithmetic (x)", .fails)]
        ),
        ("ptx", [.init("inline PTX", .notApplicable)]),
        ("tensor-cores", [.init("after that", .fails, "signal 6")]),
      ])
      #expect(has(found, "the gpu profile cannot work here"))
      #expect(has(found, "a buffer of 8 GiB fails, though the driver allows it"))
      #expect(has(found, "no float16 arithmetic") && has(found, "no float64"))
      #expect(has(found, "tensor-cores: the driver does not survive it (signal 6)"))
      #expect(lines([]).isEmpty)
    }
  }
}
