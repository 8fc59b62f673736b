import LatheCore
import LatheML

/// A recipe with its data and settings, ready to be trained.
struct TrainingJob {
  let recipe: ModelRecipe
  let data: TrainingInput
  /// What the trainer is asked for.
  let configuration: TrainerConfiguration
  private let options: TrainingOptions
  private let device: Device

  /// Reads the data and settles every setting.
  init(_ recipe: ModelRecipe, _ options: TrainingOptions, device: Device) throws {
    self.recipe = recipe
    self.options = options
    self.device = device
    try options.checkMetrics(recipe)
    data = try TrainingInput(recipe, options)
    try options.checkMetrics(recipe, classes: data.description.input.classes)
    configuration = options.configuration(of: recipe, data)
  }

  /// The run at its start.
  func trainer(folder: String?) throws -> Trainer {
    let generator = Generator(seed: configuration.seed)
    let model = recipe.model(data.description.input, generator: generator, device: device)
    try FirstWeights(options).apply(to: model, note: Terminal.note)
    let optimizer = options.settled(\.optimizer)
    let trainer = try Trainer(
      model: model,
      optimizer: optimizer.make(
        model, learningRate: options.learningRate ?? optimizer.learningRate(recipe.learningRate),
        weightDecay: options.weightDecay),
      generator: generator, training: data.training, test: data.test,
      objective: recipe.objective(labelSmoothing: options.settled(\.labelSmoothing)),
      metrics: options.testMetrics,
      configuration: configuration, folder: folder, device: device)
    if options.recompute == true, !model.recomputeLayers() {
      throw LatheError(
        .invalidArgument,
        "--recompute: \(recipe.name) has no layers that can be run again; leave it out")
    }
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
