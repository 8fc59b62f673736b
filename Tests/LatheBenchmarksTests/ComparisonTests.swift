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

  private func sampled(_ shape: String, _ times: [Double], noisy: Bool = false) -> Row {
    let median = times.sorted()[times.count / 2]
    return Row(
      suite: "gemm", operation: "matmul", shape: shape, dtype: "float32", device: "cpu", profile: "",
      work: .arithmetic(1e6, bytes: 3e4),
      outcome: .measured(
        Row.Figures(
          median: median, p10: median * 0.95, p90: median * (noisy ? 1.5 : 1.05), processorTime: median,
          samples: times.count, runs: 1, relativeError: 0, roof: nil, times: times)))
  }

  @Test("What chance or a busy machine explains is no regression")
  func significance() {
    let steady = (0..<12).map { 1 + Double($0) * 0.001 }
    let slower = steady.map { $0 * 1.3 }
    // Medians 1.0 and 1.2 of samples that lie mixed.
    let mixed = (old: [1.0, 0.9, 1.3, 1.25, 0.95], new: [1.2, 0.92, 1.28, 1.31, 0.97])
    let old = file([sampled("a", steady), sampled("b", mixed.old), sampled("c", steady, noisy: true)])
    let new = file([sampled("a", slower), sampled("b", mixed.new), sampled("c", slower)])
    let comparison = Comparison(old: old, new: new, threshold: 1.1)
    #expect(comparison.regressions.map(\.name) == ["gemm/matmul/a/float32/cpu"])
    let verdicts = comparison.lines.filter { $0.hasPrefix("gemm") }
    #expect(
      verdicts[0].hasSuffix("slower") && verdicts[1].hasSuffix("may be chance")
        && verdicts[2].hasSuffix("noisy"))
    #expect(comparison.lines.last?.hasSuffix("1 noisy and set aside") == true)
    #expect(comparison.markdown[0] == "| row | old | new | new/old | p |  |")
    #expect(
      comparison.markdown.contains {
        $0.hasPrefix("| gemm/matmul/a/float32/cpu | ") && $0.hasSuffix(" | slower |")
      })
  }

  @Test("Rows of one run alone are summed up")
  func alone() {
    let old = file((0..<5).map { Samples.row("\($0)", seconds: 1) })
    let lines = Comparison(old: old, new: file([Samples.row("0", seconds: 1)]), threshold: 1.1).lines
    #expect(
      lines.contains {
        $0.hasPrefix("only in the old run: 4 rows, gemm/matmul/1/") && $0.hasSuffix(" and 1 more")
      })
  }

  /// scipy.stats.mannwhitneyu(a, b, method="asymptotic").
  @Test(
    "Mann and Whitney's test agrees with SciPy",
    arguments: [
      ([1.0, 2, 3, 4, 5], [6.0, 7, 8, 9, 10], 0.012185780355344813),
      ([1.0, 2, 2, 3], [2.0, 3, 3, 4, 5], 0.09934224785346528),
      ([5.0, 1, 4, 2], [3.0, 2.5, 4.5], 0.8596837951986662), ([1.0, 1, 1], [1.0, 1, 1], 1.0),
    ])
  func mannWhitney(_ a: [Double], _ b: [Double], _ expected: Double) {
    #expect(abs(Statistics.probabilityOfSameDistribution(a, b) - expected) < 1e-9)
    #expect(abs(Statistics.probabilityOfSameDistribution(b, a) - expected) < 1e-9)
  }
}
