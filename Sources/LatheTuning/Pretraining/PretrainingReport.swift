import Foundation

/// What the test of a pre-trained network says, and what the network comes from.
public struct PretrainingReport: Sendable {
  let plan: PretrainingPlan
  let manifest: CorpusSplit.Manifest
  let tokens: Int, parameters: Int
  /// The mean loss of a token of the test part.
  public let loss: Double
  /// The perplexity of the same by how often each token comes, and where the next one is told by Kneser-Ney's pairs.
  public let unigram: Double, bigram: Double?

  /// e to the power of the loss: among how many tokens of equal chances the network chooses, so to say.
  public var perplexity: Double { exp(loss) }

  /// The report as it is printed.
  public var text: String {
    func number(_ value: Double) -> String { String(format: value < 1000 ? "%.2f" : "%.0f", value) }
    func part(_ name: String, _ part: CorpusSplit.Manifest.Part) -> String {
      "\(name.padding(toLength: 12, withPad: " ", startingAt: 0)) \(part.documents) documents, \(part.bytes) bytes, sha256 \(part.sha256.prefix(12))"
    }
    let learned =
      plan.objective == .mlm
      ? "hidden tokens (\(number(100 * plan.maskedShare)) %\(plan.wholeWords ? ", whole words" : ""))"
      : "the next token"
    var lines = [
      "objective    \(learned), texts of \(plan.length) tokens",
      "network      \(parameters) parameters, from \(plan.base ?? "nothing")",
      "corpus       \(manifest.source), \(tokens) tokens to learn from"
        + (manifest.licence.map { ", licence \($0)" } ?? "")
        + (manifest.duplicates > 0 ? ", \(manifest.duplicates) documents left out that came before" : ""),
      part("training", manifest.training), part("validation", manifest.validation),
      part("test", manifest.test),
      "perplexity   \(number(perplexity)) on the test part, loss \(String(format: "%.4f", loss)) a token",
      "             \(number(unigram)) by how often each token comes",
    ]
    if let bigram {
      lines.append("             \(number(bigram)) by pairs of tokens (interpolated Kneser-Ney)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The figures, for JSON.
  public struct Scores: Encodable, Sendable {
    /// As in the report.
    public let loss: Double, perplexity: Double, unigramPerplexity: Double, bigramPerplexity: Double?
    /// Numbers that learned, and tokens that they learned from.
    public let parameters: Int, tokens: Int
  }

  /// The figures, for JSON.
  public var scores: Scores {
    Scores(
      loss: loss, perplexity: perplexity, unigramPerplexity: unigram, bigramPerplexity: bigram,
      parameters: parameters, tokens: tokens)
  }
}
