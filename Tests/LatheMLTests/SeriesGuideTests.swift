import DataTestSupport
import LatheML
import Testing

/// The examples of docs/series.md, run on small data; a test compares the texts.
@Suite("Examples of docs/series.md")
struct SeriesGuideTests {
  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/series.md", count: 3) }

  @Test("A table's forecast, models, tests on the past")
  func forecasts() throws {
    let folder = try TemporaryFolder()
    let values = (0..<72).map { (k: Int) -> Double in Double(100 + k + 10 * (k % 12) + k * 7 % 5) }
    var lines = ["month,sold"]
    for (k, value) in values.enumerated() {
      lines.append("\(2018 + k / 12)-\(k % 12 < 9 ? "0" : "")\(k % 12 + 1)-01,\(value)")
    }
    let path = try folder.write(Array(lines.joined(separator: "\n").utf8), "sales.csv")
    let forecastPath = folder.file("forecast.csv")
    let sales = try Table(csv: path)
    var configuration = ForecastReport.Configuration(time: "month", target: "sold", horizon: 12)
    configuration.models = [.naive, .exponentialSmoothing()]
    let report = try ForecastReport(sales, configuration)
    print(report.summary)
    try report.table.writeCSV(to: forecastPath)
    #expect(report.chosen == "ets" && report.points.count == 12)
    #expect(try Table(csv: forecastPath).rowCount == 12)

    let smooth = try ExponentialSmoothing(fit: values, .init(trend: .damped, season: .additive, period: 12))
    let arima = try ARIMA(fit: values, .init(0, 1, 1, seasonal: (0, 1, 1), period: 12))
    let next = arima.forecast(12)
    print(next.means, next.intervals(0.9))
    #expect(zip(next.means, smooth.forecast(12).means).allSatisfy { abs($0 - $1) < 10 })

    var test = Backtest.Configuration(horizon: 6)
    test.folds = 4
    test.window = 36
    let past = try Backtest(values, season: 12, .naive, test)
    print(past.scores.mase, past.scores.smape, past.scores.coverage)
    #expect(past.folds.count == 4 && past.folds.allSatisfy { $0.trainCount == 36 })
  }
}
