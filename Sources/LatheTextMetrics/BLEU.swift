import Foundation
import LatheCore

/// BLEU of translations (Papineni et al., 2002), with the figures of sacrebleu (Post, 2018).
public struct BLEU: Sendable {
  /// What stands in for n-grams that no reference has (Chen and Cherry, 2014).
  public enum Smoothing: Sendable, Hashable {
    /// Nothing.
    case none
    /// A small count.
    case floor(Double = 0.1)
    /// So many of each order above one, found and possible.
    case addK(Double = 1)
    /// Halves for each further order without any, as mteval-v13a.
    case exponential
  }

  /// How texts are cut into words.
  public let tokenizer: BLEUTokenizer
  /// What stands in for n-grams that no reference has.
  public let smoothing: Smoothing
  /// Whether texts are compared in lower case.
  public let lowercase: Bool
  /// The longest n-grams.
  public let maxOrder: Int
  /// Whether orders count only as far as a text is long, which single sentences want.
  public let effectiveOrder: Bool

  /// BLEU with sacrebleu's defaults.
  ///
  /// - Throws: `LatheError.invalidArgument` where `maxOrder` is not in 1...32 or smoothing's number is below zero.
  public init(
    tokenizer: BLEUTokenizer = .v13a, smoothing: Smoothing = .exponential, lowercase: Bool = false,
    maxOrder: Int = 4, effectiveOrder: Bool = false
  ) throws {
    guard 1...32 ~= maxOrder else {
      throw LatheError(.invalidArgument, "BLEU: the longest n-gram has 1 to 32 words, not \(maxOrder)")
    }
    switch smoothing {
    case .floor(let value), .addK(let value):
      guard value >= 0, value.isFinite else {
        throw LatheError(.invalidArgument, "BLEU: smoothing takes a number of zero or more, not \(value)")
      }
    case .none, .exponential: break
    }
    self.tokenizer = tokenizer
    self.smoothing = smoothing
    self.lowercase = lowercase
    self.maxOrder = maxOrder
    self.effectiveOrder = effectiveOrder
  }

  /// The score of texts together.
  ///
  /// - Parameter references: Streams with one reference of each text, nil where a text has fewer than others.
  /// - Throws: `LatheError.invalidArgument` where counts differ or a text has no reference.
  public func corpusScore(_ hypotheses: [String], references: [[String?]]) throws -> BLEUScore {
    let segments = try Segments("BLEU", hypotheses, references)
    var (length, referenceLength) = (0, 0)
    var matches = [Double](repeating: 0, count: maxOrder)
    var totals = matches
    for (hypothesis, own) in zip(hypotheses, segments.references) {
      var vocabulary = WordNumbers()
      let words = vocabulary.numbers(self.words(hypothesis))
      let others = own.map { vocabulary.numbers(self.words($0)) }
      length += words.count
      referenceLength += Self.closest(words.count, others.map(\.count))
      for order in 1...maxOrder {
        var best: [ArraySlice<Int>: Int] = [:]
        for other in others {
          best.merge(NGrams.counts(other, order)) { max($0, $1) }
        }
        for (gram, count) in NGrams.counts(words, order) {
          totals[order - 1] += Double(count)
          matches[order - 1] += Double(min(count, best[gram] ?? 0))
        }
      }
    }
    return score(
      matches, totals, length: length, referenceLength: referenceLength,
      signature: signature(referenceCount: segments.referenceCount))
  }

  /// The score of one text.
  ///
  /// - Throws: `LatheError.invalidArgument` without a reference.
  public func sentenceScore(_ hypothesis: String, references: [String]) throws -> BLEUScore {
    try corpusScore([hypothesis], references: references.map { [$0] })
  }

  /// What sacrebleu prints so that others can compute the same figure; nil references are a varying number.
  public func signature(referenceCount: Int?) -> String {
    let smooth =
      switch smoothing {
      case .none: "none"
      case .floor(let value): "floor[\(digits(value, 2))]"
      case .addK(let value): "add-k[\(digits(value, 2))]"
      case .exponential: "exp"
      }
    return Segments.signature(
      referenceCount,
      [
        ("case", lowercase ? "lc" : "mixed"), ("eff", effectiveOrder ? "yes" : "no"),
        ("tok", tokenizer.rawValue), ("smooth", smooth),
      ])
  }

  private func words(_ text: String) -> [Scalars] {
    let scalars = Scalars(text)
    return tokenizer.tokenize((lowercase ? scalars.lowercased() : scalars).withoutTrailingSpace())
  }

  /// The length nearest to a text's, the shorter of two.
  private static func closest(_ length: Int, _ lengths: [Int]) -> Int {
    lengths.min { (abs(length - $0), $0) < (abs(length - $1), $1) } ?? 0
  }

  private func score(
    _ matches: [Double], _ totals: [Double], length: Int, referenceLength: Int, signature: String
  ) -> BLEUScore {
    var penalty = 1.0
    if length < referenceLength {
      penalty = length > 0 ? exp(1 - Double(referenceLength) / Double(length)) : 0
    }
    var precisions = [Double](repeating: 0, count: maxOrder)
    var value = 0.0
    if matches.contains(where: { $0 > 0 }) {
      var halves = 1.0
      var orders = maxOrder
      for index in 0..<maxOrder {
        var (match, total) = (matches[index], totals[index])
        if case .addK(let extra) = smoothing, index > 0 {
          match += extra
          total += extra
        }
        if total == 0 { break }
        if effectiveOrder { orders = index + 1 }
        if match > 0 {
          precisions[index] = 100 * match / total
        } else if smoothing == .exponential {
          halves *= 2
          precisions[index] = 100 / (halves * total)
        } else if case .floor(let extra) = smoothing {
          precisions[index] = 100 * extra / total
        }
      }
      // The logarithm of nothing is a very small number, so that the score becomes zero.
      let logarithms = precisions[..<orders].map { $0 == 0 ? -9_999_999_999 : log($0) }
      value = penalty * exp(logarithms.reduce(0, +) / Double(orders))
    }
    return BLEUScore(
      score: value, precisions: precisions, brevityPenalty: penalty, length: length,
      referenceLength: referenceLength, matches: matches.map { Int($0) }, totals: totals.map { Int($0) },
      signature: signature)
  }
}
