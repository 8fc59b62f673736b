import Lathe
import LatheNN
import LatheText

/// Texts as vectors, close to each other where they mean the same: what a folder of sentence-transformers holds.
public final class SentenceEncoder: ParameterContainer {
  /// The network that makes vectors of tokens.
  public let encoder: TextEncoder
  /// What makes tokens of texts, cut to `longestText`.
  public let tokenizer: Tokenizer
  /// How the vectors of a text's tokens become one; where there are several ways, their results stand behind each other.
  public let pooling: [SentencePooling]
  /// Whether vectors are divided by their lengths, so that their products are cosines.
  public let normalizes: Bool
  /// The most tokens of a text; what is beyond is cut off.
  public let longestText: Int
  /// Whether texts are written in lower case first.
  private let lowercases: Bool

  /// Reads a folder of sentence-transformers, or one of an encoder alone.
  ///
  /// - Parameters:
  ///   - folder: With `config.json`, the weights, the tokeniser's files and, where they are there, `modules.json`,
  ///     `sentence_bert_config.json` and the modules' folders.
  ///   - pooling: In place of what the folder says; of an encoder alone the mean.
  ///   - normalizes: In place of what the folder says.
  ///   - device: Where the network lives.
  /// - Throws: `LatheError` naming the file and what is wrong with it or not supported.
  public convenience init(
    pretrained folder: String, pooling: SentencePooling? = nil, normalizes: Bool? = nil,
    device: Device = .default
  ) throws {
    let content = try SentenceFolder(folder)
    try self.init(
      encoder: .pretrained(content.encoder, device: device), tokenizer: Tokenizer(path: content.encoder),
      pooling: pooling.map { [$0] } ?? content.pooling, normalizes: normalizes ?? content.normalizes,
      longestText: content.longestText, lowercases: content.lowercases)
  }

  /// A sentence encoder of its parts.
  ///
  /// - Parameters:
  ///   - encoder: The network.
  ///   - tokenizer: Its tokeniser.
  ///   - pooling: How the vectors of a text's tokens become one.
  ///   - normalizes: Whether vectors are divided by their lengths.
  ///   - longestText: The most tokens of a text; as many as the network has places for where nil or more.
  ///   - lowercases: Whether texts are written in lower case first.
  /// - Throws: `LatheError` where the tokeniser has tokens that the network does not know.
  public init(
    encoder: TextEncoder, tokenizer: Tokenizer, pooling: [SentencePooling] = [.mean], normalizes: Bool = true,
    longestText: Int? = nil, lowercases: Bool = false
  ) throws {
    guard tokenizer.vocabularySize <= encoder.vocabularySize else {
      throw LatheError(
        .invalidArgument,
        "a tokeniser of \(tokenizer.vocabularySize) tokens, and a network that knows \(encoder.vocabularySize): they "
          + "do not belong together")
    }
    require(!pooling.isEmpty, "SentenceEncoder: no way of pooling")
    self.encoder = encoder
    self.pooling = pooling
    self.normalizes = normalizes
    self.lowercases = lowercases
    self.longestText = min(longestText ?? encoder.longestText, encoder.longestText)
    self.tokenizer = try tokenizer.with(truncation: Truncation(maximum: self.longestText), padding: nil)
  }

  /// Elements of a text's vector.
  public var width: Int { encoder.width * pooling.count }

  /// Vectors of texts.
  ///
  /// Texts of similar length are computed together; the result has the order of the texts.
  ///
  /// - Parameters:
  ///   - texts: Any number of them.
  ///   - batchSize: How many are computed at a time.
  /// - Returns: float32 [texts, width] on the CPU.
  /// - Throws: `LatheError` for a text that cannot be encoded, and what a device refuses.
  public func encode(_ texts: [String], batchSize: Int = 32) throws -> Tensor {
    require(batchSize > 0, "SentenceEncoder: batches of \(batchSize)")
    let encodings = try tokenizer.encode(batch: lowercases ? texts.map { $0.lowercased() } : texts)
    let order = encodings.indices.sorted {
      (encodings[$1].count, $0) < (encodings[$0].count, $1)
    }
    var values = [Float](repeating: 0, count: texts.count * width)
    for start in stride(from: 0, to: order.count, by: batchSize) {
      let rows = order[start..<min(start + batchSize, order.count)]
      let vectors = try vectors(of: rows.map { encodings[$0] }).scalars(as: Float.self)
      for (place, row) in rows.enumerated() {
        values.replaceSubrange(
          row * width..<(row + 1) * width, with: vectors[place * width..<(place + 1) * width])
      }
    }
    return Tensor(values, shape: [texts.count, width], device: .cpu)
  }

  /// The vector of a text, float32 [width] on the CPU.
  ///
  /// - Throws: See `encode(_:batchSize:)`.
  public func encode(_ text: String) throws -> Tensor { try encode([text]).reshaped(to: [width]) }

  /// Vectors of the texts of a batch, the longest first.
  private func vectors(of encodings: [Encoding]) -> Tensor {
    let time = max(encodings.map(\.count).max() ?? 0, 1)
    let lengths = encodings.map(\.count)
    func filled(_ value: Int32, _ take: (EncodedToken) -> Int32) -> Tensor {
      let numbers = encodings.flatMap { encoding in
        encoding.tokens.map(take) + Array(repeating: value, count: time - encoding.count)
      }
      return Tensor(numbers, shape: [encodings.count, time], device: encoder.device)
    }
    return noGradient {
      encoder.inEvalMode {
        let states = encoder.states(of: filled(encoder.paddingToken, \.id), lengths: lengths).last
        let pooled = pooling.map { $0(states, lengths: lengths) }
        let joined = pooled.count == 1 ? pooled[0] : Tensor.concatenate(pooled, axis: 1)
        return normalizes ? joined.normalized(axis: 1, epsilon: 1e-12) : joined
      }
    }
  }

  /// Names the network.
  public func visit(_ visitor: inout ModuleVisitor) { visitor.module("0.auto_model", encoder) }
}
