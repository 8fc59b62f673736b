import Lathe
import LatheAdapters
import LatheData
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining

/// Fine-tunes a pre-trained encoder to tag words: names, or whatever else has a beginning and an end.
///
/// The first piece of each word has its tag; the others count for nothing. The validation part chooses the epoch by the F1 of
/// entities, and the test part is looked at once.
///
/// ```swift
/// var plan = TokenClassifierPlan(base: "minilm")
/// plan.usesChain = true
/// let split = try TaggedSplit(TaggedSentences(path: "ner.conll"))
/// let training = try TokenClassifierTraining(plan, base: "models/minilm", split, folder: "runs/ner")
/// _ = try training.trainer.run()
/// print(try training.finish().text)
/// ```
public final class TokenClassifierTraining {
  /// What is asked for.
  public let plan: TokenClassifierPlan
  /// The parts of the sentences, in the tags of the plan's scheme.
  public let split: TaggedSplit
  /// The run.
  public let trainer: Trainer
  /// The adapters on the network; nil without.
  public let adapters: ModelAdapters?
  /// How many sentences of the training part are longer than the network takes, and are learned from in parts.
  public let dividedCount: Int
  /// How many words of the training part have more pieces than the network takes, and are cut.
  public let cutCount: Int
  private let network: TaggingNetwork
  private let tokenizer: Tokenizer
  private let length: Int
  private let folder: String
  private let device: Device

  /// What a stored run says it is.
  static let architecture = "token-classifier"

  /// A run at its start.
  ///
  /// - Parameters:
  ///   - plan: What is asked for.
  ///   - base: The folder of the pre-trained model.
  ///   - split: The sentences, in tags of any scheme.
  ///   - folder: Where the run is kept.
  ///   - device: Where it takes place.
  /// - Throws: `LatheError` where the base is no encoder, settings cannot be, or the tokeniser leaves nothing of a word.
  public init(
    _ plan: TokenClassifierPlan, base: String, _ split: TaggedSplit, folder: String,
    device: Device = .default
  ) throws {
    if let problem = plan.problem { throw LatheError(.invalidArgument, problem) }
    let split = split.converted(to: plan.scheme)
    (self.plan, self.split, self.folder, self.device) = (plan, split, folder, device)
    let generator = Generator(seed: plan.seed)
    let tags = plan.scheme.tags(of: split.types)
    let below = try TokenClassifier.pretrained(
      base, labels: tags, newLayers: ["classifier"], generator: generator, device: device)
    let tokenizer = try Tokenizer(model: base)
    let length = min(plan.length, below.encoder.longestText)
    (self.tokenizer, self.length) = (tokenizer, length)
    let numbers = Dictionary(uniqueKeysWithValues: tags.enumerated().map { ($1, Int32($0)) })
    func windows(_ sentences: TaggedSentences) throws -> TaggedWindows {
      try TaggedWindows(
        sentences.words, labels: sentences.tags.map { $0.map { numbers[$0] ?? 0 } },
        goesOn: { tags[Int($0)].hasPrefix("I-") || tags[Int($0)].hasPrefix("E-") }, tokenizer: tokenizer,
        length: length, source: sentences.source)
    }
    let learned = try windows(split.training)
    (dividedCount, cutCount) = (learned.dividedCount, learned.cutCount)
    let padding = below.encoder.paddingToken
    let training = TaggedBatches(learned.windows, tags: tags, padding: padding)
    let validation = TaggedBatches(try windows(split.validation).windows, tags: tags, padding: padding)
    var (configuration, steps) = plan.configuration(
      Self.architecture, source: split.training.source, training: training)
    let (network, adapters) = try plan.prepared(below, steps: steps, generator: generator, device: device)
    (self.network, self.adapters) = (network, adapters)
    network.train()
    let metric = Self.entityScore(tags, plan.scheme, network)
    configuration.best = Monitor(.metric(metric))
    configuration.details["chain"] = "\(plan.usesChain)"
    configuration.details["scheme"] = plan.scheme.rawValue
    let (objective, callbacks) = try plan.tuning.objective(
      TaggingObjective(labelSmoothing: plan.labelSmoothing, chain: network.chain), adapters)
    let own = network.chain.map { [$0.starts, $0.ends, $0.transitions] } ?? []
    trainer = try Trainer(
      model: network, optimizer: plan.optimizer(network, own: own, ownRate: plan.chainLearningRate),
      generator: generator, training: training, test: validation, objective: objective, metrics: [metric],
      callbacks: callbacks, configuration: configuration, folder: folder, device: device)
  }

  /// The F1 of entities, of the best tags that the scheme allows.
  private static func entityScore(
    _ tags: [String], _ scheme: TagScheme, _ network: TaggingNetwork
  ) -> TestMetric {
    nonisolated(unsafe) let network = network
    return TestMetric("f1-entity", of: .classes, largerIsBetter: true, start: EntityReport()) {
      report, batch in
      let scores = try batch.output.scalars(as: Float.self), labels = try batch.labels()
      let decoder =
        try network.chain.map { try TagDecoder(tags: tags, scheme: scheme, chain: $0) }
        ?? TagDecoder(tags: tags, scheme: scheme)
      let places = batch.places ?? Array(labels.indices)
      var start = 0
      while start < places.count {
        let row = places[start] / batch.rowLength
        var end = start
        while end < places.count, places[end] / batch.rowLength == row { end += 1 }
        let given = decoder.best(Array(scores[start * tags.count..<end * tags.count]))
        report.add(given: given.map { tags[$0] }, right: labels[start..<end].map { tags[$0] })
        start = end
      }
    } value: {
      $0.score(.micro).f1
    }
  }

  /// Writes what loading the model takes besides its weights.
  ///
  /// - Throws: `LatheError` where a file cannot be written.
  public func writeDescription() throws {
    var stored = plan
    stored.length = length
    try stored.write(to: folder)
    try network.network.configuration.write(to: "\(folder)/\(TokenClassifierPlan.networkName)")
    try tokenizer.write(to: "\(folder)/tokenizer.json")
  }

  /// Trained parameters, all, and the share, as PEFT prints them.
  public var summary: String { (adapters ?? ModelAdapters(of: network)).summary }

  /// Takes the weights of the best epoch, writes the adapter in PEFT's files where there is one, and looks at the test part.
  ///
  /// - Returns: What the test says.
  /// - Throws: `LatheError` where files cannot be read or written.
  public func finish() throws -> TokenClassifierReport {
    let best = "\(folder)/\(ModelFolder.bestName)"
    if FileErrors.exists(best) { try network.load(from: best) }
    network.eval()
    try adapters?.save(to: "\(folder)/adapter", base: plan.base, task: "TOKEN_CLS")
    let tagger = TokenTagger(
      network: network, tokenizer: tokenizer, length: length, scheme: plan.scheme, adapters: adapters,
      device: device)
    let report = try TokenClassifierReport(of: tagger, on: split.test)
    try report.write(to: folder)
    return report
  }
}
