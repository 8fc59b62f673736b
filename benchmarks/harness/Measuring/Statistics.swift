import Foundation

/// Figures that say what many samples have in common.
package enum Statistics {
  /// The value below which a share of the samples lies, interpolated between the two nearest.
  ///
  /// - Parameter share: 0 for the smallest, 1 for the largest.
  package static func quantile(_ samples: [Double], _ share: Double) -> Double {
    precondition(!samples.isEmpty, "quantile: no samples")
    let sorted = samples.sorted()
    let position = share * Double(sorted.count - 1)
    let below = Int(position.rounded(.down))
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
  }

  /// The middle sample, or the mean of the two middle ones.
  package static func median(_ samples: [Double]) -> Double { quantile(samples, 0.5) }

  /// How likely two sets of samples of one distribution are at least as far apart as these are: Mann and Whitney's
  /// test of 1947, two-sided, by the normal distribution with corrections for ties and for continuity.
  package static func probabilityOfSameDistribution(_ first: [Double], _ second: [Double]) -> Double {
    guard !first.isEmpty, !second.isEmpty else { return 1 }
    let all = (first.map { ($0, true) } + second.map { ($0, false) }).sorted { $0.0 < $1.0 }
    var rankSum = 0.0
    var ties = 0.0
    var start = 0
    while start < all.count {
      var end = start + 1
      while end < all.count, all[end].0 == all[start].0 { end += 1 }
      // Equal samples share the mean of their ranks, which begin with 1.
      let rank = Double(start + 1 + end) / 2
      rankSum += rank * Double(all[start..<end].count { $0.1 })
      let count = Double(end - start)
      ties += count * count * count - count
      start = end
    }
    let (m, n) = (Double(first.count), Double(second.count))
    let total = m + n
    let variance = m * n / 12 * (total + 1 - ties / (total * max(total - 1, 1)))
    guard variance > 0 else { return 1 }
    let distance = abs(rankSum - m * (m + 1) / 2 - m * n / 2)
    return erfc(max(distance - 0.5, 0) / (2 * variance).squareRoot())
  }
}
