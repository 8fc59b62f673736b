import LatheBenchmarks
import Testing

@Suite("Comparisons")
struct ComparisonTests {
  private func file(_ rows: [Row], host: String = "a") -> ResultFile {
    var head = Samples.head
    head.host = host
    return ResultFile(head: head, rows: rows)
  }

  @Test("Rows that became slower than the threshold allows")
  func threshold() {
    let old = file([Samples.row("1", seconds: 1), Samples.row("2", seconds: 1), Samples.row("3", seconds: 1)])
    let new = file([
      Samples.row("1", seconds: 1.05), Samples.row("2", seconds: 1.2), Samples.row("3", seconds: 0.5),
    ])
    let comparison = Comparison(old: old, new: new, threshold: 1.1)
    #expect(comparison.regressions.map(\.name) == ["gemm/matmul/2/float32/cpu"])
    #expect(comparison.lines.contains { $0.contains("slower") && $0.contains("1.20") })
    #expect(comparison.lines.contains { $0.contains("faster") && $0.contains("0.500") })
    #expect(comparison.warnings.isEmpty)
    #expect(Comparison(old: old, new: new, threshold: 1.3).regressions.isEmpty)
  }

  @Test("Rows that fail now count as slower; those of one run alone are named")
  func failures() {
    var broken = Samples.row("1", seconds: 1)
    broken.outcome = .failed("wrong")
    let old = file([Samples.row("1", seconds: 1), Samples.row("gone", seconds: 1)])
    let comparison = Comparison(
      old: old, new: file([broken, Samples.row("fresh", seconds: 1)]), threshold: 1.1)
    #expect(comparison.regressions.map(\.name) == ["gemm/matmul/1/float32/cpu"])
    #expect(comparison.onlyOld == ["gemm/matmul/gone/float32/cpu"])
    #expect(comparison.onlyNew == ["gemm/matmul/fresh/float32/cpu"])
    #expect(Comparison(old: file([broken]), new: old, threshold: 1.1).regressions.isEmpty)
  }

  @Test("Another host is named")
  func hosts() {
    let rows = [Samples.row("1", seconds: 1)]
    let comparison = Comparison(old: file(rows), new: file(rows, host: "b"), threshold: 1.1)
    #expect(comparison.warnings.count == 1)
    #expect(comparison.warnings.first?.contains("of another host") == true)
  }
}
