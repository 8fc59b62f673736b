import LatheML

extension TrainingOptions {
  /// What a trainer is asked for: these options, and the recipe's own where they say nothing.
  func configuration(of recipe: ModelRecipe, _ data: TrainingInput) -> TrainerConfiguration {
    var result = TrainerConfiguration(
      architecture: recipe.name, data: data.description.name, epochs: settled(\.epochs),
      batchSize: self.batchSize ?? recipe.batchSize, seed: settled(\.seed))
    result.stepLimit = self.steps
    result.dropsLast = self.dropLast ?? false
    result.accumulation = settled(\.accumulate)
    let inEpoch = result.stepsPerEpoch(of: data.training)
    // As many epochs as the steps asked for take.
    if self.epochs == nil, let steps = self.steps { result.epochs = (steps - 1) / max(inEpoch, 1) + 1 }
    let course = settled(\.schedule)
    result.schedule = course.make(
      warmup: settled(\.warmupSteps), steps: min(inEpoch * result.epochs, self.steps ?? .max))
    if course == .plateau { result.plateau = ReduceOnPlateau(patience: 2) }
    result.precision = settled(\.precision)
    result.clipping = self.clipNorm.map { .norm($0) }
    result.averageDecay = self.average
    result.earlyStopping = earlyStopping
    result.best = bestMonitor
    result.testInterval = self.testEvery
    result.checkpointInterval = self.checkpointEvery
    result.keptCheckpoints = settled(\.keep)
    // On the CPU every loss is read without being asked for.
    result.checksEveryStep = self.checkNumbers == true ? true : nil
    result.synchronizesPhases = self.synchronizePhases ?? false
    result.details = details
    return result
  }
}
