import LatheLearn

/// The values that a parameter can have.
public enum SearchDomain: Sendable, Hashable {
  /// Numbers between two, all equally likely.
  case uniform(ClosedRange<Double>)
  /// Numbers between two above zero, whose logarithms are equally likely: learning rates.
  case logUniform(ClosedRange<Double>)
  /// Whole numbers in steps from the lower bound on.
  case integer(ClosedRange<Int>, step: Int = 1)
  /// Whole numbers from 1 on, whose logarithms are about equally likely: widths of layers.
  case logInteger(ClosedRange<Int>)
  /// One of some values without an order.
  case choice([SearchValue])

  /// What is wrong with it; nil where nothing is.
  var problem: String? {
    switch self {
    case .uniform(let range):
      (range.upperBound - range.lowerBound).isFinite ? nil : "its bounds and their distance must be finite"
    case .logUniform(let range):
      range.lowerBound > 0 && range.upperBound.isFinite
        ? nil : "its bounds must be above 0 and finite: it is drawn by the logarithm"
    case .integer(let range, let step):
      step < 1
        ? "its step is \(step); at least 1"
        : Self.fits(range) ? nil : "its bounds must be below 2^53"
    case .logInteger(let range):
      range.lowerBound < 1
        ? "its lower bound is \(range.lowerBound); at least 1, since it is drawn by the logarithm"
        : Self.fits(range) ? nil : "its bounds must be below 2^53"
    case .choice(let values):
      values.isEmpty
        ? "it has no choices" : Set(values).count == values.count ? nil : "a choice is there twice"
    }
  }

  private static func fits(_ range: ClosedRange<Int>) -> Bool {
    range.lowerBound > -(1 << 53) && range.upperBound < 1 << 53
  }

  /// The value as this domain writes it: 1 is 1.0 among numbers; nil where it does not belong here.
  func normalized(_ value: SearchValue) -> SearchValue? {
    switch self {
    case .uniform(let range), .logUniform(let range):
      value.number.flatMap { range.contains($0) ? .number($0) : nil }
    case .integer(let range, let step):
      value.integer.flatMap { range.contains($0) && ($0 - range.lowerBound) % step == 0 ? .integer($0) : nil }
    case .logInteger(let range): value.integer.flatMap { range.contains($0) ? .integer($0) : nil }
    case .choice(let values):
      values.first { $0 == value || ($0.number != nil && $0.number == value.number) }
    }
  }

  /// The numbers that samplers work with; nil for choices.
  var axis: SearchAxis? {
    switch self {
    case .uniform(let range): SearchAxis(low: range.lowerBound, high: range.upperBound, step: nil)
    case .logUniform(let range):
      SearchAxis(low: logarithm(range.lowerBound), high: logarithm(range.upperBound), step: nil)
    case .integer(let range, let step):
      SearchAxis(
        low: Double(range.lowerBound) - Double(step) / 2,
        high: Double(range.upperBound - (range.upperBound - range.lowerBound) % step) + Double(step) / 2,
        step: Double(step))
    case .logInteger(let range):
      SearchAxis(
        low: logarithm(Double(range.lowerBound) - 0.5), high: logarithm(Double(range.upperBound) + 0.5),
        step: nil)
    case .choice: nil
    }
  }

  /// Where a value lies on the axis.
  func coordinate(_ value: SearchValue) -> Double? {
    guard let number = value.number else { return nil }
    return switch self {
    case .uniform, .integer: number
    case .logUniform, .logInteger: number > 0 ? logarithm(number) : nil
    case .choice: nil
    }
  }

  /// The value at a place of the axis.
  func value(at coordinate: Double) -> SearchValue {
    switch self {
    case .uniform(let range): return .number(range.clamp(coordinate))
    case .logUniform(let range): return .number(range.clamp(exponential(coordinate)))
    case .integer(let range, let step):
      let steps = ((coordinate - Double(range.lowerBound)) / Double(step)).rounded()
      let most = (range.upperBound - range.lowerBound) / step
      return .integer(range.lowerBound + step * Int(min(max(steps, 0), Double(most))))
    case .logInteger(let range):
      let number = exponential(coordinate).rounded()
      return .integer(Int(min(max(number, Double(range.lowerBound)), Double(range.upperBound))))
    case .choice(let values): return values[0]
    }
  }

  /// All values, or as many as asked for at equal distances on the axis where there are more.
  func values(atMost count: Int) -> [SearchValue] {
    if case .choice(let values) = self { return values }
    guard let axis else { return [] }
    switch self {
    case .integer(let range, let step) where (range.upperBound - range.lowerBound) / step < count:
      return stride(from: range.lowerBound, through: range.upperBound, by: step).map { .integer($0) }
    case .logInteger(let range) where range.upperBound - range.lowerBound < count:
      return range.map { .integer($0) }
    default: break
    }
    // Bounds of whole numbers lie half a step outside of the first and the last one.
    let (low, high): (Double, Double) =
      switch self {
      case .integer(_, let step): (axis.low + Double(step) / 2, axis.high - Double(step) / 2)
      case .logInteger(let range):
        (logarithm(Double(range.lowerBound)), logarithm(Double(range.upperBound)))
      default: (axis.low, axis.high)
      }
    guard count > 1, high > low else { return [value(at: (low + high) / 2)] }
    var result: [SearchValue] = []
    for i in 0..<count {
      let next = value(at: low + (high - low) * Double(i) / Double(count - 1))
      if result.last != next { result.append(next) }
    }
    return result
  }
}

/// A range of numbers that values are drawn from.
struct SearchAxis: Sendable {
  let low: Double
  let high: Double
  /// The distance of whole numbers, which have half of it on each side; nil where there are numbers between.
  let step: Double?

  var width: Double { high - low }
}

extension ClosedRange where Bound == Double {
  /// The nearest number of the range.
  func clamp(_ value: Double) -> Double { Swift.min(Swift.max(value, lowerBound), upperBound) }
}
