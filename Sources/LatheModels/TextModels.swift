import Lathe
import LatheNN

/// Predicts each next character by an LSTM: tokens [n, t] to logits [n, t, vocabulary].
public final class CharacterLSTM: SequenceModule {
  private var embedding: any Module
  private var lstm: any Module
  private var dropout: any Module
  private var head: any Module

  /// - Parameters:
  ///   - vocabulary: Different tokens.
  ///   - width: Elements of a token or state.
  ///   - size: Elements of the state.
  ///   - layers: How many layers follow each other.
  ///   - dropout: How likely an element becomes 0 in training.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    vocabulary: Int, width: Int = 64, size: Int = 256, layers: Int = 2, dropout: Float = 0.2,
    generator: Generator = .layers, device: Device = .default
  ) {
    embedding = Embedding(vocabulary, width, generator: generator, device: device)
    lstm = LSTM(width, size, layers: layers, dropout: dropout, generator: generator, device: device)
    self.dropout = Dropout(dropout, generator: generator)
    head = Linear(size, vocabulary, generator: generator, device: device)
  }

  /// Computes the logits.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    head(dropout(lstm.apply(embedding(input), lengths: lengths)))
  }

  /// Names the parts.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("embedding", embedding) { self.embedding = $0 }
    visitor.module("lstm", lstm) { self.lstm = $0 }
    visitor.module("dropout", dropout) { self.dropout = $0 }
    visitor.module("head", head) { self.head = $0 }
  }
}

/// A decoder-only transformer (Radford et al., 2019): tokens [n, t] to logits [n, t, vocabulary].
///
/// The head shares the embedding's weights. First values are GPT-2's: normal with deviation 0.02, that of the last
/// product of each part divided by sqrt(2 * layers).
public final class GPT: Module {
  private var embedding: any Module
  private var position: any PositionModule
  private var dropout: any Module
  private var decoder: TransformerEncoder
  private let length: Int
  private var head: any Module

  /// - Parameters:
  ///   - vocabulary: Different tokens.
  ///   - length: The longest sequence.
  ///   - width: Elements of a token or state.
  ///   - heads: Heads of attention.
  ///   - layers: How many layers follow each other.
  ///   - dropout: How likely an element becomes 0 in training.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    vocabulary: Int, length: Int, width: Int = 256, heads: Int = 4, layers: Int = 4, dropout: Float = 0,
    generator: Generator = .layers, device: Device = .default
  ) {
    let small = Initializer.normal(mean: 0, deviation: 0.02)
    let embedding = Embedding(vocabulary, width, initializer: small, generator: generator, device: device)
    self.embedding = embedding
    position = LearnedPosition(length, width, initializer: small, generator: generator, device: device)
    self.dropout = Dropout(dropout, generator: generator)
    self.length = length
    decoder = TransformerEncoder(
      layers,
      TransformerOptions(
        width: width, heads: heads, feedForward: 4 * width, dropout: dropout,
        activation: { $0.gelu(approximation: .tanh) }, normFirst: true, isCausal: true),
      generator: generator, device: device)
    head = Linear(weight: embedding.weight)
    let last = Initializer.normal(mean: 0, deviation: 0.02 / Float(2 * layers).squareRoot())
    for (name, parameter) in decoder.namedParameters {
      if parameter.shape.rank > 1 {
        let ends = name.hasSuffix("output.weight") || name.hasSuffix("linear2.weight")
        parameter.value = (ends ? last : small)(parameter.shape, generator: generator, device: device)
      } else if name.hasSuffix("bias") {
        parameter.value = .zeros(parameter.shape, device: device)
      }
    }
  }

  /// Computes the logits.
  public func forward(_ input: Tensor) -> Tensor { head(decoder(dropout(position(embedding(input))))) }

  /// Computes the logits of tokens that follow those in a cache, which holds them from then on.
  ///
  /// - Parameters:
  ///   - input: The new tokens [n, t].
  ///   - cache: Of this network; see `cache(capacity:)`.
  public func callAsFunction(_ input: Tensor, cache: TransformerCache) -> Tensor {
    observed(input: input) {
      let x = dropout(position(embedding(input), offset: cache.count))
      return head(decoder(x, mask: nil, cache: cache))
    }
  }

  /// An empty cache for decoding.
  ///
  /// - Parameter capacity: The longest text; as long as the network reads where nil.
  public func cache(capacity: Int? = nil) -> TransformerCache {
    TransformerCache(layers: decoder.layers.count, capacity: capacity ?? length)
  }

  /// Names the parts.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("embedding", embedding) { self.embedding = $0 }
    visitor.module("position", position) { self.position = $0 }
    visitor.module("dropout", dropout) { self.dropout = $0 }
    visitor.module("decoder", decoder) { self.decoder = $0 }
    visitor.module("head", head) { self.head = $0 }
  }
}

/// Classifies texts by a transformer encoder: tokens [n, t], 0 behind the end, to logits [n, classes].
public final class TransformerClassifier: SequenceModule {
  private var embedding: any Module
  private var position: any Module
  private var encoder: TransformerEncoder
  private var head: any Module

  /// - Parameters:
  ///   - vocabulary: Different tokens, the padding 0 included.
  ///   - length: The longest sequence.
  ///   - classes: How many classes there are.
  ///   - width: Elements of a token or state.
  ///   - heads: Heads of attention.
  ///   - layers: How many layers follow each other.
  ///   - dropout: How likely an element becomes 0 in training.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    vocabulary: Int, length: Int, classes: Int, width: Int = 128, heads: Int = 4, layers: Int = 2,
    dropout: Float = 0.1, generator: Generator = .layers, device: Device = .default
  ) {
    embedding = Embedding(vocabulary, width, paddingIndex: 0, generator: generator, device: device)
    position = SinusoidalPosition(length, width, dropout: dropout, generator: generator, device: device)
    encoder = TransformerEncoder(
      layers,
      TransformerOptions(
        width: width, heads: heads, feedForward: 4 * width, dropout: dropout, activation: { $0.gelu() },
        normFirst: true),
      generator: generator, device: device)
    head = Linear(width, classes, generator: generator, device: device)
  }

  /// The encoder's mean over the tokens that count, as logits; without lengths, over those that are not 0.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    let counts = lengths.map { SequenceMask.bools($0, of: input) } ?? (input .!= Int32(0))
    let tokens = encoder(position(embedding(input)), mask: nil, padding: counts)
    let weights = counts.cast(to: .float32).unsqueezed(-1)
    return head((tokens * weights).sum(axis: 1) / weights.sum(axis: 1).maximum(Float(1)))
  }

  /// Names the parts.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("embedding", embedding) { self.embedding = $0 }
    visitor.module("position", position) { self.position = $0 }
    visitor.module("encoder", encoder) { self.encoder = $0 }
    visitor.module("head", head) { self.head = $0 }
  }
}
