/// Numbers within bounds as expressions of their digits.
enum SchemaNumbers {
  /// A bound of a number.
  struct Bound: Equatable {
    var value: Int
    /// Whether the number may not be the bound itself.
    var isExclusive = false
  }

  /// Digits of a number that is not negative.
  static let whole = GrammarExpression.alternation([
    .text("0"), .sequence([.scalars([0x31...0x39]), .repetition(SchemaJSON.digit, least: 0, most: nil)]),
  ])
  static let fraction = GrammarExpression.sequence([.text("."), SchemaJSON.digits])
  private static let zeroFraction = GrammarExpression.optional(
    .sequence([.text("."), .repetition(.text("0"), least: 1, most: nil)]))

  /// Whole numbers within bounds; nil where there are none.
  static func integers(_ low: Int?, _ high: Int?) -> GrammarExpression? {
    if let low, let high, low > high { return nil }
    var parts: [GrammarExpression] = []
    if (high ?? 0) >= 0 {
      parts.append(from(UInt(max(low ?? 0, 0)), high.map { UInt($0) }))
    }
    if (low ?? -1) < 0 {
      let least = (high ?? 0) < 0 ? (high ?? 0).magnitude : 1
      parts.append(.sequence([.text("-"), from(least, low?.magnitude)]))
    }
    return .anyOf(parts)
  }

  /// Numbers within bounds, without exponents; nil where there are none.
  static func numbers(_ low: Bound?, _ high: Bound?) -> GrammarExpression? {
    var parts: [GrammarExpression] = []
    let zero = Bound(value: 0)
    if high == nil || (high?.value ?? 0) >= 0 {
      let least = low.map { $0.value >= 0 ? $0 : zero } ?? zero
      if let part = magnitudes(least, high) { parts.append(part) }
    }
    if low == nil || (low?.value ?? 0) < 0 {
      var least = zero
      if let high, high.value <= 0 { least = Bound(value: -high.value, isExclusive: high.isExclusive) }
      let most = low.map { Bound(value: -$0.value, isExclusive: $0.isExclusive) }
      if let part = magnitudes(least, most) { parts.append(.sequence([.text("-"), part])) }
    }
    return parts.isEmpty ? nil : .anyOf(parts)
  }

  /// Numbers without a sign, within bounds that are not negative.
  private static func magnitudes(_ low: Bound, _ high: Bound?) -> GrammarExpression? {
    let first = from(UInt(low.value), UInt(low.value))
    if let high, high.value <= low.value {
      guard high.value == low.value, !high.isExclusive, !low.isExclusive else { return nil }
      return .sequence([first, zeroFraction])
    }
    var parts: [GrammarExpression] = []
    if low.isExclusive {
      let zeros = GrammarExpression.repetition(.text("0"), least: 0, most: nil)
      let rest = GrammarExpression.repetition(SchemaJSON.digit, least: 0, most: nil)
      parts.append(.sequence([first, .text("."), zeros, .scalars([0x31...0x39]), rest]))
    } else {
      parts.append(.sequence([first, .optional(fraction)]))
    }
    if let high {
      if high.value - low.value > 1 {
        parts.append(.sequence([from(UInt(low.value) + 1, UInt(high.value) - 1), .optional(fraction)]))
      }
      if !high.isExclusive {
        parts.append(.sequence([from(UInt(high.value), UInt(high.value)), zeroFraction]))
      }
    } else {
      parts.append(.sequence([from(UInt(low.value) + 1, nil), .optional(fraction)]))
    }
    return .anyOf(parts)
  }

  /// The digits of the numbers from one to another, or from one on.
  private static func from(_ low: UInt, _ high: UInt?) -> GrammarExpression {
    let (first, last) = (digits(low), high.map(digits))
    var parts: [GrammarExpression] = []
    for count in first.count...(last?.count ?? first.count) {
      let least = count == first.count ? first : [1] + Array(repeating: 0, count: count - 1)
      let most = count == last?.count ? last ?? [] : Array(repeating: 9, count: count)
      parts.append(between(least[...], most[...]))
    }
    if last == nil {
      parts.append(
        .sequence([.scalars([0x31...0x39]), .repetition(SchemaJSON.digit, least: first.count, most: nil)]))
    }
    return .anyOf(parts)
  }

  private static func digits(_ value: UInt) -> [UInt32] { String(value).utf8.map { UInt32($0) - 48 } }

  /// Digits that are neither below nor above others of the same count.
  private static func between(_ low: ArraySlice<UInt32>, _ high: ArraySlice<UInt32>) -> GrammarExpression {
    guard let (first, last) = low.first.flatMap({ low in high.first.map { (low, $0) } }) else {
      return .empty
    }
    let (lowRest, highRest) = (low.dropFirst(), high.dropFirst())
    let any = GrammarExpression.repetition(SchemaJSON.digit, least: lowRest.count, most: lowRest.count)
    func digit(_ range: ClosedRange<UInt32>) -> GrammarExpression {
      .scalars([range.lowerBound + 48...range.upperBound + 48])
    }
    if first == last { return .sequence([digit(first...first), between(lowRest, highRest)]) }
    let nines = ArraySlice(Array(repeating: 9 as UInt32, count: lowRest.count))
    let zeros = ArraySlice(Array(repeating: 0 as UInt32, count: lowRest.count))
    let isWholeLow = lowRest == zeros
    let isWholeHigh = highRest == nines
    var parts: [GrammarExpression] = []
    if !isWholeLow { parts.append(.sequence([digit(first...first), between(lowRest, nines)])) }
    let (least, most) = (isWholeLow ? first : first + 1, isWholeHigh ? last : last - 1)
    if least <= most { parts.append(.sequence([digit(least...most), any])) }
    if !isWholeHigh { parts.append(.sequence([digit(last...last), between(zeros, highRest)])) }
    return .anyOf(parts)
  }
}
