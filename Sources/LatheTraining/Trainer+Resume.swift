import Foundation
import Lathe
import LatheData
import LatheFiles
import LatheFormats
import LatheNN

extension Trainer {
  /// The state as it is saved.
  func snapshot() -> TrainingState {
    var state = self.state
    state.generator = generator.state
    state.layerGenerators = layerGenerators.mapValues(\.state)
    let kept = optimizer.state
    state.optimizerStep = kept.step
    state.optimizerScalars = kept.scalars.isEmpty ? nil : kept.scalars
    return state
  }

  /// The model's and the optimizer's tensors under the names they have in a checkpoint.
  ///
  /// - Throws: `LatheError.training` where a weight is not a number: such a checkpoint would be of no use.
  func tensors() throws -> [(name: String, tensor: Tensor)] {
    try checkWeights()
    var result = model.state.map { (name: "model.\($0.name)", tensor: $0.tensor) }
    let names = optimizedNames
    for (slot, tensors) in optimizer.state.slots.sorted(by: { $0.key < $1.key }) {
      for (name, tensor) in zip(names, tensors) { result.append(("optimizer.\(slot).\(name)", tensor)) }
    }
    for (name, tensor) in zip(optimizedNames, average?.averages ?? []) {
      result.append(("average.\(name)", tensor))
    }
    return result
  }

  /// Keeps other processes out of the folder, which is made where it is missing.
  func lockFolder() throws {
    guard lock == nil, let store else { return }
    try AtomicFile.makeFolder(store.folder)
    lock = try FolderLock.of(store.folder)
  }

  /// What cannot be true of this run; nil where nothing is wrong, or the state is of other data, which has its own message.
  private func problem(of saved: TrainingState) -> String? {
    guard saved.settings == state.settings, saved.dataCount == state.dataCount else { return nil }
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

  /// What layers draw from besides the trainer's own generator, by path: those that the model names, and the one that
  /// layers are made with unless told otherwise.
  private var layerGenerators: [String: Generator] {
    var result = ["Generator.layers": Generator.layers]
    for (name, generator) in model.namedGenerators where generator !== Generator.layers {
      result[name] = generator
    }
    return result.filter { $0.value !== generator }
  }

  private func checkWeights() throws {
    let weights = model.state
    guard !weights.isEmpty else { return }
    // For each, 0 where all its elements are finite and else not a number.
    let sums = Tensor.stack(weights.map { ($0.tensor.detached().cast(to: .float32) * Float(0)).sum() })
    for (place, sum) in try sums.scalars(as: Float.self).enumerated() where sum.isNaN {
      let (name, tensor) = weights[place]
      for value in try tensor.scalars(as: Float.self) where !value.isFinite {
        throw notFinite("weight \(name)", Double(value), step: state.step)
      }
    }
  }

  /// The dotted paths of the parameters that the optimizer changes, in its order.
  private var optimizedNames: [String] {
    var names: [ObjectIdentifier: String] = [:]
    for (name, parameter) in model.namedParameters { names[ObjectIdentifier(parameter)] = name }
    return optimizer.parameters.enumerated().map { index, parameter in
      names[ObjectIdentifier(parameter)] ?? "outside.\(index)"
    }
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
    guard saved.settings == state.settings else {
      throw LatheError(.invalidArgument, "\(source): \(saved.settings.difference(from: state.settings))")
    }
    guard saved.precision == state.precision else {
      throw LatheError(
        .invalidArgument,
        "\(source): made with precision \((saved.precision ?? .float32).rawValue), now \(precision.rawValue); resume "
          + "with the same or start anew in another folder")
    }
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
    state = saved
    owesFiles = true
    onNote?("resuming from \(source): epoch \(saved.epoch + 1), step \(saved.step)")
    return true
  }
}

extension TrainingSettings {
  /// A sentence on what a run was started with before and with now.
  func difference(from wanted: TrainingSettings) -> String {
    if architecture != wanted.architecture {
      return "of another model: it is '\(architecture)', expected '\(wanted.architecture)'"
    }
    let parts =
      [
        data == wanted.data ? nil : "data \(data), now \(wanted.data)",
        optimizer == wanted.optimizer ? nil : "optimizer \(optimizer), now \(wanted.optimizer)",
        learningRate == wanted.learningRate
          ? nil : "learning rate \(learningRate), now \(wanted.learningRate)",
        batchSize == wanted.batchSize ? nil : "batch size \(batchSize), now \(wanted.batchSize)",
        seed == wanted.seed ? nil : "seed \(seed), now \(wanted.seed)",
      ]
      + Set((details ?? [:]).keys).union((wanted.details ?? [:]).keys).sorted().map { key in
        let (before, now) = (details?[key] ?? "none", wanted.details?[key] ?? "none")
        return before == now ? nil : "\(key) \(before), now \(now)"
      }
    return
      "made with \(parts.compactMap { $0 }.joined(separator: "; ")); resume with the same or start anew in "
      + "another folder"
  }
}
