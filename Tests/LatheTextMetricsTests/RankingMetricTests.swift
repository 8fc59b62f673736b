import LatheText
import LatheTextMetrics
import Testing

/// Figures of rankings against trec_eval.
@Suite struct RankingMetricTests {
  @Test func figuresAreThoseOfTrecEval() throws {
    let rows = try #require(try MetricFixture.load("rankings").array)
    var lists: [RankedList] = []
    for row in rows {
      let relevant = Dictionary(
        uniqueKeysWithValues: (row["relevant"]?.members ?? []).map { ($0.key, $0.value.double ?? 0) })
      let list = try RankedList(results: row["results"]?.strings ?? [], relevant: relevant)
      lists.append(list)
      let values: [(String, Double)] = [
        ("recip_rank", list.reciprocalRank), ("map", list.averagePrecision), ("ndcg", list.ndcg()),
        ("ndcg_cut_5", list.ndcg(at: 5)), ("ndcg_cut_10", list.ndcg(at: 10)),
        ("recall_5", list.recall(at: 5)),
        ("recall_10", list.recall(at: 10)), ("P_5", list.precision(at: 5)), ("P_10", list.precision(at: 10)),
      ]
      for (name, value) in values {
        #expect(MetricFixture.close(value, row["scores"]?[name]?.double), "\(name): \(value)")
      }
    }
    let quality = try RankingQuality(lists, k: 5)
    func mean(_ name: String) -> Double {
      rows.reduce(0) { $0 + ($1["scores"]?[name]?.double ?? .nan) } / Double(rows.count)
    }
    #expect(
      MetricFixture.close(quality.mrr, mean("recip_rank")) && MetricFixture.close(quality.map, mean("map")))
    #expect(MetricFixture.close(quality.ndcg, mean("ndcg_cut_5")))
    #expect(MetricFixture.close(quality.recall, mean("recall_5")))
    #expect(MetricFixture.close(quality.precision, mean("P_5")))
  }

  @Test func oddListsHaveFigures() throws {
    let none = try RankedList(results: ["a"], relevant: [:])
    #expect(
      none.reciprocalRank == 0 && none.ndcg() == 0 && none.recall(at: 1) == 0 && none.averagePrecision == 0)
    let graded = try RankedList(results: ["a", "b"], relevant: ["b": 2, "a": 1])
    let second = 1.584962500721156
    let expected: Double = (1 + 3 / second) / (3 + 1 / second)
    #expect(MetricFixture.close(graded.ndcg(gain: .exponential), expected))
    #expect(throws: (any Error).self) { try RankedList(results: ["a", "a"], relevant: [:]) }
    #expect(throws: (any Error).self) { try RankedList(results: [], relevant: ["a": .infinity]) }
    #expect(throws: (any Error).self) { try RankingQuality([]) }
  }
}
