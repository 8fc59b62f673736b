#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheML

  /// `lathe explain`: what a model of a table goes by.
  struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "explain",
      abstract: "Explains a model of a table: importance, dependence, reasons for rows.",
      discussion: """
        Rows should be such as the model did not learn from. Where they have the target, each column's importance is measured by \
        shuffling it. The page that --output names needs nothing beside it.
        """)

    @Option(help: ArgumentHelp("The folder of a model of a table.", valueName: "dir"))
    var model: String

    @Option(help: ArgumentHelp("A table: .csv, .jsonl, .arff or .parquet.", valueName: "file"))
    var data: String

    @Option(help: "How many of the first rows to give reasons for.")
    var rows = 10

    @Option(name: .customLong("class"), help: "The class to explain; without it the last one.")
    var className: String?

    @Option(help: ArgumentHelp("A page to write, such as report.html.", valueName: "file"))
    var output: String?

    @Option(help: "What random choices depend on.")
    var seed: UInt64 = 0

    @OptionGroup(title: "Reading") var reading: TableReadingOptions

    @Flag(help: "Print everything as JSON.")
    var json = false

    func validate() throws {
      if model.isEmpty || data.isEmpty || output?.isEmpty == true {
        throw ValidationError("--model, --data or --output is empty; name a folder and files")
      }
      if rows < 0 { throw ValidationError("--rows is \(rows); give 0 or more") }
    }

    func run() throws {
      try output.map {
        try TableInput.checkReplaces($0, none: [data, self.model, "\(self.model)/\(TableModel.fileName)"])
      }
      let model = try TableModel(path: self.model)
      let input = try TableInput.read(data, reading.reading, texts: Set(model.features.columnTypes.keys))
      input.showNotes(of: data)
      var configuration = ExplanationReport.Configuration()
      configuration.rows = rows
      configuration.className = className
      configuration.seed = seed
      let report = try input.use(of: data, isWhole: false) { try ExplanationReport(model, $0, configuration) }
      if let output {
        try AtomicFile.write(report.html, to: output)
        Terminal.note("report written to \(output)")
      }
      if json { return try Terminal.output(json: report) }
      Terminal.output(Self.text(report))
    }

    private static func text(_ report: ExplanationReport) -> String {
      var lines: [String] = []
      func list(_ title: String, _ values: [ExplanationReport.Value]) {
        lines.append(title)
        let width = values.map(\.column.count).max() ?? 0
        for own in values {
          let deviation = own.deviation.map { " +- " + Terminal.fixed($0, 4) } ?? ""
          lines.append(
            "  " + Terminal.left(own.column, width) + "  " + Terminal.fixed(own.value, 4) + deviation)
        }
        lines.append("")
      }
      if let permutation = report.permutation, let baseline = report.baseline {
        let name = report.className == nil ? "R²" : "the share of right classes"
        list("importance: what shuffling costs of \(name), \(Terminal.fixed(baseline, 4))", permutation)
      }
      list("mean size of contributions (\(report.method.rawValue) SHAP)", report.contributions)
      if !report.rules.isEmpty {
        lines.append("a small tree, agreement \(Terminal.fixed(report.fidelity ?? 0, 3))")
        lines += report.rules.map { "  \($0)" } + [""]
      }
      for own in report.rows {
        lines.append("row \(own.row + 1): \(own.prediction), \(Terminal.fixed(own.output, 4))")
        if !own.reasonsFor.isEmpty {
          lines.append("  for      " + own.reasonsFor.map(\.description).joined(separator: ", "))
        }
        if !own.reasonsAgainst.isEmpty {
          lines.append("  against  " + own.reasonsAgainst.map(\.description).joined(separator: ", "))
        }
      }
      return lines.joined(separator: "\n")
    }
  }
#endif
