import CPUKernels
import LatheCPU
import LatheCore

/// How the values of one column become codes.
///
/// As LightGBM does it: bins of about equally many values, one of its own for zero, and the last for missing values
/// where there are any.
package struct ColumnBins: Sendable {
  /// The highest value of each bin of a numeric column, the last one infinite.
  package var bounds: [Double] = []
  /// The category of each code from 1 on, by falling frequency; code 0 is for all others.
  package var categories: [Int] = []
  package var isCategorical = false
  /// Whether the last code is that of missing values.
  package var hasMissing = false
  /// The least and the largest value seen.
  package var range: ClosedRange<Double> = 0...0

  /// How many codes there are.
  package var count: Int { isCategorical ? categories.count + 1 : bounds.count + (hasMissing ? 1 : 0) }

  /// Whether no split can separate anything.
  package var isConstant: Bool { count < 2 || (isCategorical && categories.count < 2) }

  /// Values up to this size are zeros.
  static let zero = Double(Float(1e-35))

  /// Bins of a numeric column by some of its values.
  package init(numeric values: [Double], most: Int, leastInBin: Int) {
    var sorted = Self.sorted(values)
    hasMissing = sorted.count < values.count
    let missing = values.count - sorted.count
    for i in sorted.indices {
      // Infinities are far away, but no places to cut at.
      sorted[i] = min(max(sorted[i], -1e300), 1e300)
    }
    if let first = sorted.first, let last = sorted.last { range = first...last }
    let most = max(2, most)
    bounds = Self.boundsAroundZero(
      sorted, most: hasMissing ? most - 1 : most, total: values.count - missing, leastInBin: leastInBin)
  }

  /// Bins of a categorical column: the most frequent categories, without those that hardly occur.
  package init(categories values: [Double], most: Int, leastInBin: Int) {
    isCategorical = true
    var counts: [Int: Int] = [:]
    for value in values where value >= 0 && value < Double(Int32.max) { counts[Int(value), default: 0] += 1 }
    let ordered = counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    for (category, count) in ordered.prefix(max(1, most - 1)) {
      if count < leastInBin && categories.count > 1 { break }
      categories.append(category)
    }
  }

  /// The values that are numbers, rising.
  private static func sorted(_ values: [Double]) -> [Double] {
    let count = values.count
    guard count > 0 else { return [] }
    var result = [Double](repeating: 0, count: count)
    var order = [Int32](repeating: 0, count: count)
    withUnsafeTemporaryAllocation(byteCount: 32 * count, alignment: 16) { scratch in
      lathe_sort_f64(&result, &order, values, count, false, scratch.baseAddress)
    }
    while let last = result.last, last.isNaN { result.removeLast() }
    return result
  }

  private static func boundsAroundZero(
    _ sorted: [Double], most: Int, total: Int, leastInBin: Int
  ) -> [Double] {
    var distinct: [Double] = []
    var counts: [Int] = []
    for value in sorted {
      // Neighbours among the numbers of float64 are one value.
      if let last = distinct.last, value <= last.nextUp {
        distinct[distinct.count - 1] = value
        counts[counts.count - 1] += 1
      } else {
        distinct.append(value)
        counts.append(1)
      }
    }
    let negative = distinct.firstIndex { $0 > -zero } ?? distinct.count
    let positive = distinct.firstIndex { $0 > zero } ?? distinct.count
    let below = counts[..<negative].reduce(0, +)
    let zeros = counts[negative..<positive].reduce(0, +)
    var bounds: [Double] = []
    if negative > 0 && most > 1 {
      let share = Double(below) / Double(max(total - zeros, 1)) * Double(most - 1)
      bounds = greedyBounds(
        distinct[..<negative], counts[..<negative], most: max(1, Int(share)), total: below,
        leastInBin: leastInBin)
      if !bounds.isEmpty { bounds[bounds.count - 1] = -zero }
    }
    let rest = most - 1 - bounds.count
    if positive < distinct.count && rest > 0 {
      bounds.append(zero)
      bounds += greedyBounds(
        distinct[positive...], counts[positive...], most: rest,
        total: total - below - zeros, leastInBin: leastInBin)
    } else {
      bounds.append(.infinity)
    }
    return bounds
  }

  /// Bins of about equally many values; a value that fills one by itself has it alone.
  private static func greedyBounds(
    _ distinct: ArraySlice<Double>, _ counts: ArraySlice<Int>, most: Int, total: Int, leastInBin: Int
  ) -> [Double] {
    let (distinct, counts) = (Array(distinct), Array(counts))
    var bounds: [Double] = []
    func cut(_ a: Double, _ b: Double) {
      let bound = ((a + b) / 2).nextUp
      if let last = bounds.last, bound <= last.nextUp { return }
      bounds.append(bound)
    }
    if distinct.count <= most {
      var inBin = 0
      for i in 0..<distinct.count - 1 {
        inBin += counts[i]
        guard inBin >= leastInBin else { continue }
        let before = bounds.count
        cut(distinct[i], distinct[i + 1])
        if bounds.count > before { inBin = 0 }
      }
      return bounds + [.infinity]
    }
    let most = leastInBin > 0 ? max(1, min(most, total / leastInBin)) : most
    var size = Double(total) / Double(most)
    let isBig = counts.map { Double($0) >= size }
    var (restBins, rest) = (most, total)
    for i in counts.indices where isBig[i] {
      restBins -= 1
      rest -= counts[i]
    }
    size = Double(rest) / Double(restBins)
    var edges: [(Double, Double)] = []
    var inBin = 0
    for i in 0..<distinct.count - 1 {
      if !isBig[i] { rest -= counts[i] }
      inBin += counts[i]
      let isFull = isBig[i] || Double(inBin) >= size || (isBig[i + 1] && Double(inBin) >= max(1, size * 0.5))
      guard isFull else { continue }
      edges.append((distinct[i], distinct[i + 1]))
      if edges.count >= most - 1 { break }
      inBin = 0
      if !isBig[i] {
        restBins -= 1
        size = Double(rest) / Double(restBins)
      }
    }
    for (a, b) in edges { cut(a, b) }
    return bounds + [.infinity]
  }
}
