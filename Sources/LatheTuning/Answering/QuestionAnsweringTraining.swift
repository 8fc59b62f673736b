import Lathe
import LatheAdapters
import LatheCore
import LatheData
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining

/// Fine-tunes a pre-trained encoder to find the answers to questions in texts, which may be longer than the network takes, and may
/// have no answer.
///
/// ```swift
/// let split = try AskedSplit(AskedTexts(path: "questions.json"))
/// let training = try QuestionAnsweringTraining(
///   QuestionAnsweringPlan(base: "minilm"), base: "models/minilm", split, folder: "runs/answers")
/// try training.writeDescription()
/// _ = try training.trainer.run()
/// print(try training.finish().text)
/// ```
public final class QuestionAnsweringTraining {
  /// What is asked for.
  public let plan: QuestionAnsweringPlan
  /// The parts of the questions.
  public let split: AskedSplit
  /// The run.
  public let trainer: Trainer
  /// The adapters on the network; nil without.
  public let adapters: ModelAdapters?
  /// How many windows there are to learn from.
  public let windowCount: Int
  private let network: AnsweringNetwork
  private let tokenizer: Tokenizer
  private let folder: String
  private let device: Device

  /// What a stored run says it is.
  static let architecture = "question-answering"
  /// The paths of the head.
  static let heads = ["qa_outputs"]

  /// A run at its start.
  ///
  /// - Parameters:
  ///   - plan: What is asked for.
  ///   - base: The folder of the pre-trained model.
  ///   - split: The questions.
  ///   - folder: Where the run is kept.
  ///   - device: Where it takes place.
  /// - Throws: `LatheError` where the base is no encoder, settings cannot be, or a question leaves no room for its text.
  public init(
    _ plan: QuestionAnsweringPlan, base: String, _ split: AskedSplit, folder: String,
    device: Device = .default
  ) throws {
    if let problem = plan.problem { throw LatheError(.invalidArgument, problem) }
    (self.split, self.folder, self.device) = (split, folder, device)
    let generator = Generator(seed: plan.seed)
    let below = try QuestionAnswerer.pretrained(
      base, newLayers: Self.heads.map { PathPattern($0) }, generator: generator, device: device)
    let tokenizer = try Tokenizer(model: base)
    var plan = plan
    plan.length = min(plan.length, below.encoder.longestText)
    plan.stride = min(plan.stride, plan.length / 3)
    plan.allowsNone = split.training.unanswerable > 0
    (self.plan, self.tokenizer) = (plan, tokenizer)
    func windows(_ questions: AskedTexts) throws -> QuestionWindows {
      try QuestionWindows(
        questions.list, tokenizer: tokenizer, length: plan.length, stride: plan.stride,
        padding: below.encoder.paddingToken)
    }
    let training = try windows(split.training)
    windowCount = training.count
    var (configuration, steps) = plan.configuration(
      Self.architecture, source: split.training.source, training: training.data)
    configuration.details["windows"] = "\(plan.length), \(plan.stride)"
    configuration.best = Monitor(.loss)
    network = AnsweringNetwork(below)
    adapters = try plan.tuning.apply(to: network, heads: Self.heads, steps: steps, generator: generator)
    network.train()
    let (objective, callbacks) = try plan.tuning.objective(
      ClassificationObjective(labelSmoothing: plan.labelSmoothing), adapters)
    trainer = try Trainer(
      model: network, optimizer: plan.optimizer(network), generator: generator, training: training.data,
      test: windows(split.validation).data, objective: objective, callbacks: callbacks,
      configuration: configuration, folder: folder, device: device)
  }

  /// Writes what loading the model takes besides its weights.
  ///
  /// - Throws: `LatheError` where a file cannot be written.
  public func writeDescription() throws {
    try plan.write(to: folder)
    try network.network.configuration.write(to: "\(folder)/\(QuestionAnsweringPlan.networkName)")
    try tokenizer.write(to: "\(folder)/tokenizer.json")
  }

  /// Trained parameters, all, and the share, as PEFT prints them.
  public var summary: String { (adapters ?? ModelAdapters(of: network)).summary }

  /// Takes the weights of the best epoch, writes the adapter in PEFT's files where there is one, and looks at the test part.
  ///
  /// - Returns: What the test says.
  /// - Throws: `LatheError` where files cannot be read or written.
  public func finish() throws -> QuestionAnsweringReport {
    let best = "\(folder)/\(ModelFolder.bestName)"
    if FileErrors.exists(best) { try network.load(from: best) }
    network.eval()
    try adapters?.save(to: "\(folder)/adapter", base: plan.base, task: "QUESTION_ANS")
    let report = try TextAnswerer(
      network: network, tokenizer: tokenizer, plan: plan, adapters: adapters, device: device
    ).test(split.test)
    try report.write(to: folder)
    return report
  }
}
