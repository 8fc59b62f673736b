import Foundation

/// Where an axis has numbers: multiples of 1, 2 or 5 times a power of ten.
struct Ticks {
  /// The places and what stands there, from the lowest.
  let values: [(value: Double, label: String)]

  /// The ticks inside a range, about five; of `isWhole` axes whole numbers alone.
  init(_ range: ClosedRange<Double>, isWhole: Bool = false) {
    let raw = (range.upperBound - range.lowerBound) / 5
    let power = pow(10, floor(log10(raw)))
    let step = ([1, 2, 5].map { $0 * power }.first { $0 >= raw * 0.999 } ?? 10 * power)
    let distance = isWhole ? max(1, step) : step
    let decimals = max(0, -Int(floor(log10(distance) + 1e-9)))
    let first = Int(ceil(range.lowerBound / distance - 1e-9)),
      last = Int(floor(range.upperBound / distance + 1e-9))
    values = (first...max(first, last)).map { index in
      let value = Double(index) * distance
      return (
        value,
        decimals > 6 || abs(value) >= 1e7
          ? String(format: "%.3g", value) : String(format: "%.\(decimals)f", value)
      )
    }
  }
}
