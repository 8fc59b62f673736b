/// A point in time by the Gregorian calendar, in UTC.
struct CivilTime {
  static let dayLength: Int64 = 86_400_000_000
  let year: Int
  let month: Int
  let day: Int
  /// 0 for Monday.
  let weekday: Int
  /// Microseconds since midnight.
  let timeOfDay: Int64

  /// By microseconds since 1970.
  init(_ microseconds: Int64) {
    let (days, rest) = Self.divided(microseconds, Self.dayLength)
    self.init(day: Int(days), timeOfDay: rest)
  }

  /// By days since 1970: eras of 400 years begin in March (Hinnant, chrono-compatible date algorithms).
  init(day number: Int, timeOfDay: Int64 = 0) {
    self.timeOfDay = timeOfDay
    weekday = ((number + 3) % 7 + 7) % 7
    let shifted = number + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let fromMarch = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let part = (5 * fromMarch + 2) / 153
    day = fromMarch - (153 * part + 2) / 5 + 1
    month = part < 10 ? part + 3 : part - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The day of the year, from 1 on.
  var dayOfYear: Int { (1..<month).reduce(day) { $0 + Self.days(year: year, month: $1) } }
  /// Months since the year 0.
  var months: Int { year * 12 + month - 1 }
  /// The hour of the day.
  var hour: Int { Int(timeOfDay / 3_600_000_000) }

  static func days(year: Int, month: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Midnight of a day, of a month's last one at most.
  static func microseconds(months: Int, day: Int) -> Int64 {
    let (year, month) = (months / 12, months % 12 + 1)
    let day = min(day, days(year: year, month: month))
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return Int64(era * 146_097 + dayOfEra - 719_468) * dayLength
  }

  private static func divided(_ a: Int64, _ b: Int64) -> (quotient: Int64, rest: Int64) {
    let rest = a % b
    return rest < 0 ? (a / b - 1, rest + b) : (a / b, rest)
  }
}
