import Lathe
import LatheCore
import LatheData
import LatheLanguage
import LatheNN

/// Texts in tokens that are compared with each other.
public struct ComparedTexts: Collatable {
  /// The tokens of two texts, or of three.
  let texts: [[Int32]]
  /// How alike the two are, where that is known.
  let score: Float
  /// Fills up shorter texts.
  let padding: Int32

  /// The number of the texts that each second and third text is the same as.
  static let candidates = "candidates"

  /// The first texts, then the second, then the third ones [2 n or 3 n, t]; the labels are the scores [n].
  public static func collate(_ examples: [ComparedTexts], on device: Device) -> Batch {
    let columns = examples.first?.texts.count ?? 0
    let rows = (0..<columns).flatMap { column in examples.map { $0.texts[column] } }
    let longest = max(rows.map(\.count).max() ?? 0, 1)
    let padding = examples.first?.padding ?? 0
    let tokens = rows.flatMap { $0 + [Int32](repeating: padding, count: longest - $0.count) }
    var numbers: [[Int32]: Int32] = [:]
    let candidates = rows.dropFirst(examples.count).map { row in
      let number = numbers[row] ?? Int32(numbers.count)
      numbers[row] = number
      return number
    }
    return Batch(
      inputs: Tensor(tokens, shape: [rows.count, longest], device: device),
      labels: Tensor(examples.map(\.score), device: device), count: examples.count,
      lengths: rows.map(\.count), named: [self.candidates: Tensor(candidates, device: device)])
  }

  /// None.
  public static func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }
}

/// Examples in tokens.
package struct SentenceBatches: InMemoryDataset {
  private let examples: [ComparedTexts]
  private let isRegression: Bool
  /// The first token that pooling looks at.
  package let first: Int

  /// Examples in a sentence encoder's tokens.
  ///
  /// - Parameters:
  ///   - texts: The examples.
  ///   - encoder: Makes tokens, with its standard prompt in front.
  ///   - pairsPerText: Of labelled texts, how many of the same class and of other ones each is compared with.
  ///   - seed: Chooses these.
  package init(_ texts: SentenceExamples, _ encoder: SentenceEncoder, pairsPerText: Int, seed: UInt64) throws
  {
    let all = try encoder.tokens(of: texts.texts.flatMap { $0 })
    first = all.first
    let padding = encoder.encoder.paddingToken
    func example(_ rows: [Int], _ score: Float) -> ComparedTexts {
      ComparedTexts(texts: rows.map { all.rows[$0] }, score: score, padding: padding)
    }
    switch texts.kind {
    case .pairs:
      let width = texts.texts[0].count
      examples = (0..<texts.count).map { example(Array($0 * width..<($0 + 1) * width), 1) }
    case .scored:
      let scores = texts.scores ?? []
      examples = (0..<texts.count).map { example([2 * $0, 2 * $0 + 1], scores[$0]) }
    // The same text twice: dropout makes two vectors of it.
    case .texts: examples = (0..<texts.count).map { example([$0, $0], 1) }
    case .labelled:
      examples = Self.pairs(texts.labels ?? [], pairsPerText, seed).map { example([$0.0, $0.1], $0.2) }
    }
    isRegression = texts.kind == .scored || texts.kind == .labelled
  }

  /// Places of texts of the same class, whose score is 1, and of different classes, whose score is 0.
  package static func pairs(_ labels: [String], _ perText: Int, _ seed: UInt64) -> [(Int, Int, Float)] {
    var random = SampleRandom(state: seed &+ 0x5E7F)
    let places = Dictionary(grouping: labels.indices) { labels[$0] }
    var found: [(Int, Int, Float)] = []
    for _ in 0..<perText {
      for (place, label) in labels.enumerated() {
        let same = places[label] ?? []
        if same.count > 1 {
          var other = same[random.next(below: same.count - 1)]
          if other == place { other = same[same.count - 1] }
          found.append((place, other, 1))
        }
        let others = labels.count - same.count
        if others > 0 {
          // The place among those of other classes.
          var number = random.next(below: others)
          let other = labels.indices.first { index in
            guard labels[index] != label else { return false }
            number -= 1
            return number < 0
          }
          if let other { found.append((place, other, 0)) }
        }
      }
    }
    return found
  }

  package var count: Int { examples.count }
  package func example(at index: Int, random: inout SampleRandom) -> ComparedTexts { examples[index] }

  /// The examples as a trainer takes them; those that are told apart from each other are not sorted by their lengths.
  var data: any TrainingData {
    let sum = examples.reduce(UInt32(0)) { sum, example in
      TokenFrame.checksum(example.texts.flatMap { $0 }, [Int(sum), Int(example.score.bitPattern)])
    }
    return TrainingSet(
      self, noun: "pairs", checksum: sum,
      lengths: isRegression ? examples.map { $0.texts.map(\.count).max() ?? 0 } : nil)
  }
}
