import Foundation
import Lathe
import LatheFiles
import LatheNN

/// What the test of a text classifier says.
public struct TextClassifierReport: Sendable {
  /// Counts by true and given class.
  public let confusion: ConfusionMatrix
  /// The classes' names.
  public let classes: [String]
  /// The mean cross-entropy.
  public let loss: Double
  /// How far probabilities are from shares of right answers, in ten bins (Guo et al., 2017).
  public let calibrationError: Double
  /// The accuracy of giving all texts the commonest class of the training part.
  public let baseline: Double
  /// Texts given a wrong class, the surest first.
  public let mistakes: [Mistake]

  /// A text given a wrong class.
  public struct Mistake: Sendable, Hashable, Codable {
    /// The text.
    public let text: String
    /// The second text of a pair.
    public let pair: String?
    /// Its class, and the one it was given.
    public let label: String, given: String
    /// The probability of the given class.
    public let probability: Float
  }

  /// Tests a classifier.
  ///
  /// - Parameters:
  ///   - classifier: The classifier.
  ///   - test: Documents of its classes.
  ///   - training: What it learned from, for the baseline.
  /// - Throws: `LatheError` where a text cannot be encoded or the device fails.
  public init(
    of classifier: any TextClassifying, on test: LabelledDocuments, training: LabelledDocuments? = nil
  ) throws {
    let classes = classifier.classes
    let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    if let stranger = test.labels.first(where: { numbers[$0] == nil }) {
      throw LatheError(
        .format,
        "\(test.source): class '\(stranger)' is not among the model's, \(classes.prefix(20).joined(separator: ", "))"
      )
    }
    self.classes = classes
    let labels = test.labels.compactMap { numbers[$0] }
    let probabilities = try classifier.probabilities(test.texts, pairs: test.pairs)
    let given = probabilities.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
    var confusion = ConfusionMatrix(classes: classes.count)
    try confusion.update(predicted: given, labels: labels)
    self.confusion = confusion
    let count = Double(max(labels.count, 1))
    loss = zip(probabilities, labels).reduce(0.0) { $0 - log(max(Double($1.0[$1.1]), 1e-12)) } / count
    var bins = [(sure: Double, right: Double)](repeating: (0, 0), count: 10)
    for (row, (answer, label)) in zip(probabilities, zip(given, labels)) {
      let bin = min(max(Int((Double(row[answer]) * 10).rounded(.up)) - 1, 0), 9)
      bins[bin].sure += Double(row[answer])
      bins[bin].right += answer == label ? 1 : 0
    }
    calibrationError = bins.reduce(0.0) { $0 + abs($1.sure - $1.right) } / count
    let counts = Dictionary((training ?? test).labels.map { ($0, 1) }, uniquingKeysWith: +)
    let commonest = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    baseline = Double(test.labels.count { $0 == commonest }) / count
    mistakes = labels.indices.filter { given[$0] != labels[$0] }
      .map { place in
        Mistake(
          text: test.texts[place], pair: test.pairs?[place], label: classes[labels[place]],
          given: classes[given[place]],
          probability: probabilities[place][given[place]])
      }.sorted { $0.probability > $1.probability }
  }

  /// The table of classes, as scikit-learn prints it, with accuracy, loss and calibration.
  public var text: String {
    func number(_ value: Double) -> String { String(format: "%.4f", value) }
    return confusion.report(names: classes, digits: 4)
      + "\naccuracy \(number(confusion.accuracy)) (commonest class \(number(baseline))), loss \(number(loss)), "
      + "calibration error \(number(calibrationError))\n"
  }

  /// The figures, for JSON.
  public struct Scores: Encodable, Sendable {
    /// As in the report.
    public let accuracy: Double, baseline: Double, loss: Double, calibrationError: Double, macroF1: Double
    /// Counts by true and given class, and the classes.
    public let confusion: [[Int]], classes: [String]
  }

  /// The figures, for JSON.
  public var scores: Scores {
    Scores(
      accuracy: confusion.accuracy, baseline: baseline, loss: loss, calibrationError: calibrationError,
      macroF1: confusion.score(.macro).f1, confusion: confusion.counts, classes: classes)
  }

  /// Writes `test-report.txt` and `mistakes.jsonl`.
  func write(to folder: String) throws {
    try AtomicFile.write([Array(text.utf8)], to: "\(folder)/test-report.txt")
    try JSONRecord.writeLines(mistakes, to: "\(folder)/mistakes.jsonl")
  }
}
