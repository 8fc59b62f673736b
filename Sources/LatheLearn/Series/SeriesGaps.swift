import LatheCore
import LatheTables

extension SeriesTimes {
  /// The times of a column with those that are not there put in, and for each the row that it stands in.
  ///
  /// - Throws: `LatheError.invalidArgument` where times do not lie on one another's steps, or more than nine of ten are missing.
  static func complete(_ column: Column) throws -> (times: SeriesTimes, rows: [Int?]) {
    let uneven: LatheError
    do {
      let times = try SeriesTimes(column)
      return (times, times.values.indices.map { $0 })
    } catch let error as LatheError {
      uneven = error
    }
    guard column.missingCount == 0, let found = try? column.integers().compactMap({ $0.map(Int64.init) }),
      found.count > 2, zip(found, found.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw uneven }
    let areDates: Bool
    let zone: String?
    switch column.type {
    case .dateTime(let own): (areDates, zone) = (true, own)
    case .int64: (areDates, zone) = (false, nil)
    default: throw uneven
    }
    let grid = areDates ? months(found) ?? weekdays(found) ?? even(found) : even(found)
    guard let (step, all) = grid else { throw uneven }
    guard all.count <= 10 * found.count else {
      throw LatheError(
        .invalidArgument,
        "time column '\(column.name)': \(found.count) of \(all.count) times are there; more than nine of ten would be filled, "
          + "aggregate first")
    }
    let places = Dictionary(uniqueKeysWithValues: found.enumerated().map { ($1, $0) })
    guard found.allSatisfy(Set(all).contains) else { throw uneven }
    return (
      SeriesTimes(values: all, step: step, areDates: areDates, zone: zone), all.map { places[$0] }
    )
  }

  /// Months from the first to the last, where days and times of day are the same.
  private static func months(_ values: [Int64]) -> (Step, [Int64])? {
    let civil = values.map { CivilTime($0) }
    let day = civil.map(\.day).max() ?? 1
    let isSame = civil.allSatisfy {
      $0.day == min(day, CivilTime.days(year: $0.year, month: $0.month)) && $0.timeOfDay == civil[0].timeOfDay
    }
    let lengths = zip(civil.dropFirst(), civil).map { $0.months - $1.months }
    guard isSame, let step = usual(lengths), lengths.allSatisfy({ $0 % step == 0 }) else { return nil }
    let all = stride(from: civil[0].months, through: civil[civil.count - 1].months, by: step).map {
      CivilTime.microseconds(months: $0, day: day) + civil[0].timeOfDay
    }
    return (.months(step), all)
  }

  /// Days from Monday to Friday, where no other day is there and most follow each other.
  private static func weekdays(_ values: [Int64]) -> (Step, [Int64])? {
    let civil = values.map { CivilTime($0) }
    let gaps = zip(values.dropFirst(), values).map { $0 - $1 }
    guard values.count >= 10, civil.allSatisfy({ $0.weekday < 5 }), usual(gaps) == CivilTime.dayLength,
      gaps.allSatisfy({ $0 % CivilTime.dayLength == 0 }), values[values.count - 1] - values[0] < 1 << 61
    else { return nil }
    guard (values[values.count - 1] - values[0]) / CivilTime.dayLength < 20 * Int64(values.count) else {
      return nil
    }
    let all = stride(from: values[0], through: values[values.count - 1], by: Int(CivilTime.dayLength))
      .filter { CivilTime($0).weekday < 5 }
    return (.weekdays, all)
  }

  /// Steps of the most frequent length.
  private static func even(_ values: [Int64]) -> (Step, [Int64])? {
    let gaps = zip(values.dropFirst(), values).map { $0.subtractingReportingOverflow($1) }
    guard !gaps.contains(where: \.overflow), let step = usual(gaps.map(\.partialValue)),
      gaps.allSatisfy({ $0.partialValue % step == 0 })
    else { return nil }
    let count = gaps.reduce(0.0) { $0 + Double($1.partialValue / step) } + 1
    // What is too much is said by its number, and not made.
    guard count < 1e8 else { return nil }
    return (.fixed(step), Array(stride(from: values[0], through: values[values.count - 1], by: Int(step))))
  }

  /// The most frequent length, of equally frequent ones the least.
  private static func usual<Length: BinaryInteger & Hashable>(_ lengths: [Length]) -> Length? {
    let counts = Dictionary(grouping: lengths) { $0 }.mapValues(\.count)
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }.map(\.key)
  }
}
