import Lathe
import LatheAdapters
import LatheData
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining

/// Fine-tunes a pre-trained encoder to tell classes of texts: the documents are split, the training part is learned from, the
/// validation part chooses the epoch, and the test part is looked at once.
///
/// ```swift
/// var plan = TextClassifierPlan(base: "minilm")
/// plan.tuning = TuningSettings(.lora)
/// let split = try DocumentSplit(LabelledDocuments(path: "reviews.tsv"))
/// let training = try TextClassifierTraining(plan, base: "models/minilm", split, folder: "runs/reviews")
/// _ = try training.trainer.run()
/// print(try training.finish().text)
/// ```
public final class TextClassifierTraining {
  /// What is asked for.
  public let plan: TextClassifierPlan
  /// The parts of the documents.
  public let split: DocumentSplit
  /// The run.
  public let trainer: Trainer
  /// The adapters on the network; nil without.
  public let adapters: ModelAdapters?
  /// How many texts of the training part are longer than the network takes, and are cut.
  public var cutCount: Int { training.cutCount }
  private let model: SequenceClassifier
  /// The layers that began at random.
  private let heads: [String]
  private let tokenizer: Tokenizer
  private let training: DocumentBatches
  private let length: Int
  private let folder: String
  private let device: Device

  /// What a stored run says it is.
  static let architecture = "text-classifier"

  /// A run at its start; what it takes to load the model again is written to its folder at once.
  ///
  /// - Parameters:
  ///   - plan: What is asked for.
  ///   - base: The folder of the pre-trained model.
  ///   - split: The documents.
  ///   - folder: Where the run is kept.
  ///   - device: Where it takes place.
  /// - Throws: `LatheError` where the base is no encoder, settings cannot be, or texts cannot be encoded.
  public init(
    _ plan: TextClassifierPlan, base: String, _ split: DocumentSplit, folder: String,
    device: Device = .default
  ) throws {
    if let problem = plan.problem { throw LatheError(.invalidArgument, problem) }
    let heads = try SequenceClassifier.newPaths(in: base)
    self.plan = plan
    self.heads = heads
    self.split = split
    self.folder = folder
    self.device = device
    let generator = Generator(seed: plan.seed)
    let model = try SequenceClassifier.pretrained(
      base, labels: split.classes, newLayers: heads.map { PathPattern($0) }, generator: generator,
      device: device)
    let tokenizer = try Tokenizer(model: base)
    let length = min(plan.length, model.encoder.longestText)
    func batches(_ documents: LabelledDocuments) throws -> DocumentBatches {
      try DocumentBatches(
        documents, classes: split.classes, tokenizer: tokenizer, length: length,
        padding: model.encoder.paddingToken)
    }
    let training = try batches(split.training)
    let validation = try batches(split.validation)
    (self.model, self.tokenizer, self.length, self.training) = (model, tokenizer, length, training)
    var (configuration, steps) = plan.configuration(
      Self.architecture, source: split.training.source, training: training)
    configuration.best = Monitor(.accuracy)
    adapters = try plan.tuning.apply(to: model, heads: heads, steps: steps, generator: generator)
    model.train()
    let (objective, callbacks) = try plan.tuning.objective(
      ClassificationObjective(labelSmoothing: plan.labelSmoothing), adapters)
    trainer = try Trainer(
      model: model, optimizer: plan.optimizer(model), generator: generator, training: training,
      test: validation,
      objective: objective, metrics: [.f1(.macro)], callbacks: callbacks, configuration: configuration,
      folder: folder, device: device)
  }

  /// Writes what loading the model takes besides its weights.
  ///
  /// - Throws: `LatheError` where a file cannot be written.
  public func writeDescription() throws {
    var stored = plan
    (stored.length, stored.heads) = (length, heads)
    try stored.write(to: folder)
    try model.configuration.write(to: "\(folder)/\(TextClassifierPlan.networkName)")
    try tokenizer.write(to: "\(folder)/tokenizer.json")
  }

  /// Trained parameters, all, and the share, as PEFT prints them.
  public var summary: String { (adapters ?? ModelAdapters(of: model)).summary }

  /// Takes the weights of the best epoch, writes the adapter in PEFT's files where there is one, and looks at the test part.
  ///
  /// - Returns: What the test says.
  /// - Throws: `LatheError` where files cannot be read or written.
  public func finish() throws -> TextClassifierReport {
    let best = "\(folder)/\(ModelFolder.bestName)"
    if FileErrors.exists(best) { try model.load(from: best) }
    model.eval()
    try adapters?.save(to: "\(folder)/adapter", base: plan.base, task: "SEQ_CLS")
    let classifier = TextClassifier(
      model: model, tokenizer: tokenizer, length: length, adapters: adapters, device: device)
    let report = try TextClassifierReport(of: classifier, on: split.test, training: split.training)
    try report.write(to: folder)
    return report
  }
}
