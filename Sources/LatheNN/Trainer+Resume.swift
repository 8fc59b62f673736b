import Foundation
import Lathe

extension Trainer {
  /// The state as it is saved.
  func snapshot() -> TrainingState {
    var state = self.state
    state.generator = generator.state
    state.optimizerStep = optimizer.state.step
    return state
  }

  /// The model's and the optimizer's tensors under the names they have in a checkpoint.
  ///
  /// - Throws: `LatheError.training` where a weight is not a number: such a checkpoint would be of no use.
  func tensors() throws -> [(name: String, tensor: Tensor)] {
    let named = model.namedParameters
    var result: [(name: String, tensor: Tensor)] = []
    for (name, parameter) in named {
      for value in try parameter.value.scalars(as: Float.self) where !value.isFinite {
        throw notFinite("weight \(name)", Double(value), step: state.step)
      }
      result.append(("model.\(name)", parameter.value))
    }
    for (slot, tensors) in optimizer.state.slots.sorted(by: { $0.key < $1.key }) {
      for (parameter, tensor) in zip(named, tensors) {
        result.append(("optimizer.\(slot).\(parameter.name)", tensor))
      }
    }
    return result
  }

  /// Goes on from the newest whole checkpoint in the run's folder.
  ///
  /// - Returns: Whether there was one.
  /// - Throws: `LatheError` where none is whole, or it is of another model, other settings or other data.
  public func resume() throws -> Bool {
    guard let store, let (saved, tensors) = try store.newest(note: { onNote?($0) }) else { return false }
    let source = store.path(step: saved.step)
    guard saved.settings == state.settings else {
      throw LatheError(.invalidArgument, "\(source): \(saved.settings.difference(from: state.settings))")
    }
    guard saved.dataCount == state.dataCount && saved.dataChecksum == state.dataChecksum else {
      throw LatheError(
        .invalidArgument,
        "\(source): made with other training data (\(saved.dataCount) images, here \(state.dataCount), or other "
          + "labels); use the same data or start anew in another folder")
    }
    var values: [String: Tensor] = [:]
    for name in tensors.entries.keys where name.hasPrefix("model.") {
      values[String(name.dropFirst("model.".count))] = tensors.tensor(name)
    }
    let named = model.namedParameters
    var slots: [String: [Tensor]] = [:]
    for slot in optimizer.state.slots.keys {
      slots[slot] = try named.map { name, parameter in
        guard let tensor = tensors.tensor("optimizer.\(slot).\(name)"), tensor.shape == parameter.shape else {
          throw LatheError(
            .format, "\(source): of another model: no fitting optimizer.\(slot).\(name) in it")
        }
        return tensor
      }
    }
    try model.load(values, from: source)
    optimizer.state = OptimizerState(step: saved.optimizerStep, slots: slots)
    generator.state = saved.generator
    state = saved
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
    let parts = [
      data == wanted.data ? nil : "data \(data), now \(wanted.data)",
      optimizer == wanted.optimizer ? nil : "optimizer \(optimizer), now \(wanted.optimizer)",
      learningRate == wanted.learningRate ? nil : "learning rate \(learningRate), now \(wanted.learningRate)",
      batchSize == wanted.batchSize ? nil : "batch size \(batchSize), now \(wanted.batchSize)",
      seed == wanted.seed ? nil : "seed \(seed), now \(wanted.seed)",
    ]
    return
      "made with \(parts.compactMap { $0 }.joined(separator: "; ")); resume with the same or start anew in "
      + "another folder"
  }
}
