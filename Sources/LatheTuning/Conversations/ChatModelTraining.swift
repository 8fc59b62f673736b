import Lathe
import LatheAdapters
import LatheCore
import LatheData
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining

/// Fine-tunes a language model on conversations, of which the answers alone are learned, or on pairs of answers of which one is
/// preferred.
///
/// ```swift
/// let split = try ConversationSplit(Conversations(path: "conversations.jsonl"))
/// let training = try ChatModelTraining(ChatModelPlan(base: "smollm2"), base: "models/smollm2", split, folder: "runs/chat")
/// try training.writeDescription()
/// _ = try training.trainer.run()
/// print(try training.finish().text)
/// ```
public final class ChatModelTraining {
  /// What is asked for.
  public let plan: ChatModelPlan
  /// The parts of the conversations.
  public let split: ConversationSplit
  /// The run.
  public let trainer: Trainer
  /// The adapters on the network; nil without.
  public let adapters: ModelAdapters?
  /// How many conversations of the training part are cut, and how many of them have no answer left.
  public let cutCount: Int, emptyCount: Int
  /// Tokens of answers to learn from; pairs where answers are compared.
  public let answerCount: Int
  private let generator: TextGenerator
  private let module: CausalModule
  private let objective: any Objective
  private let test: any TrainingData
  /// The test's mean loss before training.
  private let startLoss: Double
  private let templateText: String
  private let folder: String
  private let device: Device

  /// What a stored run says it is.
  static let architecture = "chat-model"
  /// The folder of the whole model in a run's folder, where all weights learned.
  static let modelFolder = "model", adapterFolder = "adapter"
  /// The chat template in a run's folder.
  static let templateName = "chat_template.jinja"

  /// A run at its start.
  ///
  /// - Parameters:
  ///   - plan: What is asked for.
  ///   - base: The folder of the pre-trained model, or its GGUF file.
  ///   - split: The conversations.
  ///   - template: The chat template, in Jinja2, in place of the model's.
  ///   - folder: Where the run is kept.
  ///   - device: Where it takes place.
  /// - Throws: `LatheError` where the base is no decoder or has no chat template, settings cannot be, or the template refuses a
  ///   conversation.
  public init(
    _ plan: ChatModelPlan, base: String, _ split: ConversationSplit, template: String? = nil, folder: String,
    device: Device = .default
  ) throws {
    if let problem = plan.problem { throw LatheError(.invalidArgument, problem) }
    var plan = plan
    let arePreferences = split.training.arePreferences
    plan.learningRate =
      plan.learningRate
      ?? ChatModelPlan.suitableLearningRate(plan.tuning.method, preferences: arePreferences)
    (self.split, self.folder, self.device) = (split, folder, device)
    let files = try PretrainedFiles(path: base)
    guard let templateText = try template ?? files.chatTemplate() else {
      throw LatheError(
        .unsupported,
        "\(base): no chat template, which says how a conversation becomes text; give one, see docs/language.md"
      )
    }
    let loaded = try TextGenerator(
      path: base, precision: plan.tuning.method == .full ? .float32 : .stored, device: device)
    guard !(loaded.model is T5) else {
      throw LatheError(
        .unsupported, "\(base): an encoder with a decoder; conversations are learned by decoders")
    }
    generator = TextGenerator(
      model: loaded.model, tokenizer: loaded.tokenizer, endTokens: loaded.endTokens,
      chatTemplate: try ChatTemplate(templateText), templateVariables: loaded.templateVariables)
    self.templateText = templateText
    let model = loaded.model
    plan.length = min(plan.length, model.contextLength ?? plan.length)
    self.plan = plan
    let encoder = try ConversationEncoder(
      loaded.tokenizer, ChatTemplate(templateText), loaded.templateVariables, length: plan.length)
    let padding = loaded.endTokens.min() ?? 0
    module = CausalModule(model)
    let training: any TrainingData, validation: any TrainingData
    if arePreferences {
      let network = module
      let parts = try [split.training, split.validation, split.test].map {
        var texts = try PreferenceTexts($0, encoder, padding: padding)
        try texts.refer(to: network, batchSize: plan.batchSize, device: device)
        return texts
      }
      (training, validation, test) = (parts[0].data, parts[1].data, parts[2].data)
      (cutCount, emptyCount, answerCount) = (parts[0].cutCount, parts[0].emptyCount, parts[0].count)
      objective = PreferenceObjective(beta: plan.beta, labelSmoothing: plan.labelSmoothing)
    } else {
      let parts = try [split.training, split.validation, split.test].map {
        try AnsweredTexts($0, encoder, padding: padding)
      }
      (training, validation, test) = (parts[0].data, parts[1].data, parts[2].data)
      (cutCount, emptyCount) = (parts[0].cutCount, parts[0].emptyCount)
      answerCount = parts[0].texts.reduce(0) { $0 + $1.answerCount }
      objective = ClassificationObjective(
        labelSmoothing: plan.labelSmoothing, ignoredIndex: Int(PackedText.nothing))
    }
    startLoss = try objective.means(of: module, on: test, device: device).loss
    var (configuration, steps) = plan.configuration(
      Self.architecture, source: split.training.source, training: training)
    configuration.best = Monitor(.loss)
    configuration.details["length"] = "\(plan.length)"
    configuration.details["beta"] = arePreferences ? "\(plan.beta)" : nil
    let generator = Generator(seed: plan.seed)
    adapters = try plan.tuning.apply(to: model, heads: [], steps: steps, generator: generator)
    module.train()
    trainer = try Trainer(
      model: module, optimizer: plan.optimizer(model), generator: generator, training: training,
      test: validation, objective: objective, configuration: configuration, folder: folder, device: device)
  }

