import Lathe
import LatheNN

/// BERT (Devlin et al., 2019), RoBERTa (Liu et al., 2019) or DistilBERT (Sanh et al., 2019) without a head: a vector for
/// each token of a text, made with a look at all the others.
///
/// Paths of the weights are those of the Hugging Face libraries. As a `NamedModule` it takes `inputs` with the tokens and, where
/// they are given, `types`, `positions` and `padding`, and gives `output` with the last states and `pooled`.
public final class TextEncoder: NamedModule, PretrainedModel {
  /// What stands in the network's `config.json`.
  public let configuration: ConfigurationValues
  let settings: EncoderConfiguration
  let embeddings: EncoderEmbeddings
  private let layers: [EncoderLayer]
  private var pooler: (any Module)?
  private let paths: EncoderPaths

  /// The names of inputs and outputs besides those that all networks have.
  public enum Name {
    /// Which of two texts each token belongs to, int32 [batch, t].
    public static let types = "types"
    /// The place of each token, int32 [batch, t].
    public static let positions = "positions"
    /// A vector for each text.
    public static let pooled = "pooled"
  }

  /// A network as a configuration has it.
  ///
  /// - Parameters:
  ///   - configuration: What stands in `config.json`.
  ///   - source: Where its layers come from.
  /// - Throws: `LatheError` naming the key that is missing, wrong or not supported, or where a file cannot be read.
  public convenience init(_ configuration: ConfigurationValues, from source: LayerSource) throws {
    try self.init(EncoderConfiguration(configuration), path: "", pooled: nil, from: source)
  }

  /// The network inside one with a head.
  ///
  /// - Parameters:
  ///   - path: What its paths begin with, with a point at the end.
  ///   - pooled: Whether it makes a vector for each text; where nil as the file has it, and always without a file.
  init(_ settings: EncoderConfiguration, path: String, pooled: Bool?, from source: LayerSource) throws {
    self.settings = settings
    configuration = settings.values
    let paths = EncoderPaths(settings.family)
    self.paths = paths
    // Asked for by the whole path, which the names of the file shorten where it has no base.
    let base = path.isEmpty ? "\(settings.base)." : path
    embeddings = try EncoderEmbeddings("\(base)embeddings", settings, from: source)
    layers = try (0..<settings.layers).map {
      try EncoderLayer("\(base)\(paths.layers).\($0)", settings, paths, from: source)
    }
    let name = "\(base)pooler.dense"
    if settings.family != .distilbert, pooled ?? (source.isRandom || source.has("\(name).weight")) {
      pooler = try source.linear(name, settings.width, settings.width)
    }
    source.passOver("pooler", PathPattern("\(settings.base).pooler"))
    // Heads of other tasks, in the files of bases that were trained for them.
    source.passOver(
      "cls", "lm_head", "classifier", "pre_classifier", "qa_outputs", "vocab_transform", "vocab_layer_norm",
      "vocab_projector")
  }

  /// What files call the weights.
  public static func storedNames(_ configuration: ConfigurationValues) throws -> StoredNames {
    StoredNames(base: try EncoderConfiguration(configuration).base + ".")
  }

  /// The class that `transformers` has for the network.
  public var architecture: String { "\(settings.className)Model" }
  /// Elements of the vector of a token.
  public var width: Int { settings.width }
  /// Where the network lives.
  public var device: Device { parameters.first?.value.device ?? .default }
  /// How many layers there are.
  public var layerCount: Int { layers.count }
  /// How many tokens it knows.
  public var vocabularySize: Int { settings.vocabularySize }
  /// The most tokens of a text.
  public var longestText: Int { settings.longestText }
  /// The token that texts are filled up with.
  public var paddingToken: Int32 { Int32(settings.padding) }

  /// Vectors of the tokens of texts.
  ///
  /// A text of more tokens than `longestText`, and a token beyond the vocabulary, are errors where values are read.
  ///
  /// - Parameters:
  ///   - tokens: int32 [batch, t].
  ///   - types: Which of two texts each belongs to, int32 [batch, t]; the first where nil.
  ///   - positions: Their places, int32 [batch, t]; counted where nil.
  ///   - mask: Bools or numbers [batch, t], not 0 at tokens that count; all do where nil.
  ///   - lengths: How many tokens of each text count, in place of a mask.
  ///   - keepsAll: Whether the states of all layers are given, not only of the last one.
  public func states(
    of tokens: Tensor, types: Tensor? = nil, positions: Tensor? = nil, mask: Tensor? = nil,
    lengths: [Int]? = nil, keepsAll: Bool = false
  ) -> EncoderStates {
    require(
      tokens.rank == 2 && tokens.shape[1] > 0, "TextEncoder: tokens \(tokens.shape), not [batch, t]")
    require(
      mask.map { $0.shape == tokens.shape } ?? true,
      "TextEncoder: mask \(mask?.shape ?? []) for tokens \(tokens.shape)")
    let counts = mask?.cast(to: .bool) ?? bools(lengths, tokens)
    let visible = counts?.reshaped(to: [tokens.shape[0], 1, 1, tokens.shape[1]])
    var state = embeddings(tokens, types: types, positions: positions)
    var kept = keepsAll ? [state] : []
    for layer in layers {
      state = layer(state, mask: visible)
      if keepsAll { kept.append(state) }
    }
    let first = pooler.map { $0(state.sliced(axis: 1, from: 0, to: 1).squeezed(1)).tanh() }
    return EncoderStates(layers: keepsAll ? kept : [state], pooled: first)
  }

  /// Nil where all tokens count, so that attention looks at no mask.
  private func bools(_ lengths: [Int]?, _ tokens: Tensor) -> Tensor? {
    guard let lengths, !lengths.allSatisfy({ $0 == tokens.shape[1] }) else { return nil }
    return SequenceMask.bools(lengths, of: tokens)
  }

  /// Computes the last states and, where the network has them, vectors of the texts.
  public func forward(_ inputs: NamedTensors) -> NamedTensors {
    let states = states(named: inputs)
    var outputs: NamedTensors = [NamedTensors.output: states.last]
    if let pooled = states.pooled { outputs[Name.pooled] = pooled }
    return outputs
  }

  /// The states of inputs by name.
  func states(named inputs: NamedTensors) -> EncoderStates {
    states(
      of: inputs[NamedTensors.inputs], types: inputs.find(Name.types), positions: inputs.find(Name.positions),
      mask: inputs.find(NamedTensors.padding))
  }

  /// Names the layers.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("embeddings", embeddings)
    visitor.modules(paths.layers, layers)
    visitor.module("pooler.dense", pooler) { self.pooler = $0 }
  }
}
