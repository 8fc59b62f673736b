import Lathe
import LatheFormats
import LatheNN

/// An encoder with a head that gives each text a score for each class, or one number where there is one label.
///
/// The output is float32 [batch, labels], before a softmax.
public final class SequenceClassifier: NamedModule, PretrainedModel {
  /// The network below the head.
  public let encoder: TextEncoder
  /// A layer before the last one, where the family has it.
  private var hidden: (any Module)?
  private var output: any Module
  private let dropout: Dropout

  /// A network as a configuration has it; the labels are its `id2label`.
  public init(_ configuration: ConfigurationValues, from source: LayerSource) throws {
    let settings = try EncoderConfiguration(configuration)
    encoder = try TextEncoder(
      settings, path: "\(settings.base).", pooled: settings.family == .bert, from: source)
    let width = settings.width
    hidden = try Self.hiddenPath(settings.family).map { try source.linear($0, width, width) }
    output = try source.linear(Self.outputPath(settings.family), width, settings.labels.count)
    dropout = Dropout(settings.classifierDropout, generator: source.generator)
  }

  private static func hiddenPath(_ family: EncoderConfiguration.Family) -> String? {
    switch family {
    case .bert: nil
    case .roberta: "classifier.dense"
    case .distilbert: "pre_classifier"
    }
  }

  private static func outputPath(_ family: EncoderConfiguration.Family) -> String {
    family == .roberta ? "classifier.out_proj" : "classifier"
  }

  /// The names of the classes; of a regression one.
  public var labels: [String] { encoder.settings.labels }
  /// Whether the network predicts a number and no class.
  public var isRegression: Bool { labels.count == 1 }
  /// The paths of the layers that a new task trains from the start.
  public var headPaths: [String] { Self.headPaths(encoder.settings.family) }

  private static func headPaths(_ family: EncoderConfiguration.Family) -> [String] {
    family == .distilbert ? ["pre_classifier", "classifier"] : ["classifier"]
  }

  /// The paths of the layers that a new task trains from the start on the weights in a folder.
  ///
  /// They are those of the head, and of a BERT whose file has no pooler, as one that told hidden words, this.
  ///
  /// - Throws: `LatheError` where the folder's configuration is no encoder's or its weights cannot be opened.
  public static func newPaths(in folder: String) throws -> [String] {
    let values = try ConfigurationValues(path: "\(folder)/config.json")
    let settings = try EncoderConfiguration(values)
    let source = LayerSource(try WeightReader(path: folder), names: try storedNames(values))
    let pooler = "\(settings.base).pooler.dense"
    let lacksPooler = settings.family == .bert && !source.has("\(pooler).weight")
    return headPaths(settings.family) + (lacksPooler ? [pooler] : [])
  }

  /// The class that `transformers` has for the network.
  public var architecture: String { "\(encoder.settings.className)ForSequenceClassification" }

  /// Computes scores [batch, labels].
  public func forward(_ inputs: NamedTensors) -> NamedTensors {
    let states = encoder.states(named: inputs)
    let first = states.pooled ?? states.last.sliced(axis: 1, from: 0, to: 1).squeezed(1)
    guard let hidden else { return [NamedTensors.output: output(dropout(first))] }
    let between =
      encoder.settings.family == .roberta ? hidden(dropout(first)).tanh() : hidden(first).relu()
    return [NamedTensors.output: output(dropout(between))]
  }

  /// Names the encoder and the head.
  public func visit(_ visitor: inout ModuleVisitor) {
    let family = encoder.settings.family
    visitor.module(encoder.settings.base, encoder)
    visitor.module(Self.hiddenPath(family) ?? "", hidden) { self.hidden = $0 }
    visitor.module(Self.outputPath(family), output) { self.output = $0 }
    visitor.module("dropout", dropout)
  }
}
