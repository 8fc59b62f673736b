import LatheCore
import LatheTables

/// Parts of points in time, as the clocks of the column's zone show them.
public struct DateParts: Sendable, Hashable, Codable {
  /// One part.
  public enum Part: String, Sendable, Hashable, Codable, CaseIterable {
    /// The year.
    case year
    /// 1 to 12.
    case month
    /// Of the month, from 1 on.
    case day
    /// From Monday, 0, to Sunday, 6.
    case weekday
    /// Of the year, from 1 on.
    case dayOfYear
    /// 0 to 23.
    case hour
    /// 0 to 59.
    case minute
    /// Sine and cosine of the month, so that December and January are near.
    case monthCycle
    /// Sine and cosine of the weekday.
    case weekdayCycle
    /// Sine and cosine of the time of the day.
    case dayCycle

    var width: Int {
      switch self {
      case .monthCycle, .weekdayCycle, .dayCycle: 2
      default: 1
      }
    }
  }

  /// How many columns it takes.
  public let columns: Int
  /// The parts, of each column one after the other.
  public let parts: [Part]

  /// Parts of a number of columns.
  public init(columns: Int, _ parts: [Part] = [.year, .month, .day, .weekday, .hour]) {
    self.columns = columns
    self.parts = parts
  }

  /// The names of the columns made.
  public func featureNames(_ names: [String]) -> [String] {
    names.flatMap { name in
      parts.flatMap { part in
        part.width == 1
          ? ["\(name)_\(part.rawValue)"] : ["\(name)_\(part.rawValue)_sin", "\(name)_\(part.rawValue)_cos"]
      }
    }
  }

  /// The parts of columns of points in time; those of a missing one are missing.
  ///
  /// - Throws: `LatheError.invalidArgument` naming a column of another type.
  public func transform(_ columns: [Column]) throws -> FeatureMatrix {
    transform(
      FeatureMatrix(
        try columns.flatMap { try $0.clockSeconds() }, rows: columns.first?.count ?? 0,
        columns: columns.count,
        order: .columnMajor, names: columns.map(\.name)))
  }

  /// The parts of seconds since 1970 on the clock.
  func transform(_ seconds: FeatureMatrix) -> FeatureMatrix {
    require(seconds.columns == columns, "date parts know \(columns) columns, not \(seconds.columns)")
    let width = parts.reduce(0) { $0 + $1.width } * columns
    var values: [Double] = []
    values.reserveCapacity(seconds.rows * width)
    for row in 0..<seconds.rows {
      for column in 0..<columns {
        let clock = seconds[row, column].isFinite ? Clock(seconds[row, column]) : nil
        for part in parts {
          guard let clock else {
            values += [Double](repeating: .nan, count: part.width)
            continue
          }
          values += clock.numbers(part)
        }
      }
    }
    return FeatureMatrix(values, rows: seconds.rows, columns: width, names: featureNames(seconds.names))
  }

  /// A point in time in the Gregorian calendar.
  private struct Clock {
    let date: CivilTime
    /// Since midnight.
    let seconds: Double

    init(_ sinceEpoch: Double) {
      // Years beyond what microseconds of 64 bits hold have no calendar here.
      let days = (min(max(sinceEpoch, -1e13), 1e13) / 86400).rounded(.down)
      seconds = sinceEpoch - days * 86400
      date = CivilTime(day: Int(days))
    }

    func numbers(_ part: Part) -> [Double] {
      func cycle(_ share: Double) -> [Double] { [sine(2 * .pi * share), cosine(2 * .pi * share)] }
      switch part {
      case .year: return [Double(date.year)]
      case .month: return [Double(date.month)]
      case .day: return [Double(date.day)]
      case .weekday: return [Double(date.weekday)]
      case .dayOfYear: return [Double(date.dayOfYear)]
      case .hour: return [(seconds / 3600).rounded(.down)]
      case .minute: return [(seconds.truncatingRemainder(dividingBy: 3600) / 60).rounded(.down)]
      case .monthCycle: return cycle(Double(date.month - 1) / 12)
      case .weekdayCycle: return cycle(Double(date.weekday) / 7)
      case .dayCycle: return cycle(seconds / 86400)
      }
    }
  }
}
