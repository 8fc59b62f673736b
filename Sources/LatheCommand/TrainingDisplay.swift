import Foundation
import LatheML

/// Shows a run: a bar on a terminal, a line an epoch elsewhere, JSON on standard output where asked for.
final class TrainingDisplay {
  private let json: Bool
  private let epochs: Int
  private let metrics: [String]
  private let unit: String
  private var bar = ProgressBar()

  /// - Parameters:
  ///   - metrics: The names of the trainer's metrics, in the order in which they are shown.
  ///   - unit: What a rate counts.
  init(json: Bool, epochs: Int, metrics: [String], unit: String) {
    self.json = json
    self.epochs = epochs
    self.metrics = metrics
    self.unit = unit
  }

  /// Listens to a trainer.
  func attach(to trainer: Trainer) {
    if Terminal.isInteractive && !json { trainer.onProgress = { [self] in bar.show($0, unit: unit) } }
    trainer.onNote = { [self] in note($0) }
    trainer.onEpoch = { [self] in show($0) }
  }

  /// A line beside the results.
  func note(_ line: String) {
    bar.interrupt()
    Terminal.note(line)
  }

  /// Ends what is drawn.
  func end() { bar.interrupt() }

  private func show(_ report: EpochReport) {
    if json {
      Terminal.result(line(report))
    } else if Terminal.isInteractive {
      bar.finish(report, epochs: epochs, unit: unit)
      if !metrics.isEmpty { Terminal.note(metrics(of: report).joined(separator: " - ")) }
    } else {
      let figures =
        [
          ("loss", report.trainLoss), ("accuracy", report.trainAccuracy), ("test loss", report.testLoss),
          ("test accuracy", report.testAccuracy),
        ].compactMap { name, value in value.map { "\(name) \(Terminal.fixed($0, 4))" } } + metrics(of: report)
        + ["\(Int(report.samplesPerSecond)) \(unit)/s", "\(Terminal.fixed(report.seconds, 2)) s"]
      Terminal.result("epoch \(report.epoch)/\(epochs): \(figures.joined(separator: ", "))")
    }
  }

  /// The metrics of a report as a person reads them; "none" where one has no finite value.
  func metrics(of report: EpochReport) -> [String] {
    metrics.map { "test \($0) \(report.metrics?[$0].map { Terminal.fixed($0, 4) } ?? "none")" }
  }

  /// Which epoch's weights are the best ones, and where they are; nil where none were kept.
  func best(of trainer: Trainer) -> String? {
    guard let monitor = trainer.configuration.best, let folder = trainer.folder,
      let place = monitor.best(trainer.history),
      let value = monitor.value(trainer.history[place])
    else { return nil }
    return
      "best epoch \(trainer.history[place].epoch) (test \(monitor.figure.name) \(Terminal.fixed(value, 4))), its weights "
      + "in \(folder)/\(ModelFolder.bestName)"
  }

  /// One JSON object, its keys in a fixed order; `metrics` only where there are some.
  private func line(_ report: EpochReport) -> String {
    let values = metrics.map { "\"\($0)\":\(report.metrics?[$0].map { "\($0)" } ?? "null")" }
    let part = metrics.isEmpty ? "" : "\"metrics\":{\(values.joined(separator: ","))},"
    func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "null" }
    return
      "{\"epoch\":\(report.epoch),\"train_loss\":\(report.trainLoss),\"train_accuracy\":\(number(report.trainAccuracy)),"
      + "\"test_loss\":\(number(report.testLoss)),\"test_accuracy\":\(number(report.testAccuracy)),\(part)"
      + "\"samples_per_second\":\(report.samplesPerSecond),"
      + "\"seconds\":\(report.seconds),\"device\":\"\(report.device)\"}"
  }
}
