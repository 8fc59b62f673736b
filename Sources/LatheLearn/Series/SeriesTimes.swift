import LatheCore
import LatheTables

/// Evenly spaced times of values, and how they go on.
public struct SeriesTimes: Sendable, Hashable {
  /// The distance of neighbours.
  public enum Step: Sendable, Hashable {
    /// Microseconds, or units of numbers.
    case fixed(Int64)
    /// Calendar months; days beyond a month's end are its last.
    case months(Int)
    /// Days from Monday to Friday.
    case weekdays
  }

  /// Microseconds since 1970, or whole numbers.
  public let values: [Int64]
  /// The distance of neighbours.
  public let step: Step
  /// Whether values are points in time, not numbers.
  public let areDates: Bool
  /// The time zone that dates are written with.
  public let zone: String?

  /// Times 0, 1, 2, ...
  public init(count: Int) {
    values = (0..<count).map(Int64.init)
    (step, areDates, zone) = (.fixed(1), false, nil)
  }

  /// The times of a column, which must rise evenly.
  ///
  /// - Throws: `LatheError.invalidArgument` naming the rows between which times do not rise or go on otherwise.
  public init(_ column: Column) throws {
    let what = "time column '\(column.name)'"
    guard column.missingCount == 0 else {
      throw LatheError(
        .invalidArgument, "\(what): \(counted(column.missingCount, "rows")) without a time; leave them out")
    }
    switch column.type {
    case .dateTime(let zone): (areDates, self.zone) = (true, zone)
    case .int64: (areDates, zone) = (false, nil)
    default:
      throw LatheError(
        .invalidArgument,
        "\(what) is of \(column.type); dates (2024-01-31) or whole numbers such as years are needed")
    }
    let values = try column.integers().compactMap { $0.map(Int64.init) }
    guard values.count > 1 else {
      throw LatheError(.invalidArgument, "\(what): \(counted(values.count, "rows")); two are the least")
    }
    if let row = (1..<values.count).first(where: { values[$0] <= values[$0 - 1] }) {
      throw LatheError(
        .invalidArgument,
        "\(what): \(column.text(row)) comes behind \(column.text(row - 1)) and is not after it; sort the table, and keep "
          + "one row for each time")
    }
    step = try Self.step(values, areDates: areDates, column)
    self.values = values
  }

  private static func step(_ values: [Int64], areDates: Bool, _ column: Column) throws -> Step {
    let gaps = zip(values.dropFirst(), values).map { $0 - $1 }
    let isEven = Set(gaps).count == 1
    // Months first: two of 31 days may follow each other.
    if areDates, !isEven || gaps[0] >= 28 * CivilTime.dayLength {
      let civil = values.map { CivilTime($0) }
      let months = zip(civil.dropFirst(), civil).map { $0.months - $1.months }
      let day = civil.map(\.day).max() ?? 1
      if Set(months).count == 1, months[0] > 0, Set(civil.map(\.timeOfDay)).count == 1,
        civil.allSatisfy({ $0.day == min(day, CivilTime.days(year: $0.year, month: $0.month)) })
      {
        return .months(months[0])
      }
      if isEven { return .fixed(gaps[0]) }
      let isWeekday = civil.indices.dropFirst().allSatisfy {
        gaps[$0 - 1] == (civil[$0].weekday == 0 ? 3 : 1) * CivilTime.dayLength
      }
      if isWeekday, civil.allSatisfy({ $0.weekday < 5 }) { return .weekdays }
    }
    if isEven { return .fixed(gaps[0]) }
    // Of days of the month that stay the same months are the measure, whose lengths differ.
    let civil = areDates ? values.map { CivilTime($0) } : []
    let areMonths = civil.count > 2 && civil.allSatisfy { $0.day == civil[0].day }
    let lengths = areMonths ? zip(civil.dropFirst(), civil).map { Int64($0.months - $1.months) } : gaps
    let usual =
      Dictionary(grouping: lengths, by: { $0 }).max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }?
      .key
      ?? 0
    let row = (lengths.firstIndex { $0 != usual } ?? 0) + 1
    throw LatheError(
      .invalidArgument,
      "time column '\(column.name)': times are not evenly spaced, between \(column.text(row - 1)) and "
        + "\(column.text(row)) for the first time; fill the rows that are not there (fill linear, last or seasonal), or aggregate"
    )
  }

  /// The times that follow.
  public func next(_ count: Int) -> [Int64] {
    guard let last = values.last else { return [] }
    switch step {
    case .fixed(let length): return (0..<count).map { last + Int64($0 + 1) * length }
    case .months(let months):
      let civil = values.map { CivilTime($0) }
      let (day, end) = (civil.map(\.day).max() ?? 1, civil[civil.count - 1])
      return (0..<count).map {
        CivilTime.microseconds(months: end.months + ($0 + 1) * months, day: day) + end.timeOfDay
      }
    case .weekdays:
      var time = last
      return (0..<count).map { _ in
        time += CivilTime.dayLength
        while CivilTime(time).weekday >= 5 { time += CivilTime.dayLength }
        return time
      }
    }
  }

  /// Times as a column.
  public func column(_ name: String, _ times: [Int64]) -> Column {
    areDates
      ? Column(name, microseconds: times.map { Optional($0) }, zone: zone)
      : Column(name, times.map { Optional(Int($0)) })
  }

  /// The season that times suggest: 12 of months, 4 of quarters, 7 of days, 5 of weekdays, 24 of hours; else 1.
  public var season: Int {
    switch step {
    case .months(1): 12
    case .months(3): 4
    case .weekdays: 5
    case .fixed(CivilTime.dayLength) where areDates: 7
    case .fixed(3_600_000_000) where areDates: 24
    default: 1
    }
  }
}
