import LatheML

extension TrainingOptions {
  /// The optimizer asked for.
  var optimizerName: OptimizerName { optimizer.flatMap(OptimizerName.init) ?? .adam }

  /// What a trainer is asked for: these options, and the recipe's own where they say nothing.
  func configuration(of recipe: ModelRecipe, _ data: TrainingInput) -> TrainerConfiguration {
    var result = TrainerConfiguration(
      architecture: recipe.name, data: data.description.name, epochs: epochs ?? 5,
      batchSize: batchSize ?? recipe.batchSize, seed: seed ?? 0)
    result.stepLimit = steps
    result.dropsLast = dropLast ?? false
    result.accumulation = accumulate ?? 1
    let inEpoch = result.stepsPerEpoch(of: data.training)
    // As many epochs as the steps asked for take.
    if epochs == nil, let steps { result.epochs = (steps - 1) / max(inEpoch, 1) + 1 }
    let course = schedule.flatMap(ScheduleName.init) ?? .constant
    result.schedule = course.make(
      warmup: warmupSteps ?? 0, steps: min(inEpoch * result.epochs, steps ?? .max))
    if course == .plateau { result.plateau = ReduceOnPlateau(patience: 2) }
    result.precision = precision.flatMap(Precision.init) ?? .float32
    result.clipping = clipNorm.map { .norm($0) }
    result.averageDecay = average
    result.earlyStopping = earlyStopping
    result.best = bestMonitor
    result.testInterval = testEvery
    result.checkpointInterval = checkpointEvery
    result.keptCheckpoints = keep ?? 2
    result.checksEveryStep = checkNumbers == true ? true : nil
    result.synchronizesPhases = synchronizePhases ?? false
    result.details = details
    return result
  }

  /// What a resumed run must share besides what the trainer and the optimizer know of.
  private var details: [String: String] {
    let pairs: [(String, String?)] = [
      ("label smoothing", labelSmoothing.map { "\($0)" }), ("length", length.map(String.init)),
      ("input", input), ("label", label), ("features", features), ("labels", labelsFile),
      ("missing", missing.map { "\($0)" }), ("missing texts", missingTexts),
      ("image size", imageSize.map(String.init)), ("channels", channels.map(String.init)),
      ("test share", testShare.map { "\($0)" }), ("augmentation", augment), ("weights", weights),
      ("frozen", freeze),
    ]
    return Dictionary(uniqueKeysWithValues: pairs.compactMap { name, value in value.map { (name, $0) } })
  }
}
