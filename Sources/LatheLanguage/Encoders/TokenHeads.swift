import Lathe
import LatheNN

/// An encoder with a head that gives each token a score for each class: names, parts of speech.
///
/// The output is float32 [batch, t, labels], before a softmax.
public final class TokenClassifier: NamedModule, PretrainedModel {
  /// The network below the head.
  public let encoder: TextEncoder
  private var output: any Module
  private let dropout: Dropout

  /// A network as a configuration has it; the labels are its `id2label`.
  public init(_ configuration: ConfigurationValues, from source: LayerSource) throws {
    let settings = try EncoderConfiguration(configuration)
    encoder = try TextEncoder(settings, path: "\(settings.base).", pooled: false, from: source)
    output = try source.linear("classifier", settings.width, settings.labels.count)
    dropout = Dropout(
      settings.family == .distilbert ? settings.dropout : settings.classifierDropout,
      generator: source.generator)
  }

  /// The names of the classes.
  public var labels: [String] { encoder.settings.labels }
  /// The class that `transformers` has for the network.
  public var architecture: String { "\(encoder.settings.className)ForTokenClassification" }

  /// Computes scores [batch, t, labels].
  public func forward(_ inputs: NamedTensors) -> NamedTensors {
    [NamedTensors.output: output(dropout(encoder.states(named: inputs).last))]
  }

  /// Names the encoder and the head.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module(encoder.settings.base, encoder)
    visitor.module("classifier", output) { self.output = $0 }
    visitor.module("dropout", dropout)
  }
}

/// An encoder with a head that finds the answer to a question in a text: a score for each token as its first, and as its last.
///
/// The output is float32 [batch, t, 2]; the two scores also stand alone, as [batch, t] under the names `start` and `end`.
public final class QuestionAnswerer: NamedModule, PretrainedModel {
  /// The network below the head.
  public let encoder: TextEncoder
  private var output: any Module
  private let dropout: Dropout

  /// The names of the outputs.
  public enum Name {
    /// Scores of each token as the first of the answer.
    public static let start = "start"
    /// Scores of each token as the last of the answer.
    public static let end = "end"
  }

  /// A network as a configuration has it.
  public init(_ configuration: ConfigurationValues, from source: LayerSource) throws {
    let settings = try EncoderConfiguration(configuration)
    encoder = try TextEncoder(settings, path: "\(settings.base).", pooled: false, from: source)
    output = try source.linear("qa_outputs", settings.width, 2)
    dropout = Dropout(settings.answerDropout, generator: source.generator)
  }

  /// The class that `transformers` has for the network.
  public var architecture: String { "\(encoder.settings.className)ForQuestionAnswering" }

  /// Computes scores [batch, t, 2].
  public func forward(_ inputs: NamedTensors) -> NamedTensors {
    let scores = output(dropout(encoder.states(named: inputs).last))
    return [
      NamedTensors.output: scores, Name.start: scores.sliced(axis: 2, from: 0, to: 1).squeezed(2),
      Name.end: scores.sliced(axis: 2, from: 1, to: 2).squeezed(2),
    ]
  }

  /// Names the encoder and the head.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module(encoder.settings.base, encoder)
    visitor.module("qa_outputs", output) { self.output = $0 }
    visitor.module("dropout", dropout)
  }
}

/// BERT with a head that says whether a text follows on another: scores float32 [batch, 2] of "it does" and "it does not".
public final class NextSentencePredictor: NamedModule, PretrainedModel {
  /// The network below the head.
  public let encoder: TextEncoder
  private var output: any Module

  /// A network as a configuration of BERT has it.
  public init(_ configuration: ConfigurationValues, from source: LayerSource) throws {
    let settings = try EncoderConfiguration(configuration)
    guard settings.family == .bert else {
      throw configuration.failure("model_type", "has no head for next sentences; only 'bert' has one")
    }
    encoder = try TextEncoder(settings, path: "\(settings.base).", pooled: true, from: source)
    output = try source.linear("cls.seq_relationship", settings.width, 2)
  }

  /// The class that `transformers` has for the network.
  public var architecture: String { "\(encoder.settings.className)ForNextSentencePrediction" }

  /// Computes scores [batch, 2].
  public func forward(_ inputs: NamedTensors) -> NamedTensors {
    let states = encoder.states(named: inputs)
    return [NamedTensors.output: output(states.pooled ?? states.last)]
  }

  /// Names the encoder and the head.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module(encoder.settings.base, encoder)
    visitor.module("cls.seq_relationship", output) { self.output = $0 }
  }
}

extension PretrainedModel where Self: EncoderHead {
  /// What stands in the network's `config.json`.
  public var configuration: ConfigurationValues { encoder.configuration }

  /// What files call the weights.
  public static func storedNames(_ configuration: ConfigurationValues) throws -> StoredNames {
    try TextEncoder.storedNames(configuration)
  }
}

/// A network that stands on an encoder.
public protocol EncoderHead {
  /// The network below the head.
  var encoder: TextEncoder { get }
}

extension SequenceClassifier: EncoderHead {}
extension TokenClassifier: EncoderHead {}
extension QuestionAnswerer: EncoderHead {}
extension NextSentencePredictor: EncoderHead {}
extension MaskedLanguageModel: EncoderHead {}
