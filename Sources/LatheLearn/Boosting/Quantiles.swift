/// Quantiles as LightGBM defines them for the outputs of leaves.
enum Quantiles {
  /// A quantile of numbers with equal weights, between neighbours by a straight line.
  static func quantile(_ values: [Double], _ alpha: Double) -> Double {
    guard values.count > 1 else { return values.first ?? 0 }
    let falling = values.sorted(by: >)
    let place = (1 - alpha) * Double(values.count)
    let whole = Int(place)
    if whole < 1 { return falling[0] }
    if whole >= values.count { return falling[values.count - 1] }
    let (a, b) = (falling[whole - 1], falling[whole])
    return a - (a - b) * (place - Double(whole))
  }

  /// A quantile of numbers with weights.
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
    let last = values.count - 1
    let place = min(sums.firstIndex { $0 > threshold } ?? last, last)
    if place == 0 || place == last { return values[order[place]] }
    let (a, b) = (values[order[place - 1]], values[order[place]])
    let step = sums[place + 1] - sums[place]
    return step >= 1 ? (threshold - sums[place]) / step * (b - a) + a : b
  }
}