  /// Writes what loading the model takes besides its weights.
  ///
  /// - Throws: `LatheError` where a file cannot be written.
  public func writeDescription() throws {
    try plan.write(to: folder)
    try AtomicFile.write([Array(templateText.utf8)], to: "\(folder)/\(Self.templateName)")
  }

  /// Trained parameters, all, and the share, as PEFT prints them.
  public var summary: String { (adapters ?? ModelAdapters(of: generator.model)).summary }

  /// Takes the weights of the best epoch, writes the adapter in PEFT's files, or the whole model, and looks at the test part.
  ///
  /// - Parameter samples: How many answers to the test part's prompts are written to `samples.jsonl`.
  /// - Returns: What the test says.
  /// - Throws: `LatheError` where files cannot be read or written.
  public func finish(samples: Int = 8) throws -> ChatModelReport {
    let best = "\(folder)/\(ModelFolder.bestName)"
    if FileErrors.exists(best) { try module.load(from: best) }
    module.eval()
    if let adapters {
      try adapters.save(to: "\(folder)/\(Self.adapterFolder)", base: plan.base, task: "CAUSAL_LM")
    } else {
      try TunedChatModel.write(generator, template: templateText, to: "\(folder)/\(Self.modelFolder)")
    }
    let means = try objective.means(of: module, on: test, device: device)
    let report = ChatModelReport(
      plan: plan, arePreferences: split.training.arePreferences, loss: means.loss, startLoss: startLoss,
      accuracy: means.accuracy ?? 0, samples: try answers(samples))
    try report.write(to: folder)
    return report
  }

  /// The likeliest answers to the first prompts of the test part.
  private func answers(_ count: Int) throws -> [ChatModelReport.Sample] {
    var options = GenerationOptions()
    return try split.test.list.prefix(count).compactMap { conversation in
      let prompt = try generator.chatTemplate?.render(
        conversation.prompt.map(\.spoken), variables: generator.templateVariables)
      let tokens = try generator.encode(prompt ?? "", addsSpecialTokens: false)
      let room = (generator.model.contextLength ?? .max) - tokens.count
      guard room > 0 else { return nil }
      options.maximumNewTokens = min(64, room)
      let text = try generator.generate(tokens, count: 1, options: options)[0].text
      return ChatModelReport.Sample(
        prompt: conversation.prompt.last?.content ?? "", answer: text, reference: conversation.answer)
    }
  }
}
