import Foundation

/// What counting alone can tell of the next token: perplexities that a network has to beat.
public struct NgramBaselines: Sendable {
  private let vocabulary: Int
  private let total: Int
  private let unigrams: [Int32: Int]
  /// How often a pair comes.
  private let pairs: [UInt64: Int]
  /// Of each first token: how often it comes in front of another, and before how many different ones.
  private let followed: [Int32: (count: Int, kinds: Int)]
  /// Behind how many different tokens each one comes.
  private let continued: [Int32: Int]
  /// What is taken from each count of a pair.
  let discount: Double

  /// Counts documents.
  ///
  /// - Parameters:
  ///   - documents: The tokens of each.
  ///   - vocabulary: How many different tokens there may be.
  public init(_ documents: some Sequence<ArraySlice<Int32>>, vocabulary: Int) {
    var unigrams: [Int32: Int] = [:]
    var pairs: [UInt64: Int] = [:]
    for document in documents {
      for token in document { unigrams[token, default: 0] += 1 }
      for (first, second) in zip(document, document.dropFirst()) {
        pairs[Self.key(first, second), default: 0] += 1
      }
    }
    var followed: [Int32: (count: Int, kinds: Int)] = [:]
    var continued: [Int32: Int] = [:]
    for (key, count) in pairs {
      let first = Int32(truncatingIfNeeded: key >> 32), second = Int32(truncatingIfNeeded: key)
      let before = followed[first] ?? (0, 0)
      followed[first] = (before.count + count, before.kinds + 1)
      continued[second, default: 0] += 1
    }
    self.vocabulary = vocabulary
    (self.unigrams, self.pairs, self.followed, self.continued) = (unigrams, pairs, followed, continued)
    total = unigrams.values.reduce(0, +)
    let (once, twice) = (pairs.values.count { $0 == 1 }, pairs.values.count { $0 == 2 })
    // Ney, Essen and Kneser (1994); where no pair comes once or twice there is nothing to estimate it by.
    discount = once > 0 && twice > 0 ? Double(once) / Double(once + 2 * twice) : 0.5
  }

  private static func key(_ first: Int32, _ second: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
  }

  /// The probability of a token by how often it comes, each counted once more (Laplace).
  public func unigram(_ token: Int32) -> Double {
    Double((unigrams[token] ?? 0) + 1) / Double(total + vocabulary)
  }

  /// The probability of a token behind another, by interpolated Kneser-Ney (Chen and Goodman, 1999, section 2.7): pairs lose
  /// `discount`, which is shared out by how many tokens each comes behind, and of that again `discount` evenly.
  public func bigram(_ token: Int32, behind first: Int32) -> Double {
    let kinds = Double(max(pairs.count, 1))
    let spread = pairs.isEmpty ? 1 : discount * Double(continued.count) / kinds
    let lower = max(Double(continued[token] ?? 0) - discount, 0) / kinds + spread / Double(vocabulary)
    guard let before = followed[first] else { return lower }
    let count = Double(before.count)
    let own = max(Double(pairs[Self.key(first, token)] ?? 0) - discount, 0) / count
    return own + discount * Double(before.kinds) / count * lower
  }

  /// The perplexity of tokens, whatever stands before them.
  public func unigramPerplexity(of tokens: ArraySlice<Int32>) -> Double {
    exp(-tokens.reduce(0) { $0 + log(unigram($1)) } / Double(max(tokens.count, 1)))
  }

  /// Perplexities of documents, whose first tokens are given.
  public func perplexities(
    of documents: some Sequence<ArraySlice<Int32>>
  ) -> (unigram: Double, bigram: Double) {
    var (unigrams, bigrams, count) = (0.0, 0.0, 0)
    for document in documents {
      for (first, second) in zip(document, document.dropFirst()) {
        unigrams -= log(unigram(second))
        bigrams -= log(bigram(second, behind: first))
        count += 1
      }
    }
    let divisor = Double(max(count, 1))
    return (exp(unigrams / divisor), exp(bigrams / divisor))
  }
}
