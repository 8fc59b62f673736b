import Foundation
import LatheCore

/// One query's results in their order, with how relevant each is.
public struct RankedList: Sendable, Hashable {
  /// The relevance of each result, the first result first; 0 is irrelevant.
  public let relevance: [Double]
  /// The relevances of all documents that are relevant, found or not, the largest first.
  public let ideal: [Double]

  /// Results in their order.
  ///
  /// - Parameters:
  ///   - results: Names of documents, the best first, none twice.
  ///   - relevant: The relevance of documents; those not named and those of zero or less are irrelevant.
  /// - Throws: `LatheError.invalidArgument` where a result comes twice or a relevance is not finite.
  public init(results: [String], relevant: [String: Double]) throws {
    var seen: Set<String> = []
    for result in results where !seen.insert(result).inserted {
      throw LatheError(.invalidArgument, "ranking: \(result) is twice among the results of a query")
    }
    guard relevant.values.allSatisfy(\.isFinite) else {
      throw LatheError(.invalidArgument, "ranking: relevances are finite numbers")
    }
    relevance = results.map { max(0, relevant[$0] ?? 0) }
    ideal = relevant.values.filter { $0 > 0 }.sorted(by: >)
  }

  /// One over the place of the first relevant result; 0 where there is none.
  public var reciprocalRank: Double {
    relevance.firstIndex { $0 > 0 }.map { 1 / Double($0 + 1) } ?? 0
  }

  /// The share of the first `k` places with a relevant result; places that are empty count.
  public func precision(at k: Int) -> Double {
    checked(k)
    return Double(relevance.prefix(k).count { $0 > 0 }) / Double(k)
  }

  /// The share of relevant documents among the first `k` results; 0 where no document is relevant.
  public func recall(at k: Int) -> Double {
    checked(k)
    return ideal.isEmpty ? 0 : Double(relevance.prefix(k).count { $0 > 0 }) / Double(ideal.count)
  }

  /// The mean precision at the places of relevant documents, 0 for those not found.
  public var averagePrecision: Double {
    guard !ideal.isEmpty else { return 0 }
    var (found, sum) = (0, 0.0)
    for (place, value) in relevance.enumerated() where value > 0 {
      found += 1
      sum += Double(found) / Double(place + 1)
    }
    return sum / Double(ideal.count)
  }

  /// How relevances are gained.
  public enum Gain: Sendable, Hashable {
    /// As they are (Järvelin and Kekäläinen, 2002), as trec_eval and scikit-learn have it.
    case linear
    /// 2 to their power, less one.
    case exponential
  }

  /// The discounted gain of the first `k` results (all of them without `k`) relative to the best order's; 0 where no document is relevant.
  public func ndcg(at k: Int? = nil, gain: Gain = .linear) -> Double {
    if let k { checked(k) }
    func sum(_ values: [Double]) -> Double {
      values.prefix(k ?? values.count).enumerated().reduce(0) { total, item in
        total + (gain == .linear ? item.element : exp2(item.element) - 1) / log2(Double(item.offset + 2))
      }
    }
    let best = sum(ideal)
    return best > 0 ? sum(relevance) / best : 0
  }

  private func checked(_ k: Int) {
    precondition(k > 0, "RankedList: k is a number of places, one or more, not \(k)")
  }
}

/// Means over queries.
public struct RankingQuality: Sendable, Hashable {
  /// Mean reciprocal rank.
  public let mrr: Double
  /// Mean average precision.
  public let map: Double
  /// Mean normalised discounted gain of the first `k`.
  public let ndcg: Double
  /// Mean recall of the first `k`.
  public let recall: Double
  /// Mean precision of the first `k`.
  public let precision: Double
  /// The number of places that the last three look at.
  public let k: Int

  /// The means of queries' figures.
  ///
  /// - Throws: `LatheError.invalidArgument` without queries or with `k` below 1.
  public init(_ lists: [RankedList], k: Int = 10) throws {
    guard !lists.isEmpty else { throw LatheError(.invalidArgument, "ranking: no queries to score") }
    guard k > 0 else { throw LatheError(.invalidArgument, "ranking: k is 1 or more, not \(k)") }
    func mean(_ value: (RankedList) -> Double) -> Double {
      lists.reduce(0) { $0 + value($1) } / Double(lists.count)
    }
    self.k = k
    mrr = mean(\.reciprocalRank)
    map = mean(\.averagePrecision)
    ndcg = mean { $0.ndcg(at: k) }
    recall = mean { $0.recall(at: k) }
    precision = mean { $0.precision(at: k) }
  }
}
