import Foundation
import LatheNN

/// Shows a run: a bar on a terminal, a line an epoch elsewhere, JSON on standard output where asked for.
final class TrainingDisplay {
  private let json: Bool
  private let epochs: Int
  private var bar = ProgressBar()

  init(json: Bool, epochs: Int) {
    self.json = json
    self.epochs = epochs
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
      Terminal.output(TrainingDisplay.line(report))
    } else if Terminal.isInteractive {
      bar.finish(report, epochs: epochs)
    } else {
      Terminal.output(
        "epoch \(report.epoch)/\(epochs): loss \(Terminal.fixed(report.trainLoss, 4)), accuracy "
          + "\(Terminal.fixed(report.trainAccuracy, 4)), test loss \(Terminal.fixed(report.testLoss, 4)), test accuracy "
          + "\(Terminal.fixed(report.testAccuracy, 4)), \(Int(report.samplesPerSecond)) samples/s, "
          + "\(Terminal.fixed(report.seconds, 2)) s")
    }
  }

  /// One JSON object, its keys in a fixed order.
  static func line(_ report: EpochReport) -> String {
    "{\"epoch\":\(report.epoch),\"train_loss\":\(report.trainLoss),\"test_loss\":\(report.testLoss),"
      + "\"test_accuracy\":\(report.testAccuracy),\"samples_per_second\":\(report.samplesPerSecond),"
      + "\"seconds\":\(report.seconds),\"device\":\"\(report.device)\"}"
  }
}
