import Lathe
import LatheNN

/// An encoder with a head that says which token stands in each place: scores float32 [batch, t, vocabulary], made with the
/// table of tokens unless the configuration says otherwise; of some places (`Name.places`) alone [places, vocabulary].
public final class MaskedLanguageModel: NamedModule, PretrainedModel {
  /// The network below the head.
  public let encoder: TextEncoder
  private var dense: any Module
  private var norm: any Module
  /// The scores' own matrix, where the table of tokens is not used.
  private var decoder: (any Module)?
  private let bias: Parameter
  private let activation: HiddenActivation
  private let names: Names

  /// The names of inputs besides those of `TextEncoder`.
  public enum Name {
    /// The places whose scores are wanted, counted over all rows, int32 [places]: the others, which nothing is learned from,
    /// are not computed.
    public static let places = "places"
  }

  /// The paths of the head in a family's files.
  private struct Names {
    let dense: String, norm: String, decoder: String, bias: String
    /// Where older files keep the bias once more.
    let copies: [String]

    init(_ family: EncoderConfiguration.Family) {
      switch family {
      case .bert:
        dense = "cls.predictions.transform.dense"
        norm = "cls.predictions.transform.LayerNorm"
        decoder = "cls.predictions.decoder"
        bias = "cls.predictions.bias"
        copies = ["cls.predictions.decoder.bias"]
      case .roberta:
        dense = "lm_head.dense"
        norm = "lm_head.layer_norm"
        decoder = "lm_head.decoder"
        bias = "lm_head.bias"
        copies = ["lm_head.decoder.bias"]
      case .distilbert:
        dense = "vocab_transform"
        norm = "vocab_layer_norm"
        decoder = "vocab_projector"
        bias = "vocab_projector.bias"
        copies = []
      }
    }
  }

  /// A network as a configuration has it.
  public init(_ configuration: ConfigurationValues, from source: LayerSource) throws {
    let settings = try EncoderConfiguration(configuration)
    let names = Names(settings.family)
    self.names = names
    encoder = try TextEncoder(settings, path: "\(settings.base).", pooled: false, from: source)
    dense = try source.linear(names.dense, settings.width, settings.width)
    norm = try source.layerNorm(names.norm, settings.width, epsilon: settings.epsilon)
    bias = Parameter(try source.tensor(names.bias, [settings.vocabularySize], first: .constant(0)))
    if settings.isTied {
      source.passOver(PathPattern("\(names.decoder).weight"))
    } else {
      decoder = try source.linear(names.decoder, settings.width, settings.vocabularySize, bias: false)
    }
    for name in names.copies { source.passOver(PathPattern(name)) }
    activation = settings.family == .roberta ? .gelu : settings.activation
  }

  /// The class that `transformers` has for the network.
  public var architecture: String { "\(encoder.settings.className)ForMaskedLM" }

  /// The paths of the head's layers in a family's files, for those that a base does not have.
  ///
  /// - Throws: `LatheError` where the configuration is no encoder's.
  public static func headPaths(_ configuration: ConfigurationValues) throws -> [String] {
    let names = Names(try EncoderConfiguration(configuration).family)
    return [names.dense, names.norm, names.decoder, names.bias]
  }

  /// Computes scores [batch, t, vocabulary], or [places, vocabulary].
  public func forward(_ inputs: NamedTensors) -> NamedTensors {
    var last = encoder.states(named: inputs).last
    if let places = inputs.find(Name.places) {
      last = last.reshaped(to: [last.shape[0] * last.shape[1], last.shape[2]])
        .indexSelected(axis: 0, indices: places)
    }
    let states = norm(activation(dense(last)))
    if let decoder { return [NamedTensors.output: decoder(states) + bias.value] }
    guard let table = encoder.embeddings.tokens as? Embedding else {
      stop("MaskedLanguageModel: the table of tokens was replaced, and scores are made with it")
    }
    return [NamedTensors.output: states.linear(weight: table.weight.value, bias: bias.value)]
  }

  /// Names the encoder and the head.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module(encoder.settings.base, encoder)
    visitor.module(names.dense, dense) { self.dense = $0 }
    visitor.module(names.norm, norm) { self.norm = $0 }
    visitor.module(names.decoder, decoder) { self.decoder = $0 }
    visitor.parameter(names.bias, bias)
  }
}
