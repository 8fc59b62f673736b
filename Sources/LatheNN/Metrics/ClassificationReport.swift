import Foundation
import Lathe

extension ConfusionMatrix {
  /// Precision, recall and F1 of every class and their averages, laid out as scikit-learn's `classification_report`.
  ///
  /// - Parameters:
  ///   - names: One a class; their indices where nil.
  ///   - digits: Decimals.
  public func report(names: [String]? = nil, digits: Int = 2) -> String {
    let names = names ?? counts.indices.map(String.init)
    require(names.count == counts.count, "report: \(names.count) names for \(counts.count) classes")
    let width = max(names.map(\.count).max() ?? 0, "weighted avg".count, digits)
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    func number(_ value: Double) -> String { " " + right(String(format: "%.\(digits)f", value), 9) }
    func line(_ name: String, _ score: Score) -> String {
      right(name, width) + " " + number(score.precision) + number(score.recall) + number(score.f1) + " "
        + right(String(score.support), 9) + "\n"
    }
    var text = right("", width) + " "
    for title in ["precision", "recall", "f1-score", "support"] { text += " " + right(title, 9) }
    text += "\n\n"
    for (name, score) in zip(names, scores) { text += line(name, score) }
    text +=
      "\n" + right("accuracy", width) + " " + right("", 20) + number(accuracy) + " "
      + right(String(total), 9) + "\n"
    text += line("macro avg", score(.macro)) + line("weighted avg", score(.weighted))
    return text
  }
}
