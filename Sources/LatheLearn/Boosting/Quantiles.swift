/// Quantiles as LightGBM defines them for the outputs of leaves.
enum Quantiles {
  /// A quantile of numbers with equal weights, between neighbours by a straight line.
  static func quantile(_ values: [Double], _ alpha: Double) -> Double {
    guard values.count > 1 else { return values.first ?? 0 }
    let rising = values.sorted()
    let place = alpha * Double(values.count - 1)
    let whole = min(max(Int(place), 0), values.count - 2)
    return rising[whole] + (rising[whole + 1] - rising[whole]) * (place - Double(whole))
  }

  /// A quantile of numbers with weights: where the sum of weights reaches its share.
  static func quantile(_ values: [Double], weights: [Double], _ alpha: Double) -> Double {
    guard values.count > 1 else { return values.first ?? 0 }
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var sums: [Double] = []
    var sum = 0.0
    for i in order {
      sum += weights[i]
      sums.append(sum)
    }
    let threshold = sum * alpha
    let place = sums.firstIndex { $0 > threshold } ?? values.count - 1
    if place == 0 || place == values.count - 1 { return values[order[place]] }
    let (a, b) = (values[order[place - 1]], values[order[place]])
    let step = sums[place] - sums[place - 1]
    // Weights below one are steps, not lines.
    return step >= 1 ? a + (threshold - sums[place - 1]) / step * (b - a) : a
  }
}
