import LatheCore

/// chrF, the F score of characters' n-grams (Popović, 2015), and chrF++ with those of words (Popović, 2017), as sacrebleu has them.
public struct CHRF: Sendable {
  /// The longest n-grams of characters.
  public let charOrder: Int
  /// The longest n-grams of words; 2 is chrF++.
  public let wordOrder: Int
  /// How many times as much recall counts as precision.
  public let beta: Int
  /// Whether texts are compared in lower case.
  public let lowercase: Bool
  /// Whether white space is part of n-grams.
  public let whitespace: Bool
  /// Whether orders that a text lacks count with a very small score, as in chrF++.py, instead of not at all.
  public let epsSmoothing: Bool

  /// chrF2 by default.
  ///
  /// - Throws: `LatheError.invalidArgument` where an order is not in 0...32, both are 0, or beta is not in 1...1000.
  public init(
    charOrder: Int = 6, wordOrder: Int = 0, beta: Int = 2, lowercase: Bool = false, whitespace: Bool = false,
    epsSmoothing: Bool = false
  ) throws {
    guard 0...32 ~= charOrder, 0...32 ~= wordOrder, charOrder + wordOrder > 0, 1...1000 ~= beta else {
      throw LatheError(
        .invalidArgument,
        "chrF: orders are 0 to 32, one of them above 0, and beta 1 to 1000; got \(charOrder), \(wordOrder), \(beta)"
      )
    }
    self.charOrder = charOrder
    self.wordOrder = wordOrder
    self.beta = beta
    self.lowercase = lowercase
    self.whitespace = whitespace
    self.epsSmoothing = epsSmoothing
  }

  /// The score of texts together, 0 to 100.
  ///
  /// - Parameter references: Streams with one reference of each text, nil where a text has fewer than others.
  /// - Throws: `LatheError.invalidArgument` where counts differ or a text has no reference.
  public func corpusScore(_ hypotheses: [String], references: [[String?]]) throws -> CHRFScore {
    let segments = try Segments("chrF", hypotheses, references)
    var sums = [Counts](repeating: Counts(), count: charOrder + wordOrder)
    for (hypothesis, own) in zip(hypotheses, segments.references) {
      let grams = self.grams(hypothesis)
      var best: (score: Double, counts: [Counts]) = (-1, [])
      for reference in own {
        let counts = zip(grams, self.grams(reference)).map(Counts.init)
        let score = fScore(counts)
        if score > best.score { best = (score, counts) }
      }
      for (index, counts) in best.counts.enumerated() { sums[index].add(counts) }
    }
    let name = "chrF\(beta)" + String(repeating: "+", count: wordOrder)
    return CHRFScore(
      score: fScore(sums), name: name, signature: signature(referenceCount: segments.referenceCount))
  }

  /// The score of one text.
  ///
  /// - Throws: `LatheError.invalidArgument` without a reference.
  public func sentenceScore(_ hypothesis: String, references: [String]) throws -> CHRFScore {
    try corpusScore([hypothesis], references: references.map { [$0] })
  }

  /// What sacrebleu prints so that others can compute the same figure; nil references are a varying number.
  public func signature(referenceCount: Int?) -> String {
    Segments.signature(
      referenceCount,
      [
        ("case", lowercase ? "lc" : "mixed"), ("eff", epsSmoothing ? "no" : "yes"), ("nc", "\(charOrder)"),
        ("nw", "\(wordOrder)"), ("space", whitespace ? "yes" : "no"),
      ])
  }

  /// N-grams of one order: of the text, of the reference, of both.
  private struct Counts {
    var hypothesis = 0
    var reference = 0
    var both = 0

    init() {}

    init(_ own: [ArraySlice<Scalars>: Int], _ other: [ArraySlice<Scalars>: Int]) {
      for (gram, count) in own {
        hypothesis += count
        both += min(count, other[gram] ?? 0)
      }
      // An order that the reference lacks does not count against the text.
      if other.isEmpty { hypothesis = 0 }
      reference = other.values.reduce(0, +)
    }

    mutating func add(_ other: Counts) {
      hypothesis += other.hypothesis
      reference += other.reference
      both += other.both
    }
  }

  private func grams(_ text: String) -> [[ArraySlice<Scalars>: Int]] {
    let scalars = lowercase ? Scalars(text).lowercased() : Scalars(text)
    let characters = (whitespace ? scalars : scalars.filter { !Scalars.isSpace($0) }).map { [$0] as Scalars }
    var result = (0..<charOrder).map { NGrams.counts(characters, $0 + 1) }
    if wordOrder > 0 {
      let words = Self.words(scalars)
      result += (0..<wordOrder).map { NGrams.counts(words, $0 + 1) }
    }
    return result
  }

  /// Words with one sign at their end or else at their start apart.
  private static func words(_ text: Scalars) -> [Scalars] {
    text.words().flatMap { word -> [Scalars] in
      guard word.count > 1 else { return [word] }
      if isPunctuation(word[word.count - 1]) { return [Scalars(word.dropLast()), [word[word.count - 1]]] }
      if isPunctuation(word[0]) { return [[word[0]], Scalars(word.dropFirst())] }
      return [word]
    }
  }

  /// The signs of ASCII, Python's `string.punctuation`.
  static func isPunctuation(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 33...47, 58...64, 91...96, 123...126: true
    default: false
    }
  }

  private func fScore(_ counts: [Counts]) -> Double {
    let tiny = 1e-16
    let factor = Double(beta * beta)
    var (sum, precisions, recalls, orders) = (0.0, 0.0, 0.0, 0.0)
    for count in counts {
      let precision = count.hypothesis > 0 ? Double(count.both) / Double(count.hypothesis) : tiny
      let recall = count.reference > 0 ? Double(count.both) / Double(count.reference) : tiny
      let below = factor * precision + recall
      sum += below > 0 ? (1 + factor) * precision * recall / below : tiny
      if count.hypothesis > 0 && count.reference > 0 {
        precisions += precision
        recalls += recall
        orders += 1
      }
    }
    if epsSmoothing { return 100 * sum / Double(counts.count) }
    guard orders > 0, precisions + recalls > 0 else { return 0 }
    let (precision, recall) = (precisions / orders, recalls / orders)
    return 100 * ((1 + factor) * precision * recall / (factor * precision + recall))
  }
}

/// A chrF score.
public struct CHRFScore: Sendable, Hashable, CustomStringConvertible {
  /// The score, 0 to 100.
  public let score: Double
  /// `chrF2`, `chrF2++` and so on.
  public let name: String
  /// How the figure was computed.
  public let signature: String

  /// The line that sacrebleu prints, without the signature.
  public var description: String { "\(name) = \(digits(score, 2))" }

  /// The line that sacrebleu prints, with the signature.
  public var line: String { "\(name)|\(signature) = \(digits(score, 2))" }
}
