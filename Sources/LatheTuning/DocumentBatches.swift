import Lathe
import LatheData
import LatheFiles
import LatheNN
import LatheText

/// Documents as tokens, in batches of similar length.
public struct DocumentBatches: TrainingData {
  /// The classes' names.
  public let classNames: [String]
  private let tokens: [[Int32]]
  /// Which of two texts each token belongs to; empty where texts stand alone.
  private let types: [[Int32]]
  private let labels: [Int32]
  private let padding: Int32
  private let texts: [String]
  /// How many texts were longer than the network takes, and are cut.
  public let cutCount: Int

  /// Documents in a tokeniser's tokens.
  ///
  /// - Parameters:
  ///   - documents: The texts, each with the name of a class.
  ///   - classes: The classes' names; a label that is none of them stops the program.
  ///   - tokenizer: Makes tokens; texts longer than `length` are cut at their end.
  ///   - length: The most tokens of a text, those at its beginning and end included.
  ///   - padding: The token that shorter texts of a batch are filled up with.
  /// - Throws: `LatheError` where the tokeniser cannot encode a text.
  public init(
    _ documents: LabelledDocuments, classes: [String], tokenizer: Tokenizer, length: Int, padding: Int32
  ) throws {
    let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Int32($0)) })
    classNames = classes
    labels = documents.labels.map { label in
      guard let number = numbers[label] else { stop("DocumentBatches: no class '\(label)' among \(classes)") }
      return number
    }
    texts = documents.texts
    self.padding = padding
    let encodings = try tokenizer.shortening(to: length).encodings(documents.texts, documents.pairs)
    tokens = encodings.map(\.ids)
    types = documents.pairs == nil ? [] : encodings.map(\.typeIDs)
    cutCount = encodings.count { !$0.overflowing.isEmpty }
  }

  /// As `classNames`.
  public var classes: [String]? { classNames }
  /// Texts.
  public var count: Int { texts.count }
  /// Texts.
  public var noun: String { "texts" }
  /// Tokens of the longest text.
  public var longest: Int { tokens.map(\.count).max() ?? 0 }
  /// Of tokens and labels.
  public var checksum: UInt32 {
    (tokens + types).reduce(labels.withUnsafeBytes { CRC32.checksum($0, continuing: 0) }) { sum, row in
      row.withUnsafeBytes { CRC32.checksum($0, continuing: sum) }
    }
  }
  /// Many, since lengths are alike.
  public var testBatchSize: Int { 32 }

  /// Batches of texts of similar length, so that little is filled up.
  public func batches(size: Int, seed: UInt64?, epoch: Int, first: Int, on device: Device) -> BatchStream {
    let order: any Sampler =
      seed.map { RandomSampler(count: count, seed: $0) } ?? SequentialSampler(count: count)
    let sampler: any BatchSampler =
      seed == nil
      ? FixedBatches(order, size: size)
      : BucketedBatches(order, lengths: tokens.map(\.count), size: size, seed: seed)
    return DataLoader(self, sampler: sampler, seed: seed ?? 0, epoch: epoch, firstBatch: first, on: device)
      .stream()
  }

  /// The text.
  public func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }
}

extension DocumentBatches: InMemoryDataset {
  /// The tokens of a text with its class.
  public func example(at index: Int, random: inout SampleRandom) -> LabelledText {
    LabelledText(
      LabelledSequence(tokens: tokens[index], label: Int(labels[index]), padding: padding),
      types: types.isEmpty ? nil : types[index])
  }
}
