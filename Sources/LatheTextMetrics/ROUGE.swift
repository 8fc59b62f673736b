import LatheCore

/// ROUGE of summaries (Lin, 2004), with the figures of the package rouge-score.
public struct ROUGE: Sendable {
  /// What is compared.
  public enum Kind: Sendable, Hashable, CustomStringConvertible {
    /// N-grams of so many words.
    case n(Int)
    /// The longest common subsequence of the whole texts.
    case l
    /// Common subsequences of lines, each taken as a sentence.
    case lSum

    /// `rouge1`, `rougeL`, `rougeLsum`.
    public var description: String {
      switch self {
      case .n(let order): "rouge\(order)"
      case .l: "rougeL"
      case .lSum: "rougeLsum"
      }
    }
  }

  /// What is compared.
  public let kind: Kind
  /// Whether words of more than three characters are stemmed.
  public let usesStemmer: Bool

  /// A figure of summaries.
  ///
  /// - Throws: `LatheError.invalidArgument` for n-grams of other than 1 to 9 words.
  public init(_ kind: Kind, usesStemmer: Bool = false) throws {
    if case .n(let order) = kind, !(1...9 ~= order) {
      throw LatheError(.invalidArgument, "ROUGE: n-grams have 1 to 9 words, not \(order)")
    }
    self.kind = kind
    self.usesStemmer = usesStemmer
  }

  /// Precision and recall of a text's parts against a reference.
  public func score(_ prediction: String, reference: String) -> ROUGEScore {
    switch kind {
    case .n(let order):
      let own = NGrams.counts(words(Scalars(prediction)), order)
      let other = NGrams.counts(words(Scalars(reference)), order)
      let both = other.reduce(0) { $0 + min($1.value, own[$1.key] ?? 0) }
      return ROUGEScore(both, of: own.values.reduce(0, +), and: other.values.reduce(0, +))
    case .l:
      let own = words(Scalars(prediction)), other = words(Scalars(reference))
      return ROUGEScore(
        CommonSubsequence(other, own).places.count, of: own.count, and: other.count)
    case .lSum:
      let own = sentences(prediction), other = sentences(reference)
      return ROUGEScore(
        Self.unionHits(own, other), of: own.reduce(0) { $0 + $1.count },
        and: other.reduce(0) { $0 + $1.count })
    }
  }

  /// The score against the reference with the highest F, the first of equals.
  ///
  /// - Throws: `LatheError.invalidArgument` without a reference.
  public func score(_ prediction: String, references: [String]) throws -> ROUGEScore {
    var best: ROUGEScore?
    for reference in references {
      let score = self.score(prediction, reference: reference)
      if best.map({ score.fMeasure > $0.fMeasure }) ?? true { best = score }
    }
    guard let best else { throw LatheError(.invalidArgument, "\(kind): a text without a reference") }
    return best
  }

  /// The mean of texts' scores.
  ///
  /// - Parameter references: Streams with one reference of each text, nil where a text has fewer than others.
  /// - Throws: `LatheError.invalidArgument` where counts differ or a text has no reference.
  public func meanScore(_ predictions: [String], references: [[String?]]) throws -> ROUGEScore {
    let segments = try Segments("\(kind)", predictions, references)
    let scores = try zip(predictions, segments.references).map { try score($0, references: $1) }
    let count = Double(scores.count)
    return ROUGEScore(
      precision: scores.reduce(0) { $0 + $1.precision } / count,
      recall: scores.reduce(0) { $0 + $1.recall } / count,
      fMeasure: scores.reduce(0) { $0 + $1.fMeasure } / count)
  }

  /// Runs of ASCII's letters and digits in lower case, stemmed.
  private func words(_ text: Scalars) -> [[UInt8]] {
    text.lowercased().split { !($0 >= 97 && $0 <= 122 || $0 >= 48 && $0 <= 57) }.compactMap { word in
      let bytes = word.map { UInt8($0) }
      let stem = usesStemmer && bytes.count > 3 ? PorterStemmer.stem(bytes) : bytes
      return stem.isEmpty ? nil : stem
    }
  }

  private func sentences(_ text: String) -> [[[UInt8]]] {
    Scalars(text).split(separator: 10).map { words(Scalars($0)) }
  }

  /// Words of the reference's sentences that are in a common subsequence with some sentence of the text, none counted more often
  /// than both texts have it.
  private static func unionHits(_ own: [[[UInt8]]], _ other: [[[UInt8]]]) -> Int {
    var ownCounts: [[UInt8]: Int] = [:]
    var otherCounts: [[UInt8]: Int] = [:]
    for word in own.joined() { ownCounts[word, default: 0] += 1 }
    for word in other.joined() { otherCounts[word, default: 0] += 1 }
    var hits = 0
    for sentence in other {
      let places = Set(own.flatMap { CommonSubsequence(sentence, $0).places })
      for place in places.sorted() {
        let word = sentence[place]
        guard let left = ownCounts[word], left > 0, let needed = otherCounts[word], needed > 0 else {
          continue
        }
        hits += 1
        ownCounts[word] = left - 1
        otherCounts[word] = needed - 1
      }
    }
    return hits
  }
}

/// Precision, recall and their harmonic mean.
public struct ROUGEScore: Sendable, Hashable {
  /// The share of the text's parts that the reference has.
  public let precision: Double
  /// The share of the reference's parts that the text has.
  public let recall: Double
  /// The harmonic mean of both.
  public let fMeasure: Double

  init(precision: Double, recall: Double, fMeasure: Double) {
    self.precision = precision
    self.recall = recall
    self.fMeasure = fMeasure
  }

  init(_ both: Int, of own: Int, and other: Int) {
    precision = Double(both) / Double(max(own, 1))
    recall = Double(both) / Double(max(other, 1))
    fMeasure = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
  }
}
