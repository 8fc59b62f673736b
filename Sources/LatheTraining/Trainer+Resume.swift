import Lathe
import LatheData
import LatheFiles
import LatheFormats
import LatheNN

extension Trainer {
  /// Keeps other processes out of the folder, which is made where it is missing.
  func lockFolder() throws {
    guard lock == nil, let store else { return }
    try AtomicFile.makeFolder(store.folder)
    lock = try FolderLock.of(store.folder)
  }

  /// What cannot be true of this run; nil where nothing is wrong, or the state is of other data, which has its own message.
  private func problem(of saved: TrainingState) -> String? {
    let isSame = saved.configuration.differences(from: configuration).isEmpty
    guard isSame, saved.dataCount == state.dataCount else { return nil }
    guard saved.stepInEpoch <= stepsPerEpoch else {
      return "step \(saved.stepInEpoch) of an epoch of \(stepsPerEpoch)"
    }
    // The scaler of losses leaves steps out; no other does, but an optimizer of one's own need not count.
    guard saved.optimizerStep >= saved.step || saved.lossScaler != nil || !(optimizer is GroupedOptimizer)
    else {
      return "the optimizer did \(saved.optimizerStep) of \(saved.step) steps"
    }
    return nil
  }

  /// Goes on from the newest whole checkpoint in the run's folder.
  ///
  /// The folder is locked from here on, until the run that follows ends.
  /// - Returns: Whether there was one.
  /// - Throws: `LatheError` where none is whole, or it is of another model, other settings or other data.
  public func resume() throws -> Bool {
    try lockFolder()
    guard let store,
      let (saved, tensors) = try store.newest(on: device, check: problem(of:), note: { onNote?($0) })
    else { return false }
    let source = store.path(step: saved.step)
    try checkSame(saved, source)
    guard saved.dataCount == state.dataCount && saved.dataChecksum == state.dataChecksum else {
      throw LatheError(
        .invalidArgument,
        "\(source): made with other training data (\(saved.dataCount) \(training.noun), here \(state.dataCount), or other "
          + "examples); use the same data or start anew in another folder")
    }
    var values: [String: Tensor] = [:]
    for name in tensors.entries.keys where name.hasPrefix("model.") {
      values[String(name.dropFirst("model.".count))] = tensors.tensor(name)
    }
    let scalars = saved.optimizerScalars ?? [:]
    if let problem = (optimizer as? GroupedOptimizer)?.problem(of: scalars) {
      throw LatheError(.invalidArgument, "\(source): of another optimizer: \(problem)")
    }
    let names = optimizedNames
    var slots: [String: [Tensor]] = [:]
    for (slot, current) in optimizer.state.slots {
      slots[slot] = try zip(names, current).map { name, present in
        guard let tensor = tensors.tensor("optimizer.\(slot).\(name)"), tensor.shape == present.shape else {
          throw LatheError(
            .format, "\(source): of another model: no fitting optimizer.\(slot).\(name) in it")
        }
        return tensor
      }
    }
    followNewParameters()
    let averages = try average.map { average in
      try zip(names, average.averages).map { name, present in
        guard let tensor = tensors.tensor("average.\(name)"), tensor.shape == present.shape else {
          throw LatheError(.format, "\(source): of a run without averages: no fitting average.\(name) in it")
        }
        return tensor
      }
    }
    try model.load(values, from: source)
    if let averages { average?.restore(averages) }
    optimizer.state = OptimizerState(step: saved.optimizerStep, slots: slots, scalars: scalars)
    generator.state = saved.generator
    for (name, generator) in layerGenerators {
      if let place = saved.layerGenerators?[name] { generator.state = place }
    }
    let given = configuration
    state = saved
    deviceScaler = nil
    state.configuration = given
    owesFiles = true
    onNote?("resuming from \(source): epoch \(saved.epoch + 1), step \(saved.step)")
    return true
  }

  /// Checks that a checkpoint is of a run that was asked for the same.
  private func checkSame(_ saved: TrainingState, _ source: String) throws {
    let (stored, given) = (saved.configuration, configuration)
    guard stored.architecture == given.architecture else {
      throw LatheError(
        .invalidArgument,
        "\(source): of another model: it is '\(stored.architecture)', expected '\(given.architecture)'")
    }
    let changed = stored.differences(from: given) + saved.optimizer.differences(from: optimizerDescription)
    guard changed.isEmpty else {
      throw LatheError(
        .invalidArgument,
        "\(source): made with \(changed.joined(separator: "; ")); resume with the same or start anew in another folder"
      )
    }
  }
}
