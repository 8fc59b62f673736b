import LatheCore
import LatheML

/// A recipe with its data and settings, ready to be trained.
struct TrainingJob {
  let recipe: ModelRecipe
  let data: TrainingInput
  private let options: TrainingOptions
  private let device: Device
  private let settings: TrainingSettings
  private let optimizer: OptimizerName
  private let schedule: ScheduleName

  /// Reads the data and settles every setting.
  init(_ recipe: ModelRecipe, _ options: TrainingOptions, device: Device) throws {
    self.recipe = recipe
    self.options = options
    self.device = device
    try options.checkMetrics(recipe)
    data = try TrainingInput(recipe, options)
    try options.checkMetrics(recipe, classes: data.description.input.classes)
    optimizer = options.optimizer.flatMap(OptimizerName.init) ?? .adam
    schedule = options.schedule.flatMap(ScheduleName.init) ?? .constant
    settings = TrainingSettings(
      architecture: recipe.name, data: data.description.name, optimizer: optimizer.rawValue,
      learningRate: options.learningRate ?? optimizer.learningRate(recipe.learningRate),
      batchSize: options.batchSize ?? recipe.batchSize, seed: options.seed ?? 0,
      details: TrainingJob.details(options))
  }

  /// What a resumed run must share besides the settings proper; a run with nothing of it has no details, as runs
  /// before there were any.
  private static func details(_ options: TrainingOptions) -> [String: String]? {
    let pairs: [(String, String?)] = [
      ("schedule", options.schedule), ("warm-up steps", options.warmupSteps.map(String.init)),
      ("weight decay", options.weightDecay.map { "\($0)" }),
      ("label smoothing", options.labelSmoothing.map { "\($0)" }),
      ("clipping norm", options.clipNorm.map { "\($0)" }), ("average", options.average.map { "\($0)" }),
      ("batches a step", options.accumulate.map(String.init)),
      ("smaller last batches", options.dropLast == true ? "left out" : nil),
      ("length", options.length.map(String.init)),
      ("input", options.input), ("label", options.label), ("features", options.features),
      ("labels", options.labelsFile), ("missing", options.missing.map { "\($0)" }),
      ("missing texts", options.missingTexts),
      ("image size", options.imageSize.map(String.init)), ("channels", options.channels.map(String.init)),
      ("test share", options.testShare.map { "\($0)" }), ("augmentation", options.augment),
      ("weights", options.weights), ("frozen", options.freeze),
      ("precision", options.precision.flatMap { $0 == Precision.float32.rawValue ? nil : $0 }),
    ]
    // Only a schedule that ends with the run depends on its length.
    let lengths: [(String, String?)] = [
      ("epochs", options.steps == nil ? "\(options.epochs ?? 5)" : options.epochs.map(String.init)),
      ("steps", options.steps.map(String.init)),
    ]
    let hasEnd = options.schedule.map { ["linear", "cosine", "one-cycle"].contains($0) } ?? false
    let given = (pairs + (hasEnd ? lengths : [])).compactMap { name, value in value.map { (name, $0) } }
    return given.isEmpty ? nil : Dictionary(uniqueKeysWithValues: given)
  }

  /// The epochs asked for, or as many as the steps asked for take.
  private var epochs: Int {
    if let epochs = options.epochs { return epochs }
    guard let steps = options.steps else { return 5 }
    let inEpoch = Trainer.stepsPerEpoch(
      examples: data.training.count, batch: settings.batchSize, accumulation: options.accumulate ?? 1,
      dropsLast: options.dropLast ?? false)
    return (steps - 1) / max(inEpoch, 1) + 1
  }

  /// The run at its start.
  func trainer(folder: String?) throws -> Trainer {
    let generator = Generator(seed: settings.seed)
    let model = recipe.model(data.description.input, generator: generator, device: device)
    try FirstWeights(options).apply(to: model, note: Terminal.note)
    let trainer = try Trainer(
      model: model,
      optimizer: optimizer.make(model, learningRate: settings.learningRate, weightDecay: options.weightDecay),
      generator: generator, training: data.training, test: data.test, epochs: epochs,
      settings: settings, folder: folder, device: device)
    trainer.objective = recipe.objective(labelSmoothing: options.labelSmoothing ?? 0)
    trainer.precision = options.precision.flatMap(Precision.init) ?? .float32
    if options.recompute == true, !model.recomputeLayers() {
      throw LatheError(
        .invalidArgument,
        "--recompute: \(recipe.name) has no layers that can be run again; leave it out")
    }
    trainer.dropsLast = options.dropLast ?? false
    trainer.accumulation = options.accumulate ?? 1
    trainer.clipping = options.clipNorm.map { .norm($0) }
    trainer.average = options.average.map { ExponentialMovingAverage(model.trainableParameters, decay: $0) }
    trainer.schedule = schedule.make(
      warmup: options.warmupSteps ?? 0,
      steps: min(trainer.stepsPerEpoch * trainer.epochs, options.steps ?? .max))
    if schedule == .plateau { trainer.plateau = ReduceOnPlateau(patience: 2) }
    trainer.metrics = options.testMetrics
    trainer.earlyStopping = options.earlyStopping
    trainer.stepLimit = options.steps
    trainer.best = options.bestMonitor
    trainer.testInterval = options.testEvery
    trainer.checkpointInterval = options.checkpointEvery
    trainer.keptCheckpoints = options.keep ?? 2
    return trainer
  }

  /// One step and what it takes, as lines; nothing is written.
  func dryRun() throws -> [String] {
    let trainer = try trainer(folder: nil)
    let before = device.counters
    let start = ContinuousClock.now
    let result = try trainer.dryRun()
    let seconds = (ContinuousClock.now - start).seconds
    let counters = device.counters
    return [
      trainer.model.summary(input: result.input, dtype: result.dtype).description,
      "one step of \(counted(result.examples, "examples")): loss \(Terminal.fixed(result.loss, 4)), "
        + "\(counted(counters.launches - before.launches, "launches")), \(Terminal.fixed(seconds, 2)) s with compilation",
      "memory: \(counters.peakBytes / 1_048_576) MiB at most",
      "an epoch has \(counted(trainer.stepsPerEpoch, "steps"))",
    ]
  }
}
