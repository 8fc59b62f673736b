import LatheCore

/// Translation edit rate (Snover et al., 2006) as sacrebleu computes it, which follows Tercom.
public struct TER: Sendable {
  /// Whether punctuation is set apart and escapes are resolved.
  public let normalized: Bool
  /// Whether punctuation is taken away.
  public let noPunctuation: Bool
  /// Whether the two also treat Chinese and Japanese characters and signs.
  public let asianSupport: Bool
  /// Whether texts keep their case.
  public let caseSensitive: Bool

  /// TER with sacrebleu's defaults: lower case, words as white space has them.
  public init(
    normalized: Bool = false, noPunctuation: Bool = false, asianSupport: Bool = false,
    caseSensitive: Bool = false
  ) {
    self.normalized = normalized
    self.noPunctuation = noPunctuation
    self.asianSupport = asianSupport
    self.caseSensitive = caseSensitive
  }

  /// The rate of texts together: edits for each hundred words of the references.
  ///
  /// - Parameter references: Streams with one reference of each text, nil where a text has fewer than others.
  /// - Throws: `LatheError.invalidArgument` where counts differ or a text has no reference.
  public func corpusScore(_ hypotheses: [String], references: [[String?]]) throws -> TERScore {
    let segments = try Segments("TER", hypotheses, references)
    var (edits, length) = (0, 0.0)
    for (hypothesis, own) in zip(hypotheses, segments.references) {
      var vocabulary = WordNumbers()
      let words = vocabulary.numbers(tokenize(hypothesis))
      let others = own.map { vocabulary.numbers(tokenize($0)) }
      edits += others.map { ShiftedEdits.count(words, $0) }.min() ?? 0
      length += Double(others.reduce(0) { $0 + $1.count }) / Double(others.count)
    }
    let rate = length > 0 ? Double(edits) / length : edits > 0 ? 1 : 0
    return TERScore(
      score: 100 * rate, edits: edits, referenceLength: length,
      signature: signature(referenceCount: segments.referenceCount))
  }

  /// The rate of one text.
  ///
  /// - Throws: `LatheError.invalidArgument` without a reference.
  public func sentenceScore(_ hypothesis: String, references: [String]) throws -> TERScore {
    try corpusScore([hypothesis], references: references.map { [$0] })
  }

  /// What sacrebleu prints so that others can compute the same figure; nil references are a varying number.
  public func signature(referenceCount: Int?) -> String {
    Segments.signature(
      referenceCount,
      [
        ("case", caseSensitive ? "mixed" : "lc"), ("tok", "tercom"), ("norm", normalized ? "yes" : "no"),
        ("punct", noPunctuation ? "no" : "yes"), ("asian", asianSupport ? "yes" : "no"),
      ])
  }

  private func tokenize(_ text: String) -> [Scalars] {
    var line = Scalars(text).withoutTrailingSpace()
    guard !line.isEmpty else { return [] }
    if !caseSensitive { line = line.lowercased() }
    if normalized {
      line = line.replacing("\n-", with: "").replacing("\n", with: " ").replacing("&quot;", with: "\"")
        .replacing("&amp;", with: "&").replacing("&lt;", with: "<").replacing("&gt;", with: ">")
      line = Self.western([32] + line + [32])
      if asianSupport { line = line.spacing(Self.isAsian).spacing(Self.isAsianPunctuation) }
    }
    if noPunctuation {
      let signs = Set(Scalars(".,?:;!\"()"))
      line.removeAll { signs.contains($0) || asianSupport && Self.isAsianPunctuation($0) }
    }
    return line.words()
  }

  /// As BLEU's 13a, with the possessive apart before points and commas.
  private static func western(_ text: Scalars) -> Scalars {
    BLEUTokenizer.western(text, possessives: true)
  }

  /// Characters that are words of their own.
  ///
  /// Tercom's further rules, for runs of kana, only match at the very start of a text,
  /// where this normalisation has put a space.
  private static func isAsian(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x31C0...0x31EF, 0x2E80...0x2EFF, 0xF900...0xFAFF, 0xFE30...0xFE4F,
      0x3200...0x3F22:
      true
    default: false
    }
  }

  private static func isAsianPunctuation(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x3001, 0x3002, 0x3008...0x3011, 0x3014...0x301F, 0xFF61...0xFF65, 0x30FB, 0xFF0E, 0xFF0C, 0xFF1F,
      0xFF1A, 0xFF1B, 0xFF01, 0xFF02, 0xFF08, 0xFF09:
      true
    default: false
    }
  }
}

/// A translation edit rate.
public struct TERScore: Sendable, Hashable, CustomStringConvertible {
  /// Edits for each hundred words of the references; above 100 where there are more edits than words.
  public let score: Double
  /// Words inserted, deleted and replaced, and runs of words moved.
  public let edits: Int
  /// Words of the references, their mean where a text has several.
  public let referenceLength: Double
  /// How the figure was computed.
  public let signature: String

  /// The line that sacrebleu prints, without the signature.
  public var description: String { "TER = \(digits(score, 2))" }

  /// The line that sacrebleu prints, with the signature.
  public var line: String { "TER|\(signature) = \(digits(score, 2))" }
}
