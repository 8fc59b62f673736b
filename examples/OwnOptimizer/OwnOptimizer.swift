import Foundation
import LatheML

// An optimizer of one's own: Lion (Chen et al., 2023) with a limit on each step, by the library's public interface alone.
// Groups, their hyper-parameters, the state and its place in checkpoints come from `GroupedOptimizer`.

extension Hyperparameter {
  /// The largest change of an element in a step.
  static let limit = Hyperparameter("limit")
}

/// Lion, its steps limited.
final class LimitedLion: GroupedOptimizer {
  init(
    _ parameters: [some OptimizerItem], learningRate: Float, betas: (Float, Float) = (0.9, 0.99),
    weightDecay: Float = 0, limit: Float = 1
  ) {
    super.init(
      parameters, learningRate: learningRate,
      hyperparameters: [.beta1: betas.0, .beta2: betas.1, .weightDecay: weightDecay, .limit: limit],
      slots: ["momentum"])
  }

  override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    updateEach(&values, gradients, &slots) { value, gradient, slots in
      let momentum = slots[0]
      let direction = (momentum * step[.beta1] + gradient * (1 - step[.beta1])).sign()
      let change = (direction + value * step.weightDecay) * step.learningRate
      return (
        value - change.clamped(-step[.limit], step[.limit]),
        [momentum * step[.beta2] + gradient * (1 - step[.beta2])]
      )
    }
  }
}

/// The same for one vector of numbers, in a plain loop.
struct PlainLion {
  var learningRate: Float
  var weightDecay: Float
  var limit: Float
  var momentum: [Float]

  mutating func step(_ values: inout [Float], _ gradient: [Float]) {
    for i in values.indices {
      let mixed = momentum[i] * 0.9 + gradient[i] * (1 - 0.9 as Float)
      let direction: Float = mixed > 0 ? 1 : mixed < 0 ? -1 : 0
      let change = (direction + values[i] * weightDecay) * learningRate
      values[i] -= min(max(change, -limit), limit)
      momentum[i] = momentum[i] * 0.99 + gradient[i] * (1 - 0.99 as Float)
    }
  }
}

@main
enum Example {
  /// Two parameters in two groups; the loss draws each to a target of its own.
  static func makeParameters() -> [Parameter] {
    [Parameter(Tensor([Float(1), -2, 0.5])), Parameter(Tensor([Float(3), 0.25]))]
  }

  static let targets: [[Float]] = [[0.3, 0.1, -0.4], [1, 1]]

  static func makeOptimizer(_ parameters: [Parameter]) -> LimitedLion {
    LimitedLion(
      [
        ParameterGroup([parameters[0]]),
        ParameterGroup([parameters[1]], weightDecay: 0.1, hyperparameters: [.limit: 0.02]),
      ], learningRate: 0.05)
  }

  static func loss(_ parameters: [Parameter]) -> Tensor {
    zip(parameters, targets).map { ($0.value - Tensor($1)).square().sum() }.reduce(Tensor(Float(0)), +)
  }

  static func train(_ parameters: [Parameter], _ optimizer: some Optimizer, steps: Int) {
    for _ in 0..<steps { optimizer.step(loss(parameters).gradients(of: parameters)) }
  }

  static func main() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("own-optimizer-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("state.safetensors").path

    // Ten steps, the state into a file, and ten more by another optimizer that goes on from the file.
    let first = makeParameters()
    let begun = makeOptimizer(first)
    train(first, begun, steps: 10)
    let momenta = begun.state.slots["momentum"] ?? []
    try Safetensors.write(
      zip(["a", "b"], zip(first, momenta)).flatMap { name, pair in
        [(name: "value.\(name)", tensor: pair.0.value), (name: "momentum.\(name)", tensor: pair.1)]
      }, metadata: ["step": String(begun.state.step)], to: file)

    let saved = try Safetensors(path: file)
    let second = makeParameters()
    for (parameter, name) in zip(second, ["a", "b"]) {
      if let value = saved.tensor("value.\(name)", device: parameter.value.device) { parameter.value = value }
    }
    let resumed = makeOptimizer(second)
    resumed.state = OptimizerState(
      step: Int(saved.metadata["step"] ?? "") ?? 0,
      slots: ["momentum": ["a", "b"].compactMap { saved.tensor("momentum.\($0)") }])
    train(second, resumed, steps: 10)

    // The same twenty steps in a plain loop.
    var largest: Float = 0
    for (place, parameter) in second.enumerated() {
      var values = try makeParameters()[place].value.scalars(as: Float.self)
      var plain = PlainLion(
        learningRate: 0.05, weightDecay: place == 1 ? 0.1 : 0, limit: place == 1 ? 0.02 : 1,
        momentum: values.map { _ in 0 })
      for _ in 0..<20 {
        let gradient = zip(values, targets[place]).map { 2 * ($0 - $1) }
        plain.step(&values, gradient)
      }
      let found = try parameter.value.scalars(as: Float.self)
      print("parameter \(place): \(found), plain loop \(values)")
      largest = zip(found, values).map { abs($0 - $1) }.reduce(largest, max)
    }
    print("OwnOptimizer: \(resumed.state.step) steps, largest difference \(largest)")
    guard largest < 1e-5 else { fatalError("the optimizer and the plain loop differ") }
  }
}
