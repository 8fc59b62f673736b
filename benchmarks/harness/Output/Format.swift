import Foundation

/// Numbers as people read them.
enum Format {
  /// Seconds in the unit that fits: `12.3 us`.
  static func seconds(_ value: Double) -> String {
    for (unit, factor) in [("ns", 1e9), ("us", 1e6), ("ms", 1e3)] where value * factor < 999.5 {
      return "\(significant(value * factor)) \(unit)"
    }
    return "\(significant(value)) s"
  }

  /// Three digits that count, without an exponent.
  static func significant(_ value: Double) -> String {
    let magnitude = abs(value)
    let decimals =
      magnitude >= 99.95 || magnitude == 0 ? 0 : magnitude >= 9.995 ? 1 : magnitude >= 0.9995 ? 2 : 3
    return String(format: "%.\(decimals)f", value)
  }

  /// A relative error: `1.2e-07`.
  static func error(_ value: Double) -> String { value == 0 ? "0" : String(format: "%.1e", value) }

  /// A probability with three digits behind the point.
  static func probability(_ value: Double) -> String { String(format: "%.3f", value) }

  /// A share in per cent without decimals.
  static func percent(_ value: Double) -> String { String(format: "%.0f", value * 100) }

  /// A count of bytes in the unit that fits.
  static func bytes(_ value: Double) -> String {
    value >= 1e9 ? "\(significant(value / 1e9)) GB" : "\(significant(value / 1e6)) MB"
  }
}
