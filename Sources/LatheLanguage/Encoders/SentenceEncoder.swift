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
  /// What happens to a text's vector behind the pooling.
  public let steps: [SentenceStep]
  /// Texts that the network was trained to see in front of others.
  public let prompts: SentencePrompts
  /// Elements of a text's vector.
  public let width: Int
  /// The most tokens of a text; what is beyond is cut off.
  public let longestText: Int
  /// Whether texts are written in lower case first.
  let lowercases: Bool
  /// Whether pooling looks at the tokens of a prompt, too.
  let poolsPrompt: Bool

  /// Reads a folder of sentence-transformers, or one of an encoder alone.
  ///
  /// - Parameters:
  ///   - folder: With `config.json`, the weights, the tokeniser's files and, where they are there, `modules.json`,
  ///     `sentence_bert_config.json` and the modules' folders.
  ///   - pooling: In place of what the folder says; of an encoder alone the mean.
  ///   - normalizes: Whether vectors are divided by their lengths, in place of what the folder says.
  ///   - generator: What dropout draws from in training.
  ///   - device: Where the network lives.
  /// - Throws: `LatheError` naming the file and what is wrong with it or not supported.
  public convenience init(
    pretrained folder: String, pooling: SentencePooling? = nil, normalizes: Bool? = nil,
    generator: Generator = .layers, device: Device = .default
  ) throws {
    let content = try SentenceFolder(folder)
    var steps = try content.loadedSteps(device: device)
    let isNormal = if case .normalize? = steps.last { true } else { false }
    if normalizes == true, !isNormal { steps.append(.normalize) }
    if normalizes == false, isNormal { steps.removeLast() }
    try self.init(
      encoder: .pretrained(content.encoder, generator: generator, device: device),
      tokenizer: Tokenizer(path: content.encoder),
      pooling: pooling.map { [$0] } ?? content.pooling, steps: steps, longestText: content.longestText,
      lowercases: content.lowercases, prompts: content.prompts, poolsPrompt: content.poolsPrompt)
  }

  /// A sentence encoder of its parts.
  ///
  /// - Parameters:
  ///   - encoder: The network.
  ///   - tokenizer: Its tokeniser.
  ///   - pooling: How the vectors of a text's tokens become one.
  ///   - steps: What happens to a text's vector behind the pooling.
  ///   - longestText: The most tokens of a text; as many as the network has places for where nil or more.
  ///   - lowercases: Whether texts are written in lower case first.
  ///   - prompts: Texts that the network was trained to see in front of others.
  ///   - poolsPrompt: Whether pooling looks at the tokens of a prompt, too.
  /// - Throws: `LatheError` where the tokeniser has tokens that the network does not know, or a layer's width is not that of
  ///   what comes before it.
  public init(
    encoder: TextEncoder, tokenizer: Tokenizer, pooling: [SentencePooling] = [.mean],
    steps: [SentenceStep] = [.normalize], longestText: Int? = nil, lowercases: Bool = false,
    prompts: SentencePrompts? = nil, poolsPrompt: Bool = true
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
    self.steps = steps
    self.prompts = try prompts ?? SentencePrompts()
    self.poolsPrompt = poolsPrompt
    self.lowercases = lowercases
    var width = encoder.width * pooling.count
    for case .dense(let layer) in steps {
      guard layer.inputs == width else {
        throw LatheError(
          .invalidArgument,
          "a layer for vectors of \(layer.inputs) elements behind \(width): the pooling or the files are of another model"
        )
      }
      width = layer.outputs
    }
    self.width = width
    self.longestText = min(longestText ?? encoder.longestText, encoder.longestText)
    self.tokenizer = try tokenizer.with(truncation: Truncation(maximum: self.longestText), padding: nil)
  }

  /// The same encoder for texts of at most so many tokens; both share their weights.
  ///
  /// - Throws: `LatheError` where the tokeniser adds more tokens to each text than that.
  package func shortened(to length: Int) throws -> SentenceEncoder {
    try SentenceEncoder(
      encoder: encoder, tokenizer: tokenizer, pooling: pooling, steps: steps,
      longestText: min(length, longestText), lowercases: lowercases, prompts: prompts,
      poolsPrompt: poolsPrompt)
  }

  /// Vectors of texts.
  ///
  /// Texts of similar length are computed together; the result has the order of the texts.
  ///
  /// - Parameters:
  ///   - texts: Any number of them.
  ///   - prompt: A text in front of each, such as `prompts.text("query")`; where nil that which the model's files say.
  ///   - batchSize: How many are computed at a time.
  /// - Returns: float32 [texts, width] on the CPU.
  /// - Throws: `LatheError` for a text that cannot be encoded, and what a device refuses.
  public func encode(_ texts: [String], prompt: String? = nil, batchSize: Int = 32) throws -> Tensor {
    require(batchSize > 0, "SentenceEncoder: batches of \(batchSize)")
    let (rows, first) = try tokens(of: texts, prompt: prompt)
    let order = rows.indices.sorted { (rows[$1].count, $0) < (rows[$0].count, $1) }
    var values = [Float](repeating: 0, count: texts.count * width)
    for start in stride(from: 0, to: order.count, by: batchSize) {
      let places = order[start..<min(start + batchSize, order.count)]
      let vectors = noGradient {
        encoder.inEvalMode { self.vectors(of: places.map { rows[$0] }, from: first) }
      }
      let numbers = try vectors.scalars(as: Float.self)
      for (place, row) in places.enumerated() {
        values.replaceSubrange(
          row * width..<(row + 1) * width, with: numbers[place * width..<(place + 1) * width])
      }
    }
    return Tensor(values, shape: [texts.count, width], device: .cpu)
  }

  /// The vector of a text, float32 [width] on the CPU.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - prompt: A text in front of it; where nil that which the model's files say.
  /// - Throws: See `encode(_:prompt:batchSize:)`.
  public func encode(_ text: String, prompt: String? = nil) throws -> Tensor {
    try encode([text], prompt: prompt).reshaped(to: [width])
  }

  /// The tokens of texts with a prompt in front of each, and the first of them that pooling looks at.
  ///
  /// - Parameters:
  ///   - texts: Any number of them.
  ///   - prompt: A text in front of each; where nil that which the model's files say.
  /// - Throws: `LatheError` for a text that cannot be encoded.
  package func tokens(of texts: [String], prompt: String? = nil) throws -> (rows: [[Int32]], first: Int) {
    let prompt = try prompt ?? prompts.text(nil)
    let rows = try tokenizer.encode(batch: texts.map { shown(prompt + $0) }).map(\.ids)
    return (rows, poolsPrompt || prompt.isEmpty ? 0 : try promptLength(prompt))
  }

  private func shown(_ text: String) -> String { lowercases ? text.lowercased() : text }

  /// How many tokens a prompt has, without the special one that ends a text.
  private func promptLength(_ prompt: String) throws -> Int {
    let encoding = try tokenizer.encode(shown(prompt))
    return encoding.count - (encoding.tokens.last?.isAdded == true ? 1 : 0)
  }

  /// Vectors of texts in tokens.
  private func vectors(of rows: [[Int32]], from first: Int) -> Tensor {
    let time = max(rows.map(\.count).max() ?? 0, 1)
    let tokens = rows.flatMap { row in
      row + Array(repeating: encoder.paddingToken, count: time - row.count)
    }
    return vectors(
      Tensor(tokens, shape: [rows.count, time], device: encoder.device), lengths: rows.map(\.count),
      from: first)
  }

  /// Vectors of texts, through which gradients go.
  ///
  /// - Parameters:
  ///   - tokens: int32 [texts, t].
  ///   - lengths: How many tokens of each text count.
  ///   - first: The first token that pooling looks at.
  /// - Returns: float32 [texts, width].
  package func vectors(_ tokens: Tensor, lengths: [Int], from first: Int) -> Tensor {
    let states = encoder.states(of: tokens, lengths: lengths).last
    let pooled = pooling.map { $0(states, lengths: lengths, from: first) }
    let joined = pooled.count == 1 ? pooled[0] : Tensor.concatenate(pooled, axis: 1)
    return steps.reduce(joined) { vectors, step in step(vectors) }
  }

  /// Names the network and the layers behind the pooling, by the places of their modules.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("0.auto_model", encoder)
    for (place, step) in steps.enumerated() {
      if case .dense(let layer) = step { visitor.module("\(place + 2)", layer) }
    }
  }
}
