import Lathe
import LatheAdapters
import LatheFiles
import LatheLanguage
import LatheNN

/// What fine-tuning a network that tags words is asked for; stored in the run's folder as `tagging.json`.
public struct TokenClassifierPlan: TuningPlan, Hashable {
  /// The name or the path of the pre-trained model.
  public var base: String
  /// Which parameters learn, and how.
  public var tuning = TuningSettings()
  /// Whether a chain of tags is learned with the network, and sentences are tagged as wholes.
  public var usesChain = false
  /// The scheme of the tags that are learned and given; `bio` or `bioes`.
  public var scheme = TagScheme.bio
  /// Passes over the training part.
  public var epochs = 3
  /// Sentences a step.
  public var batchSize = 16
  /// The largest step size; as suits the method where nil.
  public var learningRate: Float?
  /// The largest step size of the chain, which begins with nothing learned.
  public var chainLearningRate: Float = 1e-2
  /// How strongly weights, but not biases and norms, are drawn to 0.
  public var weightDecay: Float = 0.01
  /// The part of the steps in which the step size rises; behind it, it falls to 0.
  public var warmup = 0.1
  /// The most tokens of a window; a longer sentence is divided.
  public var length = 128
  /// How much of the target's weight is spread over all tags; without a chain.
  public var labelSmoothing: Float = 0
  /// The part of the documents that chooses the epoch, where it has no file of its own.
  public var validationShare = 0.1
  /// The part of the documents for the test, where it has no file of its own.
  public var testShare = 0.2
  /// What random choices depend on.
  public var seed: UInt64 = 42

  /// A plan in which everything else is as usual.
  ///
  /// - Parameter base: The name or the path of the pre-trained model.
  public init(base: String) { self.base = base }

  package static let fileName = "tagging.json"
  package static let noun = "a token classifier"

  /// What cannot be; nil where nothing is wrong.
  package var problem: String? {
    if let commonProblem { return commonProblem }
    if !(labelSmoothing >= 0 && labelSmoothing < 1) {
      return "label smoothing is \(labelSmoothing), not from 0 to below 1"
    }
    if usesChain, labelSmoothing > 0 { return "label smoothing is for tags one by one, not for a chain" }
    if scheme == .iob1 { return "the scheme iob1 is only read; learn bio or bioes" }
    if !(chainLearningRate > 0 && chainLearningRate.isFinite) {
      return "the chain's learning rate is \(chainLearningRate), not a positive number"
    }
    return nil
  }

  /// Whether a folder is that of such a run.
  public static func isStored(in folder: String) -> Bool { FileErrors.exists("\(folder)/\(fileName)") }

  /// The network with its chain and adapters; what does not learn is frozen.
  func prepared(
    _ below: TokenClassifier, steps: Int, generator: Generator, device: Device
  ) throws -> (network: TaggingNetwork, adapters: ModelAdapters?) {
    let chain =
      usesChain ? LinearChainCRF(tags: below.labels.count, generator: generator, device: device) : nil
    let network = TaggingNetwork(below, chain: chain)
    let adapters = try tuning.apply(to: network, heads: ["classifier"], steps: steps, generator: generator)
    network.freeze("crf", false)
    return (network, adapters)
  }
}
