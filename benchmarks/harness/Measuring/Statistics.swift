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
}
