import Lathe
import LatheCore
import LatheData
import LatheLanguage
import LatheNN
import LatheText

/// A question and a part of its text in tokens.
public struct QuestionWindow: Collatable {
  /// The tokens of both, and which of the two each belongs to.
  package let tokens: [Int32], types: [Int32]
  /// Where each token of the text stands in it, in Unicode scalars; nil for other tokens.
  package let places: [Range<Int>?]
  /// The number of the question.
  package let question: Int
  /// The tokens at which the answer begins and ends; the first token where it is not in this part.
  package var start: Int32 = 0, end: Int32 = 0
  /// Fills up shorter windows.
  let padding: Int32

  /// Tokens [n, t], with first and last tokens of answers as labels [n, 2].
  public static func collate(_ examples: [QuestionWindow], on device: Device) -> Batch {
    let longest = examples.map(\.tokens.count).max() ?? 0
    func tensor(_ rows: [[Int32]], _ filler: Int32) -> Tensor {
      let all = rows.flatMap { $0 + [Int32](repeating: filler, count: longest - $0.count) }
      return Tensor(all, shape: [rows.count, longest], device: device)
    }
    let lengths = examples.map(\.tokens.count)
    let tokens = tensor(examples.map(\.tokens), examples.first?.padding ?? 0)
    var named: NamedTensors = [NamedTensors.padding: SequenceMask.bools(lengths, of: tokens)]
    if examples.contains(where: { $0.types.contains { $0 != 0 } }) {
      named[TextEncoder.Name.types] = tensor(examples.map(\.types), 0)
    }
    let labels = examples.flatMap { [$0.start, $0.end] }
    return Batch(
      inputs: tokens, labels: Tensor(labels, shape: [examples.count, 2], device: device), count: labels.count,
      lengths: lengths, named: named)
  }

  /// None.
  public static func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }
}

/// Questions with their texts in windows, which overlap where a text is longer than the network takes.
package struct QuestionWindows: InMemoryDataset {
  package let windows: [QuestionWindow]

  /// Windows of questions.
  ///
  /// - Parameters:
  ///   - questions: With texts, and with answers for training.
  ///   - tokenizer: Makes tokens.
  ///   - length: The most tokens of a window, the question's included.
  ///   - stride: How many tokens of the text a window shares with the one before.
  ///   - padding: Fills up shorter windows.
  /// - Throws: `LatheError` where a question leaves no room for the text, or cannot be encoded.
  package init(
    _ questions: [AskedText], tokenizer: Tokenizer, length: Int, stride: Int, padding: Int32
  ) throws {
    let plain = try tokenizer.with(truncation: nil, padding: nil)
    let counts = try plain.encode(batch: questions.map(\.question)).map(\.count)
    // The added tokens behind the text, and as many of the text as windows share with one more.
    let room = stride + 4
    if let place = counts.firstIndex(where: { $0 + room > length }) {
      throw LatheError(
        .invalidArgument,
        "question '\(questions[place].id)' has \(counts[place]) tokens, which with a stride of \(stride) leaves no room for its text in windows of \(length); give a larger length or a smaller stride"
      )
    }
    let cut = try tokenizer.with(
      truncation: Truncation(maximum: length, strategy: .onlySecond, stride: stride), padding: nil)
    let encodings = try cut.encode(pairs: questions.map { ($0.question, $0.context) }, unit: .scalars)
    windows = zip(questions, encodings).enumerated().flatMap { number, pair in
      let (asked, encoding) = pair
      return ([encoding] + encoding.overflowing).map { part in
        var window = QuestionWindow(
          tokens: part.ids, types: part.typeIDs,
          places: part.tokens.map { $0.sequence == 1 ? Int($0.start)..<Int($0.end) : nil },
          question: number, padding: padding)
        if let answer = asked.answers.first {
          let range = answer.start..<answer.start + answer.text.unicodeScalars.count
          if let (start, end) = Self.tokens(of: range, in: window.places) {
            (window.start, window.end) = (Int32(start), Int32(end))
          }
        }
        return window
      }
    }
  }

  /// The first and the last token of a range of a text; nil where the window does not hold all of it.
  static func tokens(of range: Range<Int>, in places: [Range<Int>?]) -> (Int, Int)? {
    guard let first = places.firstIndex(where: { $0 != nil }),
      let last = places.lastIndex(where: { $0 != nil }),
      let start = places[first]?.lowerBound, let end = places[last]?.upperBound,
      start <= range.lowerBound, end >= range.upperBound
    else { return nil }
    let inside = (first...last).filter { place in
      places[place].map { $0.overlaps(range) } ?? false
    }
    guard let from = inside.first, let to = inside.last else { return nil }
    return (from, to)
  }

  package var count: Int { windows.count }
  package func example(at index: Int, random: inout SampleRandom) -> QuestionWindow { windows[index] }

  /// The windows as a trainer takes them, in batches of similar lengths.
  var data: any TrainingData {
    let sum = windows.reduce(UInt32(0)) { sum, window in
      TokenFrame.checksum(window.tokens, [Int(sum), Int(window.start), Int(window.end)])
    }
    return TrainingSet(self, noun: "windows", checksum: sum, lengths: windows.map(\.tokens.count))
  }
}
