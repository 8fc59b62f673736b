import LatheML
import Testing

import LatheBenchmarks

@Suite("Catalog")
struct CatalogTests {
  private func message(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return ""
    } catch { return "\(error)" }
  }

  @Test("Names tell workloads apart")
  func names() {
    let names = Suite.allCases.flatMap(Catalog.workloads).map(\.name)
    #expect(Set(names).count == names.count)
    for suite in Suite.allCases { #expect(!Catalog.workloads(of: suite).isEmpty, "\(suite)") }
  }

  @Test("Suites and filters choose")
  func choosing() throws {
    let chosen = try Catalog.select(suites: ["softmax"], filter: "backward/4096", isQuick: false)
    #expect(chosen.map(\.name) == ["softmax/softmax-backward/4096x4096/float32"])
    let quick = try Catalog.select(suites: [], filter: nil, isQuick: true)
    #expect(!quick.isEmpty && quick.allSatisfy(\.isQuick))
    #expect(try Catalog.select(suites: ["train"], filter: "resnet", isQuick: true).count == 1)
  }

  @Test("What is not there is answered with what is")
  func errors() {
    let suite = message { try Catalog.select(suites: ["gem"], filter: nil, isQuick: false) }
    #expect(suite.contains("unknown suite 'gem'") && suite.contains("gemm") && suite.contains("train"))
    let filter = message { try Catalog.select(suites: ["gemm"], filter: "nothing", isQuick: false) }
    #expect(filter.contains("'nothing' matches none") && filter.contains("gemm/matmul/64x64x64/float32"))
    #expect(
      message { try Catalog.select(suites: [], filter: "(", isQuick: false) }.contains(
        "not a regular expression"))
    let device = message { try BenchmarkDevices.named("tpu", profile: nil) }
    #expect(device.contains("unknown device 'tpu'") && device.contains("cpu"))
    #expect(message { try BenchmarkDevices.named("cpu", profile: "gpu") }.contains("--profile"))
    #expect(
      message { try BenchmarkDevices.named("all", profile: "fast") }.contains("'fast'; there are cpu, gpu"))
  }
}
