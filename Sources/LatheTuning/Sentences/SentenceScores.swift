import Foundation
import Lathe
import LatheFiles
import LatheLanguage

/// How well vectors of texts say which of them belong together.
public struct SentenceScores: Sendable, Hashable, Codable {
  /// The shares of first texts whose own second text is the nearest of all, or among the ten nearest, and the mean of 1 / rank;
  /// nil where texts have no partners.
  public private(set) var recallAt1: Double?, recallAt10: Double?, meanReciprocalRank: Double?
  /// Spearman's correlation of cosines and scores; nil without scores.
  public private(set) var spearman: Double?
  /// How evenly vectors lie on the sphere, the logarithm of the mean of exp(-2 d^2) over pairs (Wang and Isola, 2020), smaller being
  /// better; nil where more is known of the texts.
  public private(set) var uniformity: Double?
  /// The accuracy of a logistic regression that learned from the training part's vectors; nil without labels.
  public private(set) var accuracy: Double?

  /// The scores of a split's test part.
  ///
  /// - Throws: `LatheError` where a text cannot be encoded.
  init(of encoder: SentenceEncoder, on split: SentenceSplit) throws {
    let test = split.test
    func vectors(_ column: Int) throws -> [[Float]] {
      try Self.unit(encoder.encode(test.texts.map { $0[column] }))
    }
    switch test.kind {
    case .pairs:
      let ranks = Self.ranks(
        try vectors(0), try vectors(1), test.texts.map { $0[1] })
      let count = Double(max(ranks.count, 1))
      recallAt1 = Double(ranks.count { $0 <= 1 }) / count
      recallAt10 = Double(ranks.count { $0 <= 10 }) / count
      meanReciprocalRank = ranks.reduce(0.0) { $0 + 1 / Double($1) } / count
    case .scored:
      let cosines = zip(try vectors(0), try vectors(1)).map { Self.product($0, $1) }
      spearman = Self.spearman(cosines.map { Double($0) }, (test.scores ?? []).map { Double($0) })
    case .texts:
      // Of many texts the first ones say it well enough.
      let some = Array(try Self.unit(encoder.encode(test.texts.prefix(1000).map { $0[0] })))
      var (sum, count) = (0.0, 0.0)
      for (place, first) in some.enumerated() {
        for second in some[(place + 1)...] {
          sum += exp(-2 * (2 - 2 * Double(Self.product(first, second))))
          count += 1
        }
      }
      uniformity = log(sum / max(count, 1))
    case .labelled:
      guard let head = try SentenceHead(of: encoder, split.training) else { return }
      let found = try head.probabilities(encoder, test.texts.map { $0[0] }, batchSize: 32)
      let right = zip(found, test.labels ?? []).count { row, label in
        head.classes[row.indices.max { row[$0] < row[$1] } ?? 0] == label
      }
      accuracy = Double(right) / Double(max(found.count, 1))
    }
  }

  /// Rows divided by their lengths.
  private static func unit(_ tensor: Tensor) throws -> [[Float]] {
    let width = tensor.shape[1]
    let values = try tensor.normalized(axis: 1, epsilon: 1e-12).scalars(as: Float.self)
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  private static func product(_ first: [Float], _ second: [Float]) -> Float {
    var sum: Float = 0
    for place in first.indices { sum += first[place] * second[place] }
    return sum
  }

  /// The rank of each first text's own second text, from 1; the same text elsewhere is no rival.
  package static func ranks(_ first: [[Float]], _ second: [[Float]], _ texts: [String]) -> [Int] {
    first.indices.map { row in
      let own = product(first[row], second[row])
      return 1
        + second.indices.count {
          $0 != row && texts[$0] != texts[row] && product(first[row], second[$0]) > own
        }
    }
  }

  /// Spearman's rank correlation, with mean ranks of equal values.
  package static func spearman(_ first: [Double], _ second: [Double]) -> Double {
    let (a, b) = (meanRanks(first), meanRanks(second))
    let middle = Double(a.count + 1) / 2
    func sum(_ x: [Double], _ y: [Double]) -> Double {
      zip(x, y).reduce(0) { $0 + ($1.0 - middle) * ($1.1 - middle) }
    }
    let spread = (sum(a, a) * sum(b, b)).squareRoot()
    return spread > 0 ? sum(a, b) / spread : 0
  }

  private static func meanRanks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in order[start..<end] { ranks[place] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }

  /// The scores with their names, in the order of reports.
  var named: [(name: String, value: Double)] {
    let all: [(String, Double?)] = [
      ("recall@1", recallAt1), ("recall@10", recallAt10), ("mean reciprocal rank", meanReciprocalRank),
      ("Spearman", spearman), ("uniformity", uniformity), ("accuracy", accuracy),
    ]
    return all.compactMap { name, value in value.map { (name, $0) } }
  }
}

/// What the test of a sentence encoder says.
public struct SentenceEncoderReport: Sendable {
  /// What is known of the texts.
  public let kind: SentenceExamples.Kind
  /// Scores of the base, and of what it became.
  public let start: SentenceScores, end: SentenceScores
  /// The test of the classifier that labelled texts made; nil for others.
  public let classification: TextClassifierReport?

  /// The report as it is printed.
  public var text: String {
    let lines = zip(end.named, start.named).map { after, before in
      let name = after.name.padding(toLength: 22, withPad: " ", startingAt: 0)
      return name + String(format: "%.4f on the test part, %.4f before training\n", after.value, before.value)
    }
    return (classification.map { $0.text + "\n" } ?? "") + lines.joined()
  }

  /// The figures, for JSON.
  public struct Scores: Encodable, Sendable {
    /// Scores before and after.
    public let start: SentenceScores, end: SentenceScores
    /// Of the classifier that labelled texts made.
    public let classification: TextClassifierReport.Scores?
  }

  /// The figures, for JSON.
  public var scores: Scores { Scores(start: start, end: end, classification: classification?.scores) }

  /// Writes `test-report.txt` and, of a classifier, `mistakes.jsonl`.
  func write(to folder: String) throws {
    try classification?.write(to: folder)
    try AtomicFile.write([Array(text.utf8)], to: "\(folder)/test-report.txt")
  }
}
