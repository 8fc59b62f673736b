import Foundation
import LatheFiles

/// What the test of a language model says that was fine-tuned on conversations.
public struct ChatModelReport: Sendable {
  let plan: ChatModelPlan
  /// Whether pairs of answers were compared.
  let arePreferences: Bool
  /// The mean loss of a token of an answer, or of a pair of answers, after training and before.
  public let loss: Double, startLoss: Double
  /// The share of tokens of answers that are the likeliest, or of pairs whose preferred answer gained more.
  public let accuracy: Double
  /// The likeliest answers to some prompts.
  public let samples: [Sample]

  /// An answer to a prompt of the test part.
  public struct Sample: Codable, Sendable, Hashable {
    /// What was said last, the model's answer, at most 64 tokens of it, and that of the file.
    public let prompt: String, answer: String, reference: String
  }

  /// e to the power of the loss; nil where pairs were compared.
  public var perplexity: Double? { arePreferences ? nil : exp(loss) }

  /// The report as it is printed.
  public var text: String {
    func number(_ value: Double) -> String { String(format: "%.4f", value) }
    guard !arePreferences else {
      return """
        loss       \(number(loss)) a pair on the test part, \(number(startLoss)) before training
        preferred  \(number(accuracy)) of the pairs: the preferred answer gained more than the other

        """
    }
    return """
      loss        \(number(loss)) a token of the answers of the test part, \(number(startLoss)) before training
      perplexity  \(number(exp(loss))), \(number(exp(startLoss))) before training
      accuracy    \(number(accuracy)) of the tokens are the likeliest at their places

      """
  }

  /// The figures, for JSON.
  public struct Scores: Encodable, Sendable {
    /// As in the report.
    public let loss: Double, startLoss: Double, accuracy: Double, perplexity: Double?
  }

  /// The figures, for JSON.
  public var scores: Scores {
    Scores(loss: loss, startLoss: startLoss, accuracy: accuracy, perplexity: perplexity)
  }

  /// Writes `test-report.txt` and `samples.jsonl`.
  func write(to folder: String) throws {
    try AtomicFile.write([Array(text.utf8)], to: "\(folder)/test-report.txt")
    try JSONRecord.writeLines(samples, to: "\(folder)/samples.jsonl")
  }
}
