import Foundation
import LatheFiles
import LatheTraining

/// The losses of a run's steps, as a curve of a few hundred points.
struct StepLosses {
  /// Steps and losses, the oldest first.
  private var steps: [(step: Int, loss: Double)] = []
  /// Two points become one where there are more.
  private static let most = 4096
  private var group = 1
  private var waiting: [(step: Int, loss: Double)] = []

  /// Adds the next steps.
  mutating func add(_ reports: [StepReport]) {
    for report in reports {
      waiting.append((report.step, report.loss))
      if waiting.count == group {
        steps.append(StepLosses.mean(waiting[...]))
        waiting.removeAll()
      }
    }
    guard steps.count >= StepLosses.most else { return }
    steps = stride(from: 0, to: steps.count - 1, by: 2).map { StepLosses.mean(steps[$0..<$0 + 2]) }
    group *= 2
  }

  /// Points of means of neighbouring steps, those of an earlier process as its lines say.
  ///
  /// - Parameters:
  ///   - folder: Where `metrics.jsonl` is, which has the steps before those added.
  ///   - inEpoch: The steps of an epoch.
  func points(folder: String, inEpoch: Int) -> [(epoch: Double, value: Double)] {
    let all = earlier(folder, before: steps.first?.step ?? .max) + steps
    let size = max(1, all.count / 200)
    return stride(from: 0, to: all.count, by: size).map { start in
      let mean = StepLosses.mean(all[start..<min(start + size, all.count)])
      return (Double(mean.step) / Double(max(inEpoch, 1)), mean.loss)
    }
  }

  private func earlier(_ folder: String, before limit: Int) -> [(step: Int, loss: Double)] {
    struct Line: Decodable { var type: String, step: Int, loss: Double? }
    guard let bytes = try? FileErrors.read("\(folder)/metrics.jsonl") else { return [] }
    return bytes.split(separator: 0x0A).compactMap { text in
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(text)), line.type == "step",
        line.step < limit
      else { return nil }
      return line.loss.map { (line.step, $0) }
    }
  }

  private static func mean(_ part: ArraySlice<(step: Int, loss: Double)>) -> (step: Int, loss: Double) {
    (part.last?.step ?? 0, part.reduce(0) { $0 + $1.loss } / Double(max(part.count, 1)))
  }
}
