import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Times that are not there, filled where it is asked for.
@Suite("Gaps in time")
struct SeriesGapTests {
  /// Months with a season of 12 and a trend, without some of them.
  private func months(without: Set<Int>, missing: Set<Int> = []) throws -> Table {
    let kept = (0..<60).filter { !without.contains($0) }
    func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let times = kept.map { "\(2019 + $0 / 12)-\(pad($0 % 12 + 1))-01" }
    return try Table([
      Column("month", times.map { Optional($0) }).cast(to: .dateTime(zone: nil)),
      Column("sold", kept.map { missing.contains($0) ? nil : Optional(Self.value($0)) }),
    ])
  }

  private static func value(_ month: Int) -> Double { Double(month) + [0, 5, 9, 3, -4, -8][month % 12 / 2] }

  private func report(_ table: Table, _ fill: ForecastReport.Fill) throws -> ForecastReport {
    var configuration = ForecastReport.Configuration(time: "month", target: "sold", horizon: 3)
    (configuration.fill, configuration.models) = (fill, [.naive])
    configuration.backtest.folds = 2
    return try ForecastReport(table, configuration)
  }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return ""
  }

  @Test("Missing months are filled by a line, the value before or the season, and counted")
  func filled() throws {
    let table = try months(without: [20, 21, 50], missing: [33])
    let found = message { _ = try report(table, .none) }
    #expect(found.contains("not evenly spaced") && found.contains("linear, last or seasonal"), "\(found)")
    // The forecast by the season is the value a year ago: of December 2023, January and February 2024.
    for fill in [ForecastReport.Fill.linear, .last, .seasonal] {
      let own = try report(table, fill)
      #expect(own.filled == 4 && own.season == 12)
      #expect(own.points.map(\.time) == ["2024-01-01", "2024-02-01", "2024-03-01"])
    }
    // The last year's gap is seen in the forecast.
    let late = try months(without: [49])
    #expect(try report(late, .linear).points[1].forecast == (Self.value(48) + Self.value(50)) / 2)
    #expect(try report(late, .last).points[1].forecast == Self.value(48))
    #expect(try report(late, .seasonal).points[1].forecast == Self.value(37))
    #expect(try report(months(without: []), .seasonal).filled == 0)
  }

  @Test("Numbers and days have their steps, and what lies between is refused")
  func steps() throws {
    func forecast(_ times: [Int], _ fill: ForecastReport.Fill = .linear) throws -> [String] {
      let table = try Table([
        Column("month", times.map { Optional($0) }), Column("sold", times.map { Optional(Double($0)) }),
      ])
      return try report(table, fill).points.map(\.time)
    }
    let even = (0..<20).map { 2 * $0 }
    #expect(try forecast(even.filter { $0 != 10 && $0 != 14 }) == ["40", "42", "44"])
    #expect(message { _ = try forecast(even + [39]) }.contains("not evenly spaced"))
    #expect(message { _ = try forecast([0, 1, 2, 3, 4, 5, 1000]) }.contains("more than nine of ten"))
    #expect(message { _ = try forecast([0, 1, 2, .max]) } != "")
  }
}
