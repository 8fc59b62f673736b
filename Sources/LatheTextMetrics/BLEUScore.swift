/// BLEU with what it is made of.
public struct BLEUScore: Sendable, Hashable, CustomStringConvertible {
  /// The score, 0 to 100.
  public let score: Double
  /// The share of n-grams that a reference has, for each order, in per cent, smoothed.
  public let precisions: [Double]
  /// What too short texts are multiplied by.
  public let brevityPenalty: Double
  /// Words of the texts.
  public let length: Int
  /// Words of the references that are nearest in length.
  public let referenceLength: Int
  /// N-grams found in references, for each order.
  public let matches: [Int]
  /// N-grams of the texts, for each order.
  public let totals: [Int]
  /// How the figure was computed.
  public let signature: String

  /// The line that sacrebleu prints, without the signature.
  public var description: String { "BLEU = " + details }

  /// The line that sacrebleu prints, with the signature.
  public var line: String { "BLEU|\(signature) = " + details }

  private var details: String {
    let ratio = referenceLength > 0 ? Double(length) / Double(referenceLength) : 0
    return "\(digits(score, 2)) " + precisions.map { digits($0, 1) }.joined(separator: "/")
      + " (BP = \(digits(brevityPenalty, 3)) ratio = \(digits(ratio, 3)) hyp_len = \(length) ref_len = \(referenceLength))"
  }
}
