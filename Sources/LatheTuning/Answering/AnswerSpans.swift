import Foundation

/// An answer that was found in a text.
public struct FoundAnswer: Sendable, Hashable, Codable {
  /// The answer as the text has it; empty where the text has none.
  public let text: String
  /// Where it stands in the text, in Unicode scalars.
  public let start: Int, end: Int
  /// How likely it is among what else may be an answer.
  public let probability: Double
}

/// Finds the best spans of a text by the scores of its windows, as the script of BERT for SQuAD does (Devlin et al., 2019).
package struct AnswerSpans {
  /// How many first and last tokens of a window are looked at, and the most tokens of an answer.
  private let candidates = 20, longest: Int
  /// Spans in Unicode scalars with their scores, the best first.
  private var spans: [(range: Range<Int>, score: Double)] = []
  /// The score of no answer: the lowest of a window's first token.
  private var none = Double.infinity

  /// - Parameter longest: The most tokens of an answer.
  package init(longest: Int) { self.longest = longest }

  /// Takes a window's scores.
  package mutating func add(_ window: QuestionWindow, starts: [Float], ends: [Float]) {
    none = min(none, Double(starts[0]) + Double(ends[0]))
    let firsts = largest(starts, window.places), lasts = largest(ends, window.places)
    for first in firsts {
      for last in lasts where last >= first && last - first < longest {
        guard let from = window.places[first], let to = window.places[last], from.lowerBound < to.upperBound
        else {
          continue
        }
        spans.append((from.lowerBound..<to.upperBound, Double(starts[first]) + Double(ends[last])))
      }
    }
  }

  private func largest(_ scores: [Float], _ places: [Range<Int>?]) -> [Int] {
    let inText = scores.indices.filter { places[$0] != nil }
    return Array(inText.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(candidates))
  }

  /// The best answers.
  ///
  /// - Parameters:
  ///   - context: The text.
  ///   - count: How many at most.
  ///   - allowsNone: Whether there may be no answer.
  ///   - threshold: By how much no answer has to be better than the best one.
  package func best(in context: String, count: Int, allowsNone: Bool, threshold: Double = 0) -> [FoundAnswer]
  {
    var seen: Set<Range<Int>> = []
    let sorted = spans.sorted { $1.score < $0.score }.filter { seen.insert($0.range).inserted }.prefix(
      candidates)
    let scores = sorted.map(\.score) + (allowsNone ? [none] : [])
    let top = scores.max() ?? 0
    let sum = scores.reduce(0.0) { $0 + exp($1 - top) }
    let scalars = context.unicodeScalars
    var found = sorted.map { span, score in
      let start = scalars.index(scalars.startIndex, offsetBy: span.lowerBound)
      let end = scalars.index(start, offsetBy: span.count)
      return FoundAnswer(
        text: String(scalars[start..<end]), start: span.lowerBound, end: span.upperBound,
        probability: exp(score - top) / sum)
    }
    if allowsNone {
      let empty = FoundAnswer(text: "", start: 0, end: 0, probability: exp(none - top) / sum)
      let isBest = none - (sorted.first?.score ?? -.infinity) > threshold
      found.insert(
        empty,
        at: isBest ? 0 : min(1 + found.dropFirst().count { $0.probability >= empty.probability }, found.count)
      )
    }
    return Array(found.prefix(count))
  }
}
