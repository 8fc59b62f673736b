import LatheBenchmarks
import Testing

@Suite("Estimates")
struct EstimateTests {
  private let estimates = Estimates(cards: [
    .init(title: "A card", names: ["B580"], microseconds: ["gemm/matmul/8x8x8/float32": 50])
  ])

  private func device(_ name: String, profile: String = "gpu") -> RunHead.DeviceHead {
    .init(index: "opencl:0", name: name, driver: "1", profile: profile, roofs: nil)
  }

  private func row(_ shape: String) -> Row {
    var row = Samples.row(shape, seconds: 2e-4, device: "opencl:0")
    row.profile = "gpu"
    return row
  }

  @Test("A known card's rows stand beside the model's estimate")
  func known() {
    let devices = [device("Intel(R) Arc(TM) B580 Graphics")]
    let column = Estimates.Column(estimates, devices)
    #expect(column.isThere)
    #expect(column.cell(row("8x8x8")) == "50.0 us, took 4.00 x")
    #expect(column.cell(row("9x9x9")) == "-")
    #expect(column.cell(Samples.row("8x8x8", seconds: 1)) == "-")
    #expect(estimates.lines(devices).first?.contains("opencl:0: of A card, by a model") == true)
    let table = TextTable([], devices: devices, estimates: estimates)
    #expect(table.header.hasSuffix("estimate"))
    #expect(table.line(row("8x8x8")).contains("took 4.00 x"))
  }

  @Test("Nothing changes for other devices, and for kernels of the cpu profile")
  func unknown() {
    for devices in [[device("Some GPU")], [device("Arc B580", profile: "cpu")], []] {
      #expect(!Estimates.Column(estimates, devices).isThere)
      #expect(estimates.lines(devices).isEmpty)
      #expect(!TextTable([], devices: devices, estimates: estimates).header.contains("estimate"))
    }
  }

  @Test("The program's own estimates know the cards of the model and Lathe's workloads")
  func shipped() throws {
    for name in ["NVIDIA H200", "gfx942:sramecc+:xnack-", "gfx1100", "Intel(R) Arc(TM) B580 Graphics"] {
      #expect(Estimates.Column(.shipped, [device(name)]).isThere, "\(name)")
    }
    var gemm = row("1024x1024x1024")
    gemm.work = .time
    #expect(Estimates.Column(.shipped, [device("NVIDIA H200")]).cell(gemm) != "-")
    #expect(Estimates.shipped.seconds(ofTuning: "gemm_gpu/large", on: "NVIDIA H200", profile: "gpu") != nil)
    #expect(Estimates.shipped.seconds(ofTuning: "gemm_gpu/large", on: "NVIDIA H200", profile: "cpu") == nil)
  }
}
