import Foundation
import TableKernels

/// Points in time and durations as text.
enum TimeText {
  /// ISO 8601 with a space: `2024-01-31 12:30:00`, with microseconds where there are some, and the distance from UTC
  /// where there is a zone.
  static func dateTime(_ microseconds: Int64, zone: String?) -> String {
    guard let zone else { return wall(microseconds) }
    let ahead = offset(of: zone, at: microseconds)
    let (sum, overflow) = microseconds.addingReportingOverflow(Int64(ahead) * 1_000_000)
    let minutes = abs(ahead) / 60
    let mark = "\(ahead < 0 ? "-" : "+")\(two(minutes / 60)):\(two(minutes % 60))"
    return wall(overflow ? microseconds : sum) + mark
  }

  /// `2 days 03:04:05.600000`, as pandas writes it.
  static func duration(_ microseconds: Int64) -> String {
    let perDay: Int64 = 86_400_000_000
    let (days, rest) = divided(microseconds, perDay)
    return "\(days) days \(clock(rest))"
  }

  /// The seconds that a zone's clocks are ahead of UTC.
  static func offset(of zone: String, at microseconds: Int64) -> Int {
    if zone == "UTC" { return 0 }
    return TimeZone(identifier: zone)?.secondsFromGMT(
      for: Date(timeIntervalSince1970: Double(microseconds) / 1e6)) ?? 0
  }

  private static func wall(_ microseconds: Int64) -> String {
    let (days, rest) = divided(microseconds, 86_400_000_000)
    var year: Int64 = 0
    var month: UInt32 = 0
    var day: UInt32 = 0
    lathe_date_of_days(days, &year, &month, &day)
    let digits = String(abs(year))
    let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    return "\(year < 0 ? "-" : "")\(padded)-\(two(Int(month)))-\(two(Int(day))) \(clock(rest))"
  }

  private static func clock(_ microseconds: Int64) -> String {
    let seconds = Int(microseconds / 1_000_000)
    let text = "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    let fraction = microseconds % 1_000_000
    if fraction == 0 { return text }
    let digits = String(fraction)
    return "\(text).\(String(repeating: "0", count: 6 - digits.count))\(digits)"
  }

  /// The quotient rounded down, and a remainder that is not negative.
  static func divided(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
