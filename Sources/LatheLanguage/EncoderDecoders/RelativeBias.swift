import Foundation
import Lathe
import LatheNN

/// A number for each head and kind of distance between query and key, added to their score (Raffel et al., 2020).
package final class RelativeBias {
  let table: any Module
  private let buckets: Int
  private let longest: Int
  /// Whether keys behind the query are told from those before it.
  private let looksAhead: Bool

  init(_ path: String, _ configuration: T5Configuration, looksAhead: Bool, from source: LayerSource) throws {
    table = try source.embedding(path, configuration.buckets, configuration.heads)
    buckets = configuration.buckets
    longest = configuration.longestDistance
    self.looksAhead = looksAhead
  }

  /// [1, heads, queries, keys]; the last query stands at the last key.
  func callAsFunction(queries: Int, keys: Int, device: Device) -> Tensor {
    let first = keys - queries
    // By distance, since a matrix of them has few.
    let kinds = (1 - keys..<keys).map {
      Self.bucket($0, of: buckets, longest: longest, looksAhead: looksAhead)
    }
    let numbers = (0..<queries).flatMap { query in
      (0..<keys).map { kinds[$0 - (first + query) + keys - 1] }
    }
    return table(Tensor(numbers, shape: [queries, keys], device: device)).permuted([2, 0, 1]).unsqueezed(0)
  }

  /// The kind of a distance, from the query to the key: single ones for the near half, then as logarithms up to the longest.
  ///
  /// - Parameters:
  ///   - distance: Negative where the key is before the query.
  ///   - buckets: How many kinds there are.
  ///   - longest: Distances from here on are of one kind.
  ///   - looksAhead: Whether keys behind the query are told from those before it.
  package static func bucket(_ distance: Int, of buckets: Int, longest: Int, looksAhead: Bool) -> Int32 {
    let count = looksAhead ? buckets / 2 : buckets
    let start = looksAhead && distance > 0 ? count : 0
    let far = looksAhead ? abs(distance) : max(-distance, 0)
    let exact = count / 2
    guard far >= exact else { return Int32(start + far) }
    // In single precision, as the networks were trained.
    let share = logf(Float(far) / Float(exact)) / Float(log(Double(longest) / Double(exact)))
    return Int32(start + min(exact + Int(share * Float(count - exact)), count - 1))
  }
}
