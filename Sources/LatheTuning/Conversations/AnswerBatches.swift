import Lathe
import LatheCore
import LatheData
import LatheFiles
import LatheNN

/// A conversation in tokens, and at each of them what comes next where that belongs to an answer.
public struct AnsweredText: Collatable {
  /// The tokens.
  package let tokens: [Int32]
  /// The next token where it is a part of an answer, else `PackedText.nothing`.
  package let answers: [Int32]
  /// Fills up shorter conversations of a batch.
  package let padding: Int32

  package init(_ found: ConversationEncoder.Tokens, padding: Int32) {
    tokens = found.ids
    answers = found.ids.indices.map { place in
      place + 1 < found.ids.count && found.areAnswers[place + 1] ? found.ids[place + 1] : PackedText.nothing
    }
    self.padding = padding
  }

  /// How many tokens are to be told.
  package var answerCount: Int { answers.count { $0 != PackedText.nothing } }

  /// Tokens and next tokens [n, t], filled up at the right, where a decoder does not see it.
  static func tensors(
    _ examples: [AnsweredText], on device: Device
  ) -> (tokens: Tensor, answers: Tensor) {
    let longest = examples.map(\.tokens.count).max() ?? 0
    func tensor(_ rows: [[Int32]], _ filler: (Int) -> Int32) -> Tensor {
      let all = rows.enumerated().flatMap { number, row in
        row + [Int32](repeating: filler(number), count: longest - row.count)
      }
      return Tensor(all, shape: [rows.count, longest], device: device)
    }
    return (
      tensor(examples.map(\.tokens)) { examples[$0].padding },
      tensor(examples.map(\.answers)) { _ in PackedText.nothing }
    )
  }

  /// Tokens and next tokens [n, t]; the count is that of the tokens to be told.
  public static func collate(_ examples: [AnsweredText], on device: Device) -> Batch {
    let (tokens, answers) = tensors(examples, on: device)
    return Batch(inputs: tokens, labels: answers, count: examples.reduce(0) { $0 + $1.answerCount })
  }

  /// None.
  public static func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }
}

/// Conversations in tokens.
package struct AnsweredTexts: InMemoryDataset {
  package let texts: [AnsweredText]
  /// How many conversations were cut at their end, and how many of them left out because no answer was left.
  package let cutCount: Int, emptyCount: Int

  package init(
    _ conversations: Conversations, _ encoder: ConversationEncoder, padding: Int32
  ) throws {
    let all = try encoder.encode(
      conversations.list.map(\.messages), onlyLast: false, source: conversations.source)
    texts = all.map { AnsweredText($0, padding: padding) }.filter { $0.answerCount > 0 }
    cutCount = all.count { $0.isCut }
    emptyCount = all.count - texts.count
    guard !texts.isEmpty else {
      throw LatheError(
        .invalidArgument,
        "\(conversations.source): no answer begins within the length of a conversation; give a larger one")
    }
  }

  package var count: Int { texts.count }
  package func example(at index: Int, random: inout SampleRandom) -> AnsweredText { texts[index] }

  /// The examples as a trainer takes them, in batches of similar lengths.
  var data: any TrainingData {
    let sum = texts.reduce(UInt32(0)) { TokenFrame.checksum($1.tokens + $1.answers, [Int($0)]) }
    return TrainingSet(self, noun: "conversations", checksum: sum, lengths: texts.map(\.tokens.count))
  }
}
