import Foundation
import Lathe
import LatheData
import LatheFiles
import LatheFormats
import LatheNN

extension Trainer {
  /// Writes a checkpoint.
  func saveCheckpoint() throws {
    guard let store else { return }
    try readLosses()
    for callback in callbacks { try callback.checkpointStarts(self) }
    try store.save(snapshot(), tensors: tensors(), keeping: configuration.keptCheckpoints)
    lastSaved = state.step
  }

  /// The state as it is saved.
  func snapshot() -> TrainingState {
    var state = self.state
    state.generator = generator.state
    state.optimizer = optimizerDescription
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
    followNewParameters()
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

  /// What layers draw from besides the trainer's own generator, by path: those that the model names, and the one that
  /// layers are made with unless told otherwise.
  var layerGenerators: [String: Generator] {
    var result = ["Generator.layers": Generator.layers]
    for (name, generator) in model.namedGenerators where generator !== Generator.layers {
      result[name] = generator
    }
    return result.filter { $0.value !== generator }
  }

  /// The dotted paths of the parameters that the optimizer changes, in its order.
  var optimizedNames: [String] {
    var names: [ObjectIdentifier: String] = [:]
    for (name, parameter) in model.namedParameters { names[ObjectIdentifier(parameter)] = name }
    return optimizer.parameters.enumerated().map { index, parameter in
      names[ObjectIdentifier(parameter)] ?? "outside.\(index)"
    }
  }

  private func checkWeights() throws {
    let weights = model.state
    guard !weights.isEmpty else { return }
    // For each, 0 where all its elements are finite and else not a number.
    let sums = Tensor.stack(weights.map { ($0.tensor.detached().inFloatType * Float(0)).sum() })
    for (place, sum) in try sums.scalars(as: Float.self).enumerated() where sum.isNaN {
      let (name, tensor) = weights[place]
      for value in try tensor.scalars(as: Float.self) where !value.isFinite {
        throw notFinite("weight \(name)", Double(value), step: state.step)
      }
    }
  }
}
