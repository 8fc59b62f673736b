import Foundation
import LatheNN

/// Shows a run: a bar on a terminal, a line an epoch elsewhere, JSON on standard output where asked for.
final class TrainingDisplay {
  private let json: Bool
  private let epochs: Int
  private let metrics: [String]
  private var bar = ProgressBar()

  /// - Parameter metrics: The names of the trainer's metrics, in the order in which they are shown.
  init(json: Bool, epochs: Int, metrics: [String]) {
    self.json = json
    self.epochs = epochs
    self.metrics = metrics
  }

  /// Listens to a trainer.
  func attach(to trainer: Trainer) {
    if Terminal.isInteractive && !json { trainer.onProgress = { [self] in bar.show($0) } }
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
      Terminal.output(line(report))
    } else if Terminal.isInteractive {
      bar.finish(report, epochs: epochs)
      if !metrics.isEmpty { Terminal.note(metrics(of: report).joined(separator: " - ")) }
    } else {
      Terminal.output(
        "epoch \(report.epoch)/\(epochs): loss \(Terminal.fixed(report.trainLoss, 4)), accuracy "
          + "\(Terminal.fixed(report.trainAccuracy, 4)), test loss \(Terminal.fixed(report.testLoss, 4)), test accuracy "
          + "\(Terminal.fixed(report.testAccuracy, 4)), "
          + metrics(of: report).map { $0 + ", " }.joined() + "\(Int(report.samplesPerSecond)) samples/s, "
          + "\(Terminal.fixed(report.seconds, 2)) s")
    }
  }

  /// The metrics of a report as a person reads them; "none" where one has no finite value.
  func metrics(of report: EpochReport) -> [String] {
    metrics.map { "test \($0) \(report.metrics?[$0].map { Terminal.fixed($0, 4) } ?? "none")" }
  }

  /// One JSON object, its keys in a fixed order; `metrics` only where there are some.
  private func line(_ report: EpochReport) -> String {
    let values = metrics.map { "\"\($0)\":\(report.metrics?[$0].map { "\($0)" } ?? "null")" }
    let part = metrics.isEmpty ? "" : "\"metrics\":{\(values.joined(separator: ","))},"
    return "{\"epoch\":\(report.epoch),\"train_loss\":\(report.trainLoss),\"test_loss\":\(report.testLoss),"
      + "\"test_accuracy\":\(report.testAccuracy),\(part)\"samples_per_second\":\(report.samplesPerSecond),"
      + "\"seconds\":\(report.seconds),\"device\":\"\(report.device)\"}"
  }
}
