import Lathe
import LatheLanguage
import LatheNN

/// An encoder with a head for tags, which looks at the first piece of each word, and where asked for a chain of tags.
///
/// Paths of the weights are those of the network below, with `crf` beside them.
public final class TaggingNetwork: NamedModule {
  /// The network below.
  public let network: TokenClassifier
  /// The scores of tags that follow each other; nil without a chain.
  public let chain: LinearChainCRF?

  /// The names of inputs besides the tokens.
  public enum Name {
    /// The place of each word's first piece, int32 [n, words].
    public static let words = "words"
    /// How many words each sentence has, int32 [n].
    public static let wordCounts = "wordCounts"
  }

  /// A network with or without a chain.
  public init(_ network: TokenClassifier, chain: LinearChainCRF?) {
    (self.network, self.chain) = (network, chain)
  }

  /// The tags.
  public var tags: [String] { network.labels }

  /// Computes scores [n, words, tags].
  public func forward(_ inputs: NamedTensors) -> NamedTensors {
    let scores = network(inputs)[NamedTensors.output]
    guard let words = inputs.find(Name.words) else { return [NamedTensors.output: scores] }
    let places = words.unsqueezed(2).expanded(to: [words.shape[0], words.shape[1], scores.shape[2]])
    return [NamedTensors.output: scores.gather(axis: 1, indices: places)]
  }

  /// Names the layers of the network below, and the chain.
  public func visit(_ visitor: inout ModuleVisitor) {
    network.visit(&visitor)
    visitor.module("crf", chain)
  }
}

/// The loss of tags: the cross-entropy of each, or the probability of all of a sentence by the chain, a word's share of it.
struct TaggingObjective: OutputObjective, @unchecked Sendable {
  private let plain: ClassificationObjective
  private let chain: LinearChainCRF?

  init(labelSmoothing: Float, chain: LinearChainCRF?) {
    plain = ClassificationObjective(
      labelSmoothing: labelSmoothing, ignoredIndex: Int(PaddedWindow.ignored))
    self.chain = chain
  }

  var outputKind: OutputKind { .classes }
  func countedTargets(_ batch: Batch) -> Tensor? { plain.countedTargets(batch) }
  func output(of model: any Module, _ batch: Batch) -> Tensor { plain.output(of: model, batch) }

  func result(_ output: Tensor, _ batch: Batch) -> ObjectiveResult {
    guard let chain else { return plain.result(output, batch) }
    let loss = chain.loss(output, tags: batch.labels, lengths: batch.named[TaggingNetwork.Name.wordCounts])
    // The largest score of a word is not the chain's answer, so that it is not counted.
    return ObjectiveResult(loss: loss.sum() / Float(batch.count))
  }
}
