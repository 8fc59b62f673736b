import FoundationEssentials
import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Reports of explanations and forecasts.
@Suite("Reports of models and forecasts")
struct ReportTests {
  private func table() throws -> Table {
    var random = RandomSource(seed: 3)
    let a = (0..<120).map { _ in random.normal() }
    let port = (0..<120).map { _ in ["<S>", "C&A"][random.below(2)] }
    return try Table([
      Column("a <b>", a.map { Optional($0) }), Column("port", port.map { Optional($0) }),
      Column("class", zip(a, port).map { $0 + ($1 == "C&A" ? 1 : 0) > 0.5 ? "yes" : "no" }),
    ])
  }

  @Test("An explanation's page is whole, escaped, and its JSON comes back")
  func explanation() throws {
    let table = try table()
    let features = ColumnTransformer([.init(["a <b>"], [.standardScale]), .init(["port"], [.oneHot()])])
    let model = try Pipeline(features, .logisticRegression(), target: "class").fit(table)
    var configuration = ExplanationReport.Configuration()
    configuration.rows = 3
    configuration.mostRows = 100
    let report = try ExplanationReport(model, table, configuration)
    #expect(report.method == .linear && report.rowCount == 100 && report.tableRowCount == 120)
    #expect(report.permutation?.count == 2 && report.contributions.count == 2 && report.rows.count == 3)
    #expect(report.dependence.count == 2 && !report.rules.isEmpty && report.fidelity ?? 0 > 0.8)
    let html = report.html
    #expect(html.contains("a &lt;b&gt;") && html.contains("C&amp;A"))
    #expect(!html.contains("<b>") && !html.contains("<S>"))
    #expect(html.hasPrefix("<!DOCTYPE html>") && !html.contains("src=") && !html.contains("href="))
    #expect(html.components(separatedBy: "<svg").count == html.components(separatedBy: "</svg>").count)
    let stored = try JSONDecoder().decode(ExplanationReport.self, from: JSONEncoder().encode(report))
    #expect(stored.rows == report.rows)
    // Without the target importance is not measured.
    let raw = try ExplanationReport(model, table.drop("class"), configuration)
    #expect(raw.permutation == nil && raw.contributions.count == 2)
    configuration.className = "maybe"
    #expect(throws: LatheError.self) { try ExplanationReport(model, table, configuration) }
  }

  @Test("A forecast of a table sorts by time, names gaps, and says when")
  func forecast() throws {
    let months = (0..<48).map { "\(2020 + $0 / 12)-\($0 % 12 < 9 ? "0" : "")\($0 % 12 + 1)-01" }
    let values = (0..<48).map { 100 + Double($0) + 10 * Double($0 % 12) }
    let table = try Table([
      Column("month", months.reversed().map { Optional($0) }).cast(to: .dateTime(zone: nil)),
      Column("sold", values.reversed().map { Optional($0) }),
    ])
    var configuration = ForecastReport.Configuration(time: "month", target: "sold", horizon: 3)
    let order = ARIMA.Order(0, 0, 0, seasonal: (0, 1, 0), period: 12, hasConstant: true)
    configuration.models = [.naive, .arima(order)]
    configuration.backtest.folds = 2
    let report = try ForecastReport(table, configuration)
    #expect(report.season == 12 && report.chosen == "arima")
    #expect(report.points.map { String($0.time.prefix(10)) } == ["2024-01-01", "2024-02-01", "2024-03-01"])
    #expect(LearnFixture.difference(report.points.map(\.forecast), [148, 159, 170]) < 1e-6)
    #expect(try report.table.columnNames == ["month", "forecast", "low", "high"])
    #expect(try !JSONEncoder().encode(report).isEmpty)
    var gaps: [Double?] = values.reversed()
    gaps[5] = nil
    let missing = try table.with(Column("sold", gaps))
    let error = #expect(throws: LatheError.self) { try ForecastReport(missing, configuration) }
    #expect(error?.message.contains("1 row without a value, the first at 20") == true)
    configuration.fill = .linear
    #expect(try ForecastReport(missing, configuration).points.count == 3)
    configuration.target = "nothing"
    #expect(throws: LatheError.self) { try ForecastReport(table, configuration) }
  }
}
