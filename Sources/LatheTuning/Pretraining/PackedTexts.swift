import Lathe
import LatheCore
import LatheData
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText

/// Documents one behind the other in rows of so many tokens, each ended by a token of its own, none of which sees another.
///
/// What does not fit into a row goes on in the next one, as a sequence of its own.
public struct PackedTexts: InMemoryDataset {
  private let tokens: [Int32]
  /// Where documents begin, and the end of all.
  private let starts: [Int]
  private let length: Int
  private let end: Int32

  /// Documents in a tokeniser's tokens.
  ///
  /// - Parameters:
  ///   - documents: The documents.
  ///   - tokenizer: Makes tokens; special ones it would add are left out.
  ///   - end: The token that ends a document.
  ///   - length: The tokens of a row.
  /// - Throws: `LatheError` where the tokeniser cannot encode a document.
  public init(_ documents: [String], tokenizer: Tokenizer, end: Int32, length: Int) throws {
    guard length > 1 else { throw LatheError(.invalidArgument, "rows of \(length) tokens; give 2 or more") }
    var (tokens, starts): ([Int32], [Int]) = ([], [0])
    let plain = try tokenizer.with(truncation: nil, padding: nil)
    for encoding in try plain.encode(batch: documents, addsSpecialTokens: false) where encoding.count > 0 {
      tokens += encoding.ids + [end]
      starts.append(tokens.count)
    }
    guard starts.count > 1 else { throw LatheError(.format, "the documents have no tokens") }
    (self.tokens, self.starts, self.length, self.end) = (tokens, starts, length, end)
  }

  /// Rows.
  public var count: Int { (tokens.count + length - 1) / length }
  /// All tokens, ends included.
  public var tokenCount: Int { tokens.count }
  /// Of the tokens and how they are cut.
  public var checksum: UInt32 { TokenFrame.checksum(tokens, starts + [length]) }
  /// The tokens of each document with its end, for counting.
  var documents: [ArraySlice<Int32>] { zip(starts, starts.dropFirst()).map { tokens[$0..<$1] } }

  /// The document that a token is of.
  private func document(of place: Int) -> Int {
    var (low, high) = (0, starts.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= place { low = middle } else { high = middle }
    }
    return low
  }

  /// A row.
  public func example(at index: Int, random: inout SampleRandom) -> PackedText {
    let range = index * length..<min((index + 1) * length, tokens.count)
    var row = PackedText(tokens: Array(tokens[range]), lengths: [], answers: [], end: end)
    var at = range.lowerBound
    var document = document(of: at)
    while at < range.upperBound {
      let stop = min(starts[document + 1], range.upperBound)
      row.lengths.append(stop - at)
      // Behind the row's last token its own document may go on; behind a document's last one nothing is to be told.
      for place in at..<stop {
        row.answers.append(place + 1 < starts[document + 1] ? tokens[place + 1] : PackedText.nothing)
      }
      (at, document) = (stop, document + 1)
    }
    // The last row is filled up by a sequence of which nothing is to be told.
    let missing = length - row.tokens.count
    if missing > 0 {
      row.tokens += Array(repeating: end, count: missing)
      row.lengths.append(missing)
      row.answers += Array(repeating: PackedText.nothing, count: missing)
    }
    return row
  }
}

/// A row of sequences.
public struct PackedText: Collatable {
  /// The tokens.
  public var tokens: [Int32]
  /// Tokens of each sequence.
  public var lengths: [Int]
  /// The token that comes next in the sequence, `nothing` behind its last one.
  public var answers: [Int32]
  /// Ends a document.
  public var end: Int32

  /// The label of places at which nothing is to be told, as PyTorch has it.
  package static let nothing: Int32 = -100

  /// The names of what stands beside the tokens.
  package enum Name {
    package static let sequences = "sequences"
    package static let positions = "positions"
  }

  /// Tokens and labels [n, t], with the sequences' numbers and positions.
  public static func collate(_ examples: [PackedText], on device: Device) -> Batch {
    let shape: Shape = [examples.count, examples.first?.tokens.count ?? 0]
    func tensor(_ numbers: [Int32]) -> Tensor { Tensor(numbers, shape: shape, device: device) }
    let numbers = SequencePacking.numbers(examples.map(\.lengths))
    let answers = examples.flatMap(\.answers)
    return Batch(
      inputs: tensor(examples.flatMap(\.tokens)), labels: tensor(answers),
      count: answers.count { $0 != nothing },
      named: [Name.sequences: tensor(numbers.sequences), Name.positions: tensor(numbers.positions)])
  }

  /// None.
  public static func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }
}
