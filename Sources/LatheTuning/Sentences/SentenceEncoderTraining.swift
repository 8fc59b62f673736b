import Lathe
import LatheAdapters
import LatheCore
import LatheData
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining

/// Teaches a sentence encoder which texts belong together: pairs, perhaps with a text that does not belong to the first
/// (ranking); pairs with scores; labelled texts, few of which make a classifier (SetFit, Tunstall et al., 2022); or texts alone
/// (SimCSE, Gao et al., 2021).
///
/// ```swift
/// let split = try SentenceSplit(SentenceExamples(path: "questions.csv"))
/// let training = try SentenceEncoderTraining(
///   SentenceEncoderPlan(base: "minilm"), base: "models/minilm", split, folder: "runs/questions")
/// try training.writeDescription()
/// _ = try training.trainer.run()
/// print(try training.finish().text)
/// ```
public final class SentenceEncoderTraining {
  /// What is asked for.
  public let plan: SentenceEncoderPlan
  /// The parts of the examples.
  public let split: SentenceSplit
  /// The run.
  public let trainer: Trainer
  /// How many examples there are to learn from: pairs that were made of labelled texts.
  public let exampleCount: Int
  private let adapters: ModelAdapters?
  private let encoder: SentenceEncoder
  private let module: SentenceModule
  /// How good the test finds the base.
  private let start: SentenceScores
  private let folder: String
  private let device: Device

  /// What a stored run says it is.
  static let architecture = "sentence-encoder"
  /// The folder of the model in a run's folder.
  public static let modelFolder = "model"

  /// A run at its start.
  ///
  /// - Parameters:
  ///   - plan: What is asked for.
  ///   - base: The folder of the pre-trained model.
  ///   - split: The examples.
  ///   - folder: Where the run is kept.
  ///   - device: Where it takes place.
  /// - Throws: `LatheError` where the base is no encoder, settings cannot be, or texts cannot be encoded.
  public init(
    _ plan: SentenceEncoderPlan, base: String, _ split: SentenceSplit, folder: String,
    device: Device = .default
  ) throws {
    if let problem = plan.problem { throw LatheError(.invalidArgument, problem) }
    var plan = plan
    plan.learningRate = plan.learningRate ?? (plan.tuning.method == .full ? 2e-5 : nil)
    (self.split, self.folder, self.device) = (split, folder, device)
    let generator = Generator(seed: plan.seed)
    let loaded = try SentenceEncoder(pretrained: base, generator: generator, device: device)
    plan.length = min(plan.length, loaded.longestText)
    let encoder = try loaded.shortened(to: plan.length)
    (self.plan, self.encoder) = (plan, encoder)
    func batches(_ examples: SentenceExamples) throws -> SentenceBatches {
      try SentenceBatches(examples, encoder, pairsPerText: plan.pairsPerText, seed: plan.seed)
    }
    let training = try batches(split.training)
    exampleCount = training.count
    start = try SentenceScores(of: encoder, on: split)
    module = SentenceModule(encoder, first: training.first)
    var (configuration, steps) = plan.configuration(
      Self.architecture, source: split.training.source, training: training.data)
    configuration.details["kind"] = split.training.kind.rawValue
    configuration.details["temperature"] = "\(plan.temperature)"
    if split.validation != nil { configuration.best = Monitor(.loss) }
    adapters = try plan.tuning.apply(to: encoder, heads: [], steps: steps, generator: generator)
    module.train()
    let objective: any Objective =
      switch split.training.kind {
      case .pairs, .texts: RankingObjective(temperature: plan.temperature)
      case .scored, .labelled: CosineObjective()
      }
    trainer = try Trainer(
      model: module, optimizer: plan.optimizer(encoder), generator: generator, training: training.data,
      test: split.validation.map { try batches($0).data }, objective: objective,
      configuration: configuration, folder: folder, device: device)
  }

  /// Writes what the run was asked for.
  ///
  /// - Throws: `LatheError` where a file cannot be written.
  public func writeDescription() throws { try plan.write(to: folder) }

  /// Trained parameters, all, and the share, as PEFT prints them.
  public var summary: String { (adapters ?? ModelAdapters(of: encoder)).summary }

  /// Takes the weights of the best epoch, writes the model as sentence-transformers reads it, and looks at the test part.
  ///
  /// - Returns: What the test says.
  /// - Throws: `LatheError` where files cannot be read or written.
  public func finish() throws -> SentenceEncoderReport {
    let best = "\(folder)/\(ModelFolder.bestName)"
    if FileErrors.exists(best) { try module.load(from: best) }
    module.eval()
    try adapters?.unload(merging: true)
    let path = "\(folder)/\(Self.modelFolder)"
    try encoder.savePretrained(to: path)
    let head = try SentenceHead(of: encoder, split.training)
    try head?.write(to: path)
    let report = SentenceEncoderReport(
      kind: split.training.kind, start: start, end: try SentenceScores(of: encoder, on: split),
      classification: try head.flatMap { head in
        try split.test.documents.map { documents in
          try TextClassifierReport(
            of: SentenceClassifier(encoder: encoder, head: head), on: documents,
            training: split.training.documents)
        }
      })
    try report.write(to: folder)
    return report
  }
}
