#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheML

  /// `lathe forecast`: the next values of a column.
  struct ForecastCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "forecast",
      abstract: "Forecasts a column of a table whose rows follow each other in time.",
      discussion: """
        Models are compared on the past: from several points each is trained on what was known then, and the one with the least \
        mean absolute error makes the forecast. The folder gets forecast.csv and forecast.json.
        """)

    /// The models.
    enum Model: String, CaseIterable, ExpressibleByArgument {
      case auto, naive, ets, arima, trees

      var models: [ForecastModel] {
        switch self {
        case .auto: [.naive, .exponentialSmoothing(), .arima(), .trees()]
        case .naive: [.naive]
        case .ets: [.exponentialSmoothing()]
        case .arima: [.arima()]
        case .trees: [.trees()]
        }
      }
    }

    @Option(help: ArgumentHelp("A table: .csv, .jsonl, .arff or .parquet.", valueName: "file"))
    var data: String

    @Option(
      help: ArgumentHelp("The column of times: dates, or whole numbers such as years.", valueName: "column"))
    var time: String

    @Option(help: ArgumentHelp("The column to forecast.", valueName: "column"))
    var target: String

    @Option(help: "How many values to forecast.")
    var horizon: Int

    @Option(help: "Values of a season; without it what the times suggest (12 of months, 7 of days).")
    var season: Int?

    @Option(help: "auto, naive, ets, arima or trees.")
    var model = Model.auto

    @Option(help: "From how many points in the past models are tested.")
    var folds = 5

    @Option(help: "Values between what is known and the first one that is tested on.")
    var gap = 0

    @Option(help: "The most values to learn from in tests, the last ones; without it all.")
    var window: Int?

    @Option(help: "The probability of intervals.")
    var level = 0.9

    @Option(
      help: "How missing values and times that are not there are filled: none, linear, last or seasonal.")
    var fill = "none"

    @Option(help: ArgumentHelp("The folder for the forecast; without it one under runs/.", valueName: "dir"))
    var output: String?

    @OptionGroup(title: "Reading") var reading: TableReadingOptions

    @Flag(help: "Print everything as JSON.")
    var json = false

    func validate() throws {
      if data.isEmpty || time.isEmpty || target.isEmpty || output?.isEmpty == true {
        throw ValidationError(
          "--data, --time, --target or --output is empty; name a file, columns and a folder")
      }
      if time == target { throw ValidationError("--time and --target are both '\(time)'; name two columns") }
      if horizon < 1 || horizon > 100_000 {
        throw ValidationError("--horizon is \(horizon); give 1 to 100000")
      }
      if let season, season < 1 { throw ValidationError("--season is \(season); give 1 for none, or more") }
      if folds < 1 { throw ValidationError("--folds is \(folds); one point is the least") }
      if gap < 0 { throw ValidationError("--gap is \(gap); give 0 or more") }
      if let window, window < 1 { throw ValidationError("--window is \(window); one value is the least") }
      if !(level > 0 && level < 1) { throw ValidationError("--level is \(level); give a part, such as 0.9") }
      if ForecastReport.Fill(rawValue: fill) == nil {
        throw ValidationError("--fill is '\(fill)'; give none, linear, last or seasonal")
      }
    }

    func run() throws {
      let input = try TableInput.read(data, reading.reading)
      input.showNotes(of: data)
      var configuration = ForecastReport.Configuration(time: time, target: target, horizon: horizon)
      configuration.season = season
      configuration.models = model.models
      configuration.fill = ForecastReport.Fill(rawValue: fill) ?? .none
      configuration.backtest.folds = folds
      configuration.backtest.gap = gap
      configuration.backtest.window = window
      configuration.backtest.level = level
      try OutputFolder.use(output, model: "forecast", resume: false) { folder in
        if FileManager.default.fileExists(atPath: "\(folder)/forecast.json") {
          throw LatheError(.file, "\(folder): holds an earlier forecast; choose another folder with --output")
        }
        let report = try input.use(of: data, isWhole: false) { try ForecastReport($0, configuration) }
        if report.filled > 0 {
          Terminal.note(
            "\(TableFile.name(data)): \(counted(report.filled, "values")) of '\(target)' filled (\(fill))")
        }
        try report.table.writeCSV(to: "\(folder)/forecast.csv")
        try AtomicFile.write(JSONText.of(report, isPretty: true) + "\n", to: "\(folder)/forecast.json")
        if json { try Terminal.output(json: report) } else { Terminal.output(try Self.text(report)) }
        Terminal.note("forecast stored in \(folder)/forecast.csv and forecast.json")
      }
    }

    private static func text(_ report: ForecastReport) throws -> String {
      let names = ["mae", "rmse", "mase", "smape", "pinball", "coverage"]
      var lines = ["on the past, season \(report.season)"]
      lines.append(Terminal.left("model", 8) + names.map { Terminal.right($0, 12) }.joined())
      for own in report.models {
        let cells = names.map { name in
          Terminal.right(own.scores?[name].map { Terminal.fixed($0, 4) } ?? "-", 12)
        }
        lines.append(Terminal.left(own.model, 8) + cells.joined())
        if let failure = own.failure { lines.append("  \(failure)") }
      }
      lines.append("")
      lines.append(
        "chosen: \(report.summary); intervals hold \(Terminal.fixed(report.level * 100, 0)) of 100")
      let width = report.points.map(\.time.count).max() ?? 0
      for point in report.points {
        lines.append(
          Terminal.left(point.time, width)
            + [point.forecast, point.low, point.high].map { Terminal.right(Terminal.fixed($0, 3), 14) }
            .joined())
      }
      return lines.joined(separator: "\n")
    }
  }
#endif
