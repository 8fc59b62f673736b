import Lathe
import LatheCore
import LatheData
import LatheFiles
import LatheFormats
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining

/// Teaches a network a language from documents: one from nothing, or a pre-trained one that gets to know other texts.
///
/// ```swift
/// let split = try CorpusSplit(TextCorpus(path: "corpus"))
/// let pretraining = try Pretraining(
///   PretrainingPlan(.mlm), configuration: ConfigurationValues(path: "tiny-bert.json"), tokenizer: tokenizer, split,
///   folder: "runs/tiny")
/// _ = try pretraining.trainer.run()
/// print(try pretraining.finish().text)
/// ```
public final class Pretraining {
  /// What is asked for.
  public let plan: PretrainingPlan
  /// The parts of the corpus.
  public let split: CorpusSplit
  /// The run.
  public let trainer: Trainer
  /// Tokens to learn from.
  public let tokenCount: Int
  /// The weights that the base does not have and that begin at random.
  public let drawn: [String]
  private let network: any PretrainedModel & ParameterContainer
  private let model: any Module
  private let tokenizer: Tokenizer
  private let test: any TrainingData
  private let baselines: () -> (unigram: Double, bigram: Double?)
  private let objective = ClassificationObjective(ignoredIndex: Int(PackedText.nothing))
  private let folder: String
  private let device: Device

  /// A run at its start.
  ///
  /// - Parameters:
  ///   - plan: What is asked for.
  ///   - configuration: The network's `config.json`.
  ///   - base: The folder of the model that it starts from; nil for one from nothing.
  ///   - tokenizer: Makes tokens.
  ///   - split: The documents.
  ///   - folder: Where the run is kept.
  ///   - device: Where it takes place.
  /// - Throws: `LatheError` where the network cannot be trained so, does not know all tokens, or takes no texts of that length.
  public init(
    _ plan: PretrainingPlan, configuration: ConfigurationValues, base: String? = nil, tokenizer: Tokenizer,
    _ split: CorpusSplit, folder: String, device: Device = .default
  ) throws {
    if let problem = plan.problem { throw LatheError(.invalidArgument, problem) }
    (self.plan, self.split, self.tokenizer) = (plan, split, tokenizer)
    (self.folder, self.device) = (folder, device)
    let generator = Generator(seed: plan.seed)
    let source = try Self.source(plan, configuration, base, generator, device)
    let length = plan.length
    func check(_ vocabulary: Int, _ longest: Int?) throws {
      guard tokenizer.vocabularySize <= vocabulary else {
        throw LatheError(
          .invalidArgument,
          "\(configuration.source): a vocabulary of \(vocabulary) tokens, and the tokeniser has \(tokenizer.vocabularySize); set vocab_size to that, or take the tokeniser that belongs to it"
        )
      }
      guard length <= longest ?? .max else {
        throw LatheError(
          .invalidArgument,
          "\(configuration.source): texts of \(length) tokens, and the network takes at most \(longest ?? 0); give a smaller length"
        )
      }
    }
    let training: any TrainingData, validation: any TrainingData
    switch plan.objective {
    case .mlm:
      let network = try MaskedLanguageModel(configuration, from: source)
      try check(network.encoder.vocabularySize, network.encoder.longestText)
      let masking = try TokenMasking(tokenizer, share: plan.maskedShare, wholeWords: plan.wholeWords)
      func texts(_ documents: [String]) throws -> MaskedTexts {
        try MaskedTexts(
          documents, tokenizer: tokenizer, masking: masking, length: length,
          padding: network.encoder.paddingToken)
      }
      let parts = try [split.training, split.validation, split.test].map(texts)
      func data(_ texts: MaskedTexts) -> any TrainingData {
        TrainingSet(texts, noun: "texts", checksum: texts.checksum, lengths: texts.lengths)
      }
      (training, validation, test) = (data(parts[0]), data(parts[1]), data(parts[2]))
      tokenCount = parts[0].tokenCount
      let (counted, tested) = (parts[0], parts[2])
      baselines = {
        let counts = NgramBaselines([counted.all], vocabulary: network.encoder.vocabularySize)
        return (counts.unigramPerplexity(of: tested.all), nil)
      }
      (self.network, model) = (network, network)
    case .lm:
      let network = try Self.decoder(configuration, source)
      try check(network.vocabularySize, network.contextLength)
      let end = try Self.end(configuration, tokenizer)
      let parts = try [split.training, split.validation, split.test].map {
        try PackedTexts($0, tokenizer: tokenizer, end: end, length: length)
      }
      func data(_ texts: PackedTexts) -> any TrainingData {
        TrainingSet(texts, noun: "rows", checksum: texts.checksum)
      }
      (training, validation, test) = (data(parts[0]), data(parts[1]), data(parts[2]))
      tokenCount = parts[0].tokenCount
      let (counted, tested) = (parts[0], parts[2])
      baselines = {
        let counts = NgramBaselines(counted.documents, vocabulary: network.vocabularySize)
        let found = counts.perplexities(of: tested.documents)
        return (found.unigram, found.bigram)
      }
      (self.network, model) = (network, CausalModule(network))
    }
    try source.finish()
    drawn = base == nil ? [] : source.drawn
    var (settings, _) = plan.configuration(
      "pretraining-\(plan.objective.rawValue)", source: split.source, training: training,
      details: [
        "base": plan.base ?? "", "masking": "\(plan.maskedShare), whole words: \(plan.wholeWords)",
        "length": "\(plan.length)",
      ])
    settings.best = Monitor(.loss)
    model.train()
    let optimizer = Adam(
      ParameterGroup.decayed(network), learningRate: plan.learningRate ?? 5e-4,
      decoupledDecay: plan.weightDecay)
    trainer = try Trainer(
      model: model, optimizer: optimizer, generator: generator, training: training, test: validation,
      objective: objective, configuration: settings, folder: folder, device: device)
  }

