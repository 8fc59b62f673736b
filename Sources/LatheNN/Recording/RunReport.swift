import Foundation
import Lathe

/// Writes `report.html` when a run ends: one page with nothing outside it, of the curves, the confusion matrix, examples
/// that the model gets wrong, and what the run can be repeated by.
public final class RunReport: TrainerCallback {
  private let folder: String
  private let examples: Int
  private let program: String?

  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - examples: The most wrongly classified examples that are shown.
  ///   - program: The program and its version.
  public init(folder: String, examples: Int = 24, program: String? = nil) {
    self.folder = folder
    self.examples = examples
    self.program = program
  }

  /// Writes the page, also of a run that was stopped.
  public func trainingEnded(_ trainer: Trainer, _ outcome: Trainer.Outcome) throws {
    guard !trainer.history.isEmpty else { return }
    try AtomicFile.write(page(trainer, outcome), to: "\(folder)/report.html")
  }

  private func page(_ trainer: Trainer, _ outcome: Trainer.Outcome) throws -> String {
    let settings = trainer.settings
    var body = "<h1>\(HTML.escaped(settings.architecture)) on \(HTML.escaped(settings.data))</h1>\n"
    if let last = trainer.history.last {
      body +=
        "<p>\(outcome == .finished ? "Finished" : "Stopped") after \(trainer.history.count) epochs and \(trainer.step) steps: "
        + "test loss \(decimals(last.testLoss)), test accuracy \(decimals(last.testAccuracy))"
        + trainer.metrics.map { ", \(HTML.escaped($0.name)) \(decimals(last.metrics?[$0.name]))" }.joined()
        + ".</p>\n"
    }
    let metrics = trainer.metrics.map(\.name)
    body += curves(trainer.history, metrics) + epochs(trainer.history, metrics) + phases(trainer)
    if trainer.objective is ClassificationObjective, let names = trainer.test.classes {
      body += try classes(trainer, names)
    }
    body += facts(trainer)
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><title>\(HTML.escaped(settings.architecture))</title>
      <style>
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
      table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
      th, td { padding: .2rem .6rem; border: 1px solid #ddd; text-align: right }
      td:first-child, th:first-child { text-align: left }
      figure { display: inline-block; margin: 0 1rem 1rem 0 } svg { width: 32rem; max-width: 100% }
      .grid { stroke: #ddd } text { font-size: 11px; fill: #555 } .left { text-anchor: end } .below { text-anchor: middle }
      .wrong { display: inline-block; margin: .3rem; text-align: center; font-size: 12px }
      .wrong img { width: 84px; height: 84px; image-rendering: pixelated; display: block; margin: auto }
      .words td, .words th { text-align: left } .words td { overflow-wrap: anywhere }
      pre { background: #f6f6f6; padding: 1rem; overflow-x: auto }
      </style></head><body>
      \(body)</body></html>

      """
  }

  private func decimals(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "none" }

  private func curves(_ history: [EpochReport], _ metrics: [String]) -> String {
    let (training, test) = ("#1f6fb4", "#c8501e")
    return SVGCurves(
      title: "Loss",
      lines: [
        .init(name: "training", color: training, values: history.map(\.trainLoss)),
        .init(name: "test", color: test, values: history.map(\.testLoss)),
      ]
    ).figure
      + SVGCurves(
        title: "Accuracy",
        lines: [
          .init(name: "training", color: training, values: history.map(\.trainAccuracy)),
          .init(name: "test", color: test, values: history.map(\.testAccuracy)),
        ]
      ).figure
      + metrics.map { name in
        SVGCurves(
          title: name,
          lines: [.init(name: "test", color: test, values: history.map { $0.metrics?[name] ?? .nan })]
        ).figure
      }.joined()
  }

  private func epochs(_ history: [EpochReport], _ metrics: [String]) -> String {
    let titles =
      ["epoch", "loss", "accuracy", "test loss", "test accuracy"] + metrics.map { "test \(HTML.escaped($0))" }
    return HTML.table(
      [titles + ["examples/s", "seconds"]]
        + history.map { report in
          [String(report.epoch)]
            + [report.trainLoss, report.trainAccuracy, report.testLoss, report.testAccuracy].map(decimals)
            + metrics.map { decimals(report.metrics?[$0]) }
            + [String(Int(report.samplesPerSecond)), String(format: "%.2f", report.seconds)]
        })
  }

  /// Time and memory by phase, over the epochs of which they are known.
  private func phases(_ trainer: Trainer) -> String {
    let reports = trainer.history.compactMap(\.phases)
    let seconds = TrainingPhase.allCases.map { phase in reports.reduce(0) { $0 + $1[phase].seconds } }
    let total = seconds.reduce(0, +)
    guard total > 0 else { return "" }
    let rows = zip(TrainingPhase.allCases, seconds).map { phase, seconds in
      let bytes = reports.reduce(0) { max($0, $1[phase].peakBytes) }
      return [
        phase.rawValue, String(format: "%.2f", seconds), String(format: "%.1f %%", 100 * seconds / total),
        String(format: "%.1f", Double(bytes) / 1_048_576),
      ]
    }
    let remark =
      trainer.synchronizesPhases || trainer.device == .cpu
      ? "" : "<p>The host's time; the device's own shows as waiting.</p>\n"
    return "<h2>Phases</h2>\n" + remark + HTML.table([["phase", "seconds", "share", "peak MiB"]] + rows)
  }

  private func classes(_ trainer: Trainer, _ classNames: [String]) throws -> String {
    var matrix = ConfusionMatrix(classes: classNames.count)
    let names = classNames.map(HTML.escaped)
    var wrong = WrongExamples(limit: examples, classes: classNames)
    try trainer.withTestOutputs { batch, output in
      let predicted = try output.argmax(axis: 1).scalars(as: Int.self)
      let labels = try batch.labels.scalars(as: Int.self)
      try matrix.update(predicted: predicted, labels: labels)
      for place in predicted.indices where predicted[place] != labels[place] {
        try wrong.add(
          batch, at: place, label: labels[place], predicted: predicted[place], of: trainer.test)
      }
    }
    var text =
      "<h2>Classes</h2>\n<pre>\(HTML.escaped(matrix.report(names: classNames, digits: 4)))</pre>\n"
    let largest = Double(max(matrix.counts.joined().max() ?? 1, 1))
    text += "<h2>Confusion matrix</h2>\n<p>Rows are true classes, columns what the model says.</p>\n"
    text += "<table><tr><th></th>\(names.map { "<th>\($0)</th>" }.joined())</tr>\n"
    for (name, row) in zip(names, matrix.counts) {
      let cells = row.map { count in
        "<td style=\"background: rgba(31, 111, 180, \(String(format: "%.2f", Double(count) / largest * 0.7)))\">\(count)</td>"
      }
      text += "<tr><th>\(name)</th>\(cells.joined())</tr>\n"
    }
    return text + "</table>\n" + wrong.html
  }

  private func facts(_ trainer: Trainer) -> String {
    let settings = trainer.settings
    let rows =
      [
        ["network", settings.architecture], ["parameters", String(trainer.model.parameterCount)],
        ["data", "\(settings.data): \(trainer.training.count) \(trainer.training.noun)"],
        ["optimizer", settings.optimizer], ["learning rate", String(settings.learningRate)],
        ["batch", String(settings.batchSize)], ["seed", String(settings.seed)],
      ] + (settings.details ?? [:]).sorted { $0.key < $1.key }.map { [$0.key, $0.value] }
      + RunEnvironment(program: program, device: trainer.device).rows
    return "<h2>The run</h2>\n" + HTML.table(rows.map { $0.map(HTML.escaped) }, titles: false)
  }
}
