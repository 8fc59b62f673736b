import Lathe
import LatheCore
import LatheData
import LatheFiles
import LatheNN

/// A preferred and a rejected answer in tokens, with what the model that training starts from thinks of them.
public struct PreferenceText: Collatable {
  let chosen: AnsweredText, rejected: AnsweredText
  /// The natural logarithms of the answers' probabilities by the model at the start.
  var reference: (chosen: Float, rejected: Float) = (0, 0)

  /// The name of the logarithms [2 n] beside the tokens.
  static let reference = "reference"

  /// Tokens and next tokens [2 n, t]: the preferred answers, then the rejected ones.
  public static func collate(_ examples: [PreferenceText], on device: Device) -> Batch {
    let (tokens, answers) = AnsweredText.tensors(
      examples.map(\.chosen) + examples.map(\.rejected), on: device)
    let reference = examples.map(\.reference.chosen) + examples.map(\.reference.rejected)
    return Batch(
      inputs: tokens, labels: answers, count: examples.count,
      named: [self.reference: Tensor(reference, device: device)])
  }

  /// None.
  public static func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }
}

/// Pairs of answers in tokens.
package struct PreferenceTexts: InMemoryDataset {
  package private(set) var texts: [PreferenceText]
  /// How many pairs were cut at their end, and how many of them left out because of one answer nothing was left.
  package let cutCount: Int, emptyCount: Int

  package init(_ conversations: Conversations, _ encoder: ConversationEncoder, padding: Int32) throws {
    func encoded(_ list: [[Conversation.Message]]) throws -> [ConversationEncoder.Tokens] {
      try encoder.encode(list, onlyLast: true, source: conversations.source)
    }
    let chosen = try encoded(conversations.list.map(\.messages))
    let rejected = try encoded(conversations.list.map { $0.rejected ?? [] })
    texts = zip(chosen, rejected).map {
      PreferenceText(
        chosen: AnsweredText($0, padding: padding), rejected: AnsweredText($1, padding: padding))
    }.filter { $0.chosen.answerCount > 0 && $0.rejected.answerCount > 0 }
    cutCount = zip(chosen, rejected).count { $0.isCut || $1.isCut }
    emptyCount = chosen.count - texts.count
    guard !texts.isEmpty else {
      throw LatheError(
        .invalidArgument,
        "\(conversations.source): no pair of answers begins within the length of a conversation; give a larger one"
      )
    }
  }

  package var count: Int { texts.count }
  package func example(at index: Int, random: inout SampleRandom) -> PreferenceText { texts[index] }

  /// Asks the model how likely it finds the answers before it learns.
  ///
  /// - Throws: `LatheError` where the device fails.
  package mutating func refer(to model: any Module, batchSize: Int, device: Device) throws {
    try noGradient {
      try model.inEvalMode {
        for start in stride(from: 0, to: texts.count, by: batchSize) {
          let part = start..<min(start + batchSize, texts.count)
          let batch = PreferenceText.collate(Array(texts[part]), on: device)
          let found = try PreferenceObjective.logProbabilities(model(batch), batch.labels).scalars(
            as: Float.self)
          for (number, place) in part.enumerated() {
            texts[place].reference = (found[number], found[part.count + number])
          }
        }
      }
    }
  }

  /// The pairs as a trainer takes them, in batches of similar lengths.
  var data: any TrainingData {
    let sum = texts.reduce(UInt32(0)) { sum, pair in
      TokenFrame.checksum(
        pair.chosen.tokens + pair.chosen.answers + pair.rejected.tokens + pair.rejected.answers, [Int(sum)])
    }
    return TrainingSet(
      self, noun: "pairs", checksum: sum,
      lengths: texts.map { max($0.chosen.tokens.count, $0.rejected.tokens.count) })
  }
}
