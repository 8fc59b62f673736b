import Testing

import LatheBenchmarks

@Suite("Statistics")
struct StatisticsTests {
  @Test("Medians and quantiles of few samples")
  func quantiles() {
    #expect(Statistics.median([3]) == 3)
    #expect(Statistics.median([4, 1]) == 2.5)
    #expect(Statistics.median([9, 1, 5]) == 5)
    let samples = (0...10).reversed().map(Double.init)
    #expect(Statistics.quantile(samples, 0.1) == 1)
    #expect(Statistics.quantile(samples, 0.9) == 9)
    #expect(Statistics.quantile(samples, 0) == 0)
    #expect(Statistics.quantile(samples, 1) == 10)
    #expect(abs(Statistics.quantile([1, 2], 0.25) - 1.25) < 1e-12)
  }
}
