import Foundation
import Lathe
import LatheCore
import LatheData
import LatheFiles
import LatheNN
import LatheTraining

/// Writes `report.html` when a run ends: one page with nothing outside it, of the curves, the confusion matrix, examples
/// that the model gets wrong, and what the run can be repeated by.
public final class RunReport: TrainerCallback {
  private let folder: String
  private let examples: Int
  private let program: String?
  private var steps = StepLosses()

  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - examples: The most wrongly classified examples that are shown.
  ///   - program: The program and its version.
  public init(folder: String, examples: Int = 24, program: String? = nil) {
    self.folder = folder
    self.examples = examples
    self.program = program
  }

  /// Keeps the losses for their curve.
  public func stepsRead(_ trainer: Trainer, _ steps: [StepReport]) throws { self.steps.add(steps) }

  /// Writes the page, also of a run that was stopped.
  public func trainingEnded(_ trainer: Trainer, _ outcome: Trainer.Outcome) throws {
    guard !trainer.history.isEmpty else { return }
    try AtomicFile.write(page(trainer, outcome), to: "\(folder)/report.html")
  }

  private func page(_ trainer: Trainer, _ outcome: Trainer.Outcome) throws -> String {
    let (network, data) = (trainer.configuration.architecture, trainer.configuration.data)
    var body = "<h1>\(markupEscaped(network)) on \(markupEscaped(data))</h1>\n"
    if let last = trainer.history.last {
      body +=
        "<p>\(outcome == .finished ? "Finished" : "Stopped") after \(trainer.history.count) "
        + "epoch\(trainer.history.count == 1 ? "" : "s") and \(trainer.step) steps"
        + (last.testLoss.map { ": test loss \(decimals($0))" }
          ?? ": training loss \(decimals(last.trainLoss))")
        + (last.testAccuracy.map { ", test accuracy \(decimals($0))" } ?? "")
        + trainer.metrics.map { ", \(markupEscaped($0.name)) \(decimals(last.metrics?[$0.name]))" }.joined()
        + ".\(bestEpoch(trainer))</p>\n"
    }
    let metrics = trainer.metrics.map(\.name)
    let best = trainer.configuration.best?.best(trainer.history)
    body += curves(trainer, metrics, best) + epochs(trainer.history, metrics, best) + phases(trainer)
    if let objective = trainer.objective as? ClassificationObjective, let names = trainer.test?.classes {
      body += try classes(trainer, objective, names)
    }
    if trainer.objective.reconstructsInputs { body += try Reconstructions(trainer, limit: examples).html }
    body += facts(trainer)
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>\(markupEscaped(network))</title>
      <style>
      \(ReportStyle.css)
      </style></head><body>
      \(body)</body></html>

      """
  }

  private func decimals(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "none" }

  /// A sentence on the epoch whose weights were kept as the best ones.
  private func bestEpoch(_ trainer: Trainer) -> String {
    guard let monitor = trainer.configuration.best, let place = monitor.best(trainer.history) else {
      return ""
    }
    let report = trainer.history[place]
    return " The best is epoch \(report.epoch), by its test \(markupEscaped(monitor.figure.name)) of "
      + "\(decimals(monitor.value(report)))."
  }

  private func curves(_ trainer: Trainer, _ metrics: [String], _ best: Int?) -> String {
    let history = trainer.history
    func figure(_ title: String, _ lines: [SVGCurves.Line]) -> String {
      HTML.figure(
        SVGCurves(title: title, lines: lines, epochs: history.count, best: best.map { $0 + 1 }))
    }
    let points = steps.points(folder: folder, inEpoch: trainer.stepsPerEpoch)
    return figure(
      "Loss",
      [.init("training", "training", points: points), .init("test", "test", values: history.map(\.testLoss))])
      + figure(
        "Accuracy",
        [
          .init("training", "training", values: history.map(\.trainAccuracy)),
          .init("test", "test", values: history.map(\.testAccuracy)),
        ])
      + metrics.map { name in
        figure(name, [.init("test", "test", values: history.map { $0.metrics?[name] })])
      }.joined()
  }

  private func epochs(_ history: [EpochReport], _ metrics: [String], _ best: Int?) -> String {
    let hasAnswers = history.contains { $0.testAccuracy != nil }
    func pair<Value>(_ first: Value, _ second: Value) -> [Value] { hasAnswers ? [first, second] : [first] }
    let titles =
      pair("loss", "accuracy") + pair("test loss", "test accuracy")
      + metrics.map { "test \(markupEscaped($0))" }
    return HTML.table(
      [["epoch"] + titles + ["examples/s", "seconds"]]
        + history.map { report in
          [String(report.epoch)] + pair(decimals(report.trainLoss), decimals(report.trainAccuracy))
            + pair(decimals(report.testLoss), decimals(report.testAccuracy))
            + metrics.map { decimals(report.metrics?[$0]) }
            + [String(Int(report.samplesPerSecond)), String(format: "%.2f", report.seconds)]
        }, marked: best.map { $0 + 1 })
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
      trainer.configuration.synchronizesPhases || trainer.device == .cpu
      ? "" : "<p>The host's time; the device's own shows as waiting.</p>\n"
    return "<h2>Phases</h2>\n" + remark + HTML.table([["phase", "seconds", "share", "peak MiB"]] + rows)
  }

  private func classes(
    _ trainer: Trainer, _ objective: ClassificationObjective, _ classNames: [String]
  ) throws -> String {
    var matrix = ConfusionMatrix(classes: classNames.count)
    let names = classNames.map(markupEscaped)
    var wrong = WrongExamples(limit: examples, classes: classNames)
    try trainer.withTestOutputs { batch, output in
      let counted = objective.countedTargets(batch)
      let seen = try TestOutput(output, targets: batch.labels, counted: counted, kind: .classes)
      guard !seen.isEmpty else { return }
      let (predicted, labels) = try (seen.predictions(), seen.labels())
      try matrix.update(predicted: predicted, labels: labels)
      // Of examples with an answer for each token, no single one is shown.
      guard let test = trainer.test, output.count == batch.exampleCount * seen.classes else { return }
      for row in predicted.indices where predicted[row] != labels[row] {
        try wrong.add(
          batch, at: seen.places?[row] ?? row, label: labels[row], predicted: predicted[row], of: test)
      }
    }
    var text =
      "<h2>Classes</h2>\n<pre>\(markupEscaped(matrix.report(names: classNames, digits: 4)))</pre>\n"
    let largest = Double(max(matrix.counts.joined().max() ?? 1, 1))
    text += "<h2>Confusion matrix</h2>\n<p>Rows are true classes, columns what the model says.</p>\n"
    text += "<div class=\"wide\"><table><tr><th></th>\(names.map { "<th>\($0)</th>" }.joined())</tr>\n"
    for (name, row) in zip(names, matrix.counts) {
      let cells = row.map { count in
        "<td style=\"background: rgba(var(--cell), \(String(format: "%.2f", Double(count) / largest * 0.7)))\">\(count)</td>"
      }
      text += "<tr><th>\(name)</th>\(cells.joined())</tr>\n"
    }
    return text + "</table></div>\n" + wrong.html
  }

  private func facts(_ trainer: Trainer) -> String {
    let asked = (trainer.optimizerDescription.fields + trainer.configuration.fields).filter {
      $0.value != "none"
    }
    let rows =
      [
        ["parameters", String(trainer.model.parameterCount)],
        ["examples", "\(trainer.training.count) \(trainer.training.noun)"],
      ] + asked.map { [$0.name, $0.value] }
      + RunEnvironment(program: program, device: trainer.device).rows
    return "<h2>The run</h2>\n" + HTML.table(rows.map { $0.map(markupEscaped) }, titles: false)
  }
}
