import Lathe
import LatheNN

/// A transformer of tables (Gorishniy et al., 2021): each feature becomes a token, and a further token is answered from.
///
/// Norms stand in front of attention and of ReGLU layers, but the first block has none in front of its attention; in the last
/// block the answering token alone asks.
public final class FTTransformer: Module {
  /// Sizes and dropout.
  public struct Configuration: Sendable, Hashable, Codable {
    /// Blocks of attention and a ReGLU layer.
    public var blocks: Int
    /// Elements of a token; a multiple of `heads`.
    public var width: Int
    /// Heads of attention.
    public var heads: Int
    /// Elements within a ReGLU layer.
    public var hidden: Int
    /// How likely an attention weight becomes 0 in training.
    public var attentionDropout: Float
    /// How likely an element within a ReGLU layer becomes 0 in training.
    public var dropout: Float
    /// How likely an element of what a part adds becomes 0 in training.
    public var residualDropout: Float

    /// Sizes and dropout.
    public init(
      blocks: Int = 2, width: Int = 64, heads: Int = 8, hidden: Int = 85, attentionDropout: Float = 0.15,
      dropout: Float = 0.05, residualDropout: Float = 0
    ) {
      self.blocks = blocks
      self.width = width
      self.heads = heads
      self.hidden = hidden
      self.attentionDropout = attentionDropout
      self.dropout = dropout
      self.residualDropout = residualDropout
    }
  }

  private let tokenizer: FeatureTokenizer
  private let blocks: [FTBlock]
  private let norm: LayerNorm
  private let head: Linear

  /// A network with first values drawn.
  ///
  /// - Parameters:
  ///   - columns: What a row has.
  ///   - outputs: Elements of an answer.
  ///   - configuration: Sizes and dropout.
  ///   - generator: Draws first values, and what is dropped.
  ///   - device: Where its tensors live.
  public init(
    _ columns: TabularColumns, outputs: Int, _ configuration: Configuration = Configuration(),
    generator: Generator = .layers, device: Device = .default
  ) {
    tokenizer = FeatureTokenizer(columns, configuration.width, generator, device)
    blocks = (0..<configuration.blocks).map { FTBlock(configuration, isFirst: $0 == 0, generator, device) }
    norm = LayerNorm(configuration.width, device: device)
    head = Linear(configuration.width, outputs, generator: generator, device: device)
  }

  /// Answers [n, outputs] to rows [n, columns].
  public func forward(_ input: Tensor) -> Tensor {
    var x = tokenizer(input)
    for (place, block) in blocks.enumerated() { x = block.apply(x, isLast: place == blocks.count - 1) }
    return head(norm(x.select(axis: 1, index: 0)).relu())
  }

  /// Names the layers.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("tokenizer", tokenizer)
    visitor.modules("blocks", blocks)
    visitor.module("norm", norm)
    visitor.module("head", head)
  }
}

/// Rows [n, columns] as tokens [n, 1 + columns, width]: the answering one, x * weight + bias of numbers, vectors of categories.
private final class FeatureTokenizer: Module {
  private let columns: TabularColumns
  private let answer: Parameter
  private let weight: Parameter?, bias: Parameter?
  private let embedding: CategoryEmbedding?
  private let categoryBias: Parameter?

  init(_ columns: TabularColumns, _ width: Int, _ generator: Generator, _ device: Device) {
    self.columns = columns
    let bound = 1 / Float(width).squareRoot()
    func drawn(_ rows: Int) -> Parameter? {
      rows == 0
        ? nil
        : Parameter(
          Initializer.uniform(low: -bound, high: bound)([rows, width], generator: generator, device: device))
    }
    answer = Parameter(
      Initializer.uniform(low: -bound, high: bound)([width], generator: generator, device: device))
    weight = drawn(columns.numbers)
    bias = drawn(columns.numbers)
    embedding =
      columns.cardinalities.isEmpty
      ? nil : CategoryEmbedding(columns.cardinalities, width, generator: generator, device: device)
    categoryBias = drawn(columns.cardinalities.count)
  }

  func forward(_ input: Tensor) -> Tensor {
    let width = answer.shape[0]
    var tokens = [answer.value.expanded(to: [input.shape[0], 1, width])]
    if let weight, let bias {
      let numbers = input.sliced(axis: 1, to: columns.numbers)
      tokens.append(numbers.unsqueezed(2) * weight.value + bias.value)
    }
    if let embedding, let categoryBias {
      tokens.append(embedding(input.sliced(axis: 1, from: columns.numbers)) + categoryBias.value)
    }
    return Tensor.concatenate(tokens, axis: 1)
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("answer", answer)
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
    visitor.module("embedding", embedding)
    visitor.parameter("categoryBias", categoryBias)
  }
}

/// Attention and a ReGLU layer, each added to its input.
private final class FTBlock: ParameterContainer {
  private let attentionNorm: LayerNorm?
  private let attention: MultiHeadAttention
  private let norm: LayerNorm
  private let feedForward: GatedFeedForward
  private let residualDropout: Dropout

  init(
    _ configuration: FTTransformer.Configuration, isFirst: Bool, _ generator: Generator, _ device: Device
  ) {
    let width = configuration.width
    attentionNorm = isFirst ? nil : LayerNorm(width, device: device)
    attention = MultiHeadAttention(
      width, heads: configuration.heads, dropout: configuration.attentionDropout, generator: generator,
      device: device)
    norm = LayerNorm(width, device: device)
    feedForward = GatedFeedForward(
      width, configuration.hidden, bias: true, dropout: configuration.dropout, activation: { $0.relu() },
      generator: generator, device: device)
    residualDropout = Dropout(configuration.residualDropout, generator: generator)
  }

  /// - Parameter isLast: Whether only the first token is needed of the result.
  func apply(_ input: Tensor, isLast: Bool) -> Tensor {
    let normed = attentionNorm.map { $0(input) } ?? input
    func asking(_ x: Tensor) -> Tensor { isLast ? x.sliced(axis: 1, to: 1) : x }
    let x =
      asking(input) + residualDropout(attention(asking(normed), keys: isLast ? normed : nil))
    return x + residualDropout(feedForward(norm(x)))
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("attentionNorm", attentionNorm)
    visitor.module("attention", attention)
    visitor.module("norm", norm)
    visitor.module("feedForward", feedForward)
    visitor.module("residualDropout", residualDropout)
  }
}
