#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheAutoML
  import LatheML

  /// `lathe recommend`: which kind of model suits a table.
  struct RecommendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "recommend", abstract: "Says which kind of model suits a table and a target, and why.",
      discussion: """
        By rows, types, missing values and balance, and by a quick comparison of weighted sums, trees and neighbours on at \
        most 5,000 rows. Without a target it says how rows can be grouped.
        """)

    @Option(help: ArgumentHelp("A table: .csv, .jsonl, .arff or .parquet.", valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("The column to predict.", valueName: "column"))
    var target: String?

    @Option(help: "classification or regression; without it by the target's values.")
    var task: AutoML.Task?

    @Option(help: ArgumentHelp("How long the comparison may take; without it 20s.", valueName: "time"))
    var time: AutoMLCommand.Duration?

    @OptionGroup(title: "Reading") var reading: TableReadingOptions

    @Flag(help: "Print the advice as JSON.")
    var json = false

    func validate() throws {
      if data.isEmpty || target?.isEmpty == true {
        throw ValidationError("--data or --target is empty; name a file and a column")
      }
    }

    func run() throws {
      let input = try TableInput.read(data, reading.reading)
      input.showNotes(of: data)
      let advice = try input.use(of: data, isWhole: false) {
        try ModelAdvice.of($0, target: target, task: task, seconds: time?.seconds ?? 20)
      }
      if json { return try Terminal.output(json: advice) }
      Terminal.output("\(advice.task): \(advice.facts.joined(separator: "; "))")
      if let metric = advice.metric, let baseline = advice.baseline {
        Terminal.output(
          "always the \(advice.task == "regression" ? "mean" : "most frequent class"): \(metric.rawValue) "
            + Terminal.fixed(baseline, 4))
      }
      for (place, entry) in advice.entries.enumerated() {
        let score =
          entry.score.map { "  \(advice.metric?.rawValue ?? "score") \(Terminal.fixed($0, 4))" } ?? ""
        Terminal.output("\n\(place + 1)  \(entry.model)\(score)")
        for reason in entry.reasons { Terminal.output("   - \(reason)") }
      }
      advice.notes.forEach { Terminal.note($0) }
      let words = [CommandLine.arguments.first ?? "lathe"]
      // Nothing is recommended that is no better than always the same answer.
      if let target, let best = advice.entries.first, best.score != nil, !advice.isHopeless {
        let next = words + ["train", best.model, "--data", data, "--target", target]
        Terminal.note("train with: \(next.map(Terminal.shellQuoted).joined(separator: " "))")
      }
    }
  }
#endif
