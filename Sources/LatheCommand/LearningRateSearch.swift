import Foundation
import LatheML

/// Trains with a rising learning rate and shows where the loss falls fastest.
struct LearningRateSearch {
  private let job: TrainingJob

  init(_ job: TrainingJob) { self.job = job }

  /// What `learning-rate.json` holds.
  private struct Result: Encodable {
    struct Point: Encodable {
      var learningRate: Float
      var loss: Double
    }

    var points: [Point]
    var suggestion: Float?
  }

  /// Prints a table, or one JSON object, and writes it into a folder.
  ///
  /// - Throws: `LatheError` where the loss is not a number from the first step on, or the device or a file fails.
  func run(folder: String, json: Bool) throws {
    let found = try job.trainer(folder: nil).findLearningRate()
    guard !found.points.isEmpty else {
      throw LatheError(
        .training, "the loss is not a number before the first step; look at the data, or use another seed")
    }
    let result = Result(
      points: found.points.map { Result.Point(learningRate: $0.learningRate, loss: $0.loss) },
      suggestion: found.suggestion)
    let text = try JSONText.of(result)
    StopSignals.listen()
    try AtomicFile.write(text + "\n", to: "\(folder)/learning-rate.json")
    if json { return Terminal.output(text) }
    Terminal.output("learning rate      loss")
    for point in found.points {
      Terminal.output(
        Terminal.right(String(format: "%.3g", point.learningRate), 13)
          + Terminal.right(Terminal.fixed(point.loss, 4), 10))
    }
    guard let suggestion = found.suggestion else {
      return Terminal.note("the loss never fell; look at the data, or use another optimizer")
    }
    let rate = String(format: "%.2g", suggestion)
    Terminal.output("suggestion: --learning-rate \(rate)")
    Terminal.note("written to \(folder)/learning-rate.json")
  }
}