  private static func source(
    _ plan: PretrainingPlan, _ configuration: ConfigurationValues, _ base: String?, _ generator: Generator,
    _ device: Device
  ) throws -> LayerSource {
    guard let base else { return LayerSource(generator: generator, device: device) }
    let names: StoredNames
    var heads: [PathPattern] = []
    switch plan.objective {
    case .mlm:
      names = try MaskedLanguageModel.storedNames(configuration)
      // Sentence encoders and others come without the head.
      heads = try MaskedLanguageModel.headPaths(configuration).flatMap {
        [PathPattern($0), PathPattern("\($0).*")]
      }
    case .lm: names = try decoderType(configuration).storedNames(configuration)
    }
    return LayerSource(
      try WeightReader(path: base), names: names, newLayers: heads, generator: generator, device: device)
  }

  private static func decoderType(
    _ configuration: ConfigurationValues
  ) throws -> any (PackingModel & PretrainedModel).Type {
    switch try configuration.text("model_type") ?? "" {
    case "gpt2": GPT2.self
    case "llama", "mistral", "qwen2": Llama.self
    case let type:
      throw LatheError(
        .unsupported,
        "\(configuration.source): networks of the type '\(type)' do not learn the next token here; there are gpt2, llama, mistral, qwen2"
      )
    }
  }

  private static func decoder(
    _ configuration: ConfigurationValues, _ source: LayerSource
  ) throws -> any PackingModel & PretrainedModel {
    try decoderType(configuration).init(configuration, from: source)
  }

  /// The token that ends a document.
  private static func end(_ configuration: ConfigurationValues, _ tokenizer: Tokenizer) throws -> Int32 {
    let names = ["<|endoftext|>", "</s>", "<|im_end|>", "[SEP]"]
    guard let end = names.compactMap({ tokenizer.id(of: $0) }).first else {
      throw LatheError(
        .unsupported,
        "the tokeniser has none of \(names.joined(separator: ", ")), one of which ends a document")
    }
    return end
  }

  /// How many numbers learn.
  public var parameterCount: Int { network.parameters.reduce(0) { $0 + $1.value.count } }

  /// Writes what the run is made of: `pretraining.json` and, with the documents of each part, `corpus.json`.
  ///
  /// - Throws: `LatheError` where a file cannot be written.
  public func writeDescription() throws {
    try JSONRecord.write(plan, to: "\(folder)/\(PretrainingPlan.fileName)")
    try JSONRecord.write(split.manifest(licence: plan.licence), to: "\(folder)/corpus.json")
  }

  /// Takes the weights of the best epoch, writes the model as `transformers` reads it, and looks at the test part.
  ///
  /// - Returns: What the test says.
  /// - Throws: `LatheError` where files cannot be read or written.
  public func finish() throws -> PretrainingReport {
    let best = "\(folder)/\(ModelFolder.bestName)"
    if FileErrors.exists(best) { try model.load(from: best) }
    model.eval()
    let loss = try objective.means(of: model, on: test, device: device).loss
    let counted = baselines()
    let report = PretrainingReport(
      plan: plan, manifest: split.manifest(licence: plan.licence), tokens: tokenCount,
      parameters: parameterCount,
      loss: loss, unigram: counted.unigram, bigram: counted.bigram)
    try AtomicFile.write([Array(report.text.utf8)], to: "\(folder)/test-report.txt")
    try network.savePretrained(to: "\(folder)/\(PretrainingPlan.modelFolder)", tokenizer: tokenizer)
    return report
  }
}
