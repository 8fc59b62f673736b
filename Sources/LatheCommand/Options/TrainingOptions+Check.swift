extension TrainingOptions {
  /// What is wrong with the values, each by itself and beside the others; nil where nothing is.
  var problem: String? { valueProblem ?? combinationProblem }

  /// What is wrong with a value by itself.
  var valueProblem: String? { Self.all.lazy.compactMap { $0.problem(in: self) }.first }

  /// What does not go together; flags alone cannot tell where a file says the rest.
  private var combinationProblem: String? {
    let declared = Self.declared
    if self.dataDir != nil && self.dataFile != nil {
      return "--data-dir and --data-file both say where the data is; give one of them"
    }
    let taking = [
      self.partial == true ? declared.partial.name : nil,
      self.weightsPrefix.map { _ in declared.weightsPrefix.name },
    ]
    if self.weights == nil, let name = taking.compactMap({ $0 }).first {
      return "--\(name) says how to take weights; name their file with --weights"
    }
    if self.findLearningRate == true && (self.dryRun == true || self.resume == true) {
      return "--find-learning-rate excludes --dry-run and --resume"
    }
    if self.dryRun == true && self.resume == true {
      return "--dry-run writes nothing that --resume could go on from"
    }
    return monitorCombinationProblem
  }
}
