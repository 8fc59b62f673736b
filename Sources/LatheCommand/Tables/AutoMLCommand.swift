#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheAutoML
  import LatheML

  extension AutoML.Task: ExpressibleByArgument {}
  extension AutoML.ThresholdGoal: ExpressibleByArgument {}
  extension AutoML.CleaningStep: ExpressibleByArgument {}
  extension AutoMLMetric: ExpressibleByArgument {}

  /// `lathe automl`: from a raw file to a tuned and stored model.
  struct AutoMLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "automl", abstract: "Finds, tunes and stores a model of a table within a time.",
      discussion: """
        Rows that are equal or have no target are left out, a part is sealed for one test at the end. Models are compared on \
        growing parts of the other rows, the best kinds are tuned, and joined where that is better on rows that they did not \
        learn from. The folder gets table-model.json for `lathe predict`, report.html, report.json and the rows that were \
        taken out as removed-rows.csv. Ctrl-C ends the search with the best model so far.
        """)

    @Option(help: ArgumentHelp("A table: .csv, .jsonl, .arff or .parquet.", valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("The column to predict.", valueName: "column"))
    var target: String

    @Option(help: ArgumentHelp("How long to search: 90s, 5m, 1h; without it 5m.", valueName: "time"))
    var time: Duration?

    @Option(
      help: ArgumentHelp("The folder for model and report; without it one under runs/.", valueName: "dir"))
    var output: String?

    @Option(
      help: ArgumentHelp("A table for the test; without it a part of the rows is kept.", valueName: "file"))
    var testData: String?

    @Option(help: "The part of the rows that is kept for the test; without it 0.2.")
    var test: Double?

    @Option(help: "classification or regression; without it by the target's values.")
    var task: AutoML.Task?

    @Option(
      help: "What models are compared by; without it roc-auc, of more classes log-loss, of numbers rmse.")
    var metric: AutoMLMetric?

    @Option(
      help: "What the threshold of two classes is chosen for; without it the most probable class is told.")
    var threshold: AutoML.ThresholdGoal?

    @Option(help: ArgumentHelp("The longest prediction of a row: 5ms, 0.1s.", valueName: "time"))
    var maxLatency: Duration?

    @Option(help: ArgumentHelp("The largest stored model: 500KB, 10MB.", valueName: "size"))
    var maxSize: ByteCount?

    @Flag(help: "Only models that a person can follow: weighted sums and small trees.")
    var explainable = false

    @Option(help: "The most configurations that each kind is tuned with; without it 40.")
    var trials: Int?

    @Option(help: "What random choices depend on.")
    var seed: UInt64 = 42

    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp("Columns that the model shall not see.", valueName: "column"))
    var drop: [String] = []

    @OptionGroup(title: "Reading") var reading: TableReadingOptions

    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp(
        "What is taken out of the rows to learn from, beside copies; rows of the test stay.",
        valueName: "step"))
    var clean: [AutoML.CleaningStep] = []

    @Flag(help: "Print the report as JSON.")
    var json = false

    /// A length of time as it is written in a command line.
    struct Duration: ExpressibleByArgument {
      let seconds: Double

      init?(argument: String) {
        let units: [(String, Double)] = [("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)]
        let unit = units.first { argument.hasSuffix($0.0) } ?? ("", 1)
        guard let number = Double(argument.dropLast(unit.0.count)), number > 0, number.isFinite else {
          return nil
        }
        seconds = number * unit.1
      }
    }

    /// A number of bytes as it is written in a command line.
    struct ByteCount: ExpressibleByArgument {
      let bytes: Int

      init?(argument: String) {
        let units: [(String, Double)] = [("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("B", 1)]
        let unit = units.first { argument.uppercased().hasSuffix($0.0) } ?? ("", 1)
        guard let number = Double(argument.dropLast(unit.0.count)), number > 0, number * unit.1 < 1e18 else {
          return nil
        }
        bytes = Int(number * unit.1)
      }
    }

    func validate() throws {
      if data.isEmpty || target.isEmpty || output?.isEmpty == true || testData?.isEmpty == true {
        throw ValidationError(
          "--data, --target, --test-data or --output is empty; name files, a column and a folder")
      }
      if let test, !(test > 0 && test < 1) {
        throw ValidationError("--test is \(test); give a part, such as 0.2")
      }
      if test != nil, testData != nil { throw ValidationError("give --test or --test-data, one of them") }
      if let trials, trials < 0 { throw ValidationError("--trials is \(trials); 0 is the least") }
    }

    func run() throws {
      var settings = AutoML.Configuration(target: target)
      settings.timeLimit = time?.seconds ?? 300
      settings.task = task
      settings.metric = metric
      settings.thresholdGoal = threshold
      settings.maxLatency = maxLatency?.seconds
      settings.maxSize = maxSize?.bytes
      settings.isExplainable = explainable
      settings.seed = seed
      settings.dropped = drop
      settings.cleaning = Set(clean)
      if let test { settings.testFraction = test }
      if let trials { settings.trialsPerModel = trials }
      let input = try TableInput.read(data, reading.reading)
      input.showNotes(of: data)
      let other = try testData.map { try TableInput.read($0, reading.reading) }
      StopSignals.listen()
      try OutputFolder.use(output, model: "automl", resume: false) { folder in
        let log = AutoMLLog()
        var result: AutoML.Result
        do {
          result = try AutoML.run(
            input.table, settings, test: other?.table, progress: { log.show($0) },
            shouldStop: { StopSignals.number != 0 })
        } catch let error as LatheError where error.kind == .invalidArgument {
          throw LatheError(error.kind, "\(TableFile.name(data)): \(TableFile.words(error.message))")
        }
        StopSignals.stopListening()
        var report = result.report
        if let rows = report.test?.rows, data != "-" {
          let settings = testData == nil ? ["\(settings.testFraction)", "\(seed)", target] : [target]
          let reading = try TestReading.note(
            file: testData ?? data, settings: settings, rows: rows, in: folder)
          report.test?.reads += reading.reads - 1
          if let warning = reading.warning { report.notes.append(warning) }
        }
        if !clean.isEmpty {
          report.notes.append(
            "the scores of the comparison are of the rows that cleaning left, without the hard ones; the test has all of its rows"
          )
        }
        result.report = report
        try result.save(to: folder)
        report.notes.forEach { Terminal.note($0) }
        if json {
          Terminal.result(String(decoding: try report.json(), as: UTF8.self))
        } else {
          Terminal.result(AutoMLLog.text(report))
        }
        Terminal.note(
          "model and report stored in \(folder)/\(TableModel.fileName), report.html and report.json")
        if result.removedRows.rowCount > 0 {
          Terminal.note(
            "\(counted(result.removedRows.rowCount, "rows")) taken out, kept in \(folder)/\(AutoML.removedRowsName)"
          )
        }
        let words = [CommandLine.arguments.first ?? "lathe", "predict", "--model", folder, "--data", "FILE"]
        Terminal.note("predict with: \(words.map(Terminal.shellQuoted).joined(separator: " "))")
        // The model is stored; a reader of the report that went away is no failure, a disk that is full is one.
        if Terminal.hasLostResults { throw ExitCode(1) }
      }
    }
  }

  /// What a person sees of a search.
  final class AutoMLLog {
    private var stage = ""
    private var best: Double?

    /// A line for each stage, and for each model that is better than all before it.
    func show(_ progress: AutoML.Progress) {
      let isNew = progress.stage != stage
      guard isNew || progress.best != best else { return }
      stage = progress.stage
      best = progress.best
      let score = progress.best.map { ", best \(Terminal.fixed($0, 4))" } ?? ""
      Terminal.note(
        "\(Terminal.fixed(progress.seconds, 1)) s  \(stage): \(counted(progress.evaluated, "models"))\(score)"
      )
    }

    /// The report in a few lines.
    static func text(_ report: AutoMLReport) -> String {
      var lines: [String] = []
      for (place, entry) in report.leaderboard.prefix(5).enumerated() {
        lines.append("\(place + 1)  \(Terminal.fixed(entry.score, 4))  \(entry.name)")
      }
      let weights = report.members.map { member in
        report.kind == "mean" ? "\(member.name) x \(Terminal.fixed(member.weight, 2))" : member.name
      }
      lines.append("")
      lines.append(
        "chosen: \(report.kind == "single" ? "" : "\(report.kind) of ")\(weights.joined(separator: ", "))")
      lines.append(
        "\(report.metric.rawValue) \(Terminal.fixed(report.score, 4)) on rows that were not learned from; always "
          + "\(report.classes.isEmpty ? "the mean" : "the most frequent class") \(Terminal.fixed(report.baseline, 4))"
      )
      if let test = report.test {
        lines.append("")
        lines.append(
          "test on \(counted(test.rows, "rows")), read \(test.reads == 1 ? "once" : "\(test.reads) times")")
        let width = test.figures.keys.map(\.count).max() ?? 0
        for (name, value) in test.figures.sorted(by: { $0.key < $1.key }) {
          lines.append("\(Terminal.left(name, width))  \(Terminal.fixed(value, 4))")
        }
      }
      lines.append("")
      lines.append(
        "\(Terminal.fixed(report.seconds, 1)) s, \(counted(report.evaluated, "models")), \(report.modelBytes) bytes, "
          + "\(Terminal.fixed(report.latency * 1000, 2)) ms a row")
      return lines.joined(separator: "\n")
    }
  }
#endif
