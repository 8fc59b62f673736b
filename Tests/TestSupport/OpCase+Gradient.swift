import Lathe
import Synchronization

extension OpCase {
  /// Compares the gradients of sum(weights * result) with differences of the reference.
  func checkGradient(on device: Device) -> [String] {
    let expected = numericGradients()
    guard let gradients = gradients(on: device) else { return ["the result is not tracked"] }
    return zip(zip(differentiable, gradients), expected).compactMap { found, expected in
      mismatch(found.1, expected, inputs[found.0].dtype, .gradient(inputs[found.0].dtype)).map {
        "gradient of input \(found.0) \($0)"
      }
    }
  }

  /// Compares the gradients of sum(directions * gradients) with differences of the reference's gradients.
  func checkSecondOrder(on device: Device) -> [String] {
    let expected = numericSecondOrder()
    return zip(zip(differentiable, secondGradients(on: device)), expected).compactMap { found, expected in
      mismatch(found.1, expected, inputs[found.0].dtype, .secondOrder).map {
        "second gradient of input \(found.0) \($0)"
      }
    }
  }

  /// The inputs, those tracked that gradients are wanted of.
  private func trackedInputs(on device: Device) -> [Tensor] {
    var tensors = zip(arrays(), inputs).map { $0.tensor($1.dtype, on: device) }
    for i in differentiable { tensors[i] = tensors[i].requiringGradient() }
    return tensors
  }

  /// The gradients of sum(weights * result); nil where the result is not tracked.
  func gradients(on device: Device) -> [Tensor]? {
    let tensors = trackedInputs(on: device)
    let result = run(tensors)
    guard result.requiresGradient else { return nil }
    let weights = self.weights(for: Array(result.shape)).tensor(dtype, on: device)
    return result.gradients(of: differentiable.map { tensors[$0] }, upstream: weights)
  }

  /// The gradients of sum(directions * gradients).
  func secondGradients(on device: Device) -> [Tensor] {
    let tensors = trackedInputs(on: device)
    let tracked = differentiable.map { tensors[$0] }
    let result = run(tensors)
    let weights = self.weights(for: Array(result.shape)).tensor(dtype, on: device)
    let gradients = result.gradients(of: tracked, upstream: weights, creatingGraph: true)
    var total: Tensor?
    for (position, gradient) in zip(differentiable, gradients) where gradient.requiresGradient {
      let term = (gradient * direction(of: position).tensor(inputs[position].dtype, on: device)).sum()
      total = total.map { $0 + term } ?? term
    }
    // An untracked gradient does not depend on the inputs: its own gradient is 0.
    return total?.gradients(of: tracked)
      ?? tracked.map { Tensor.zeros($0.shape, dtype: $0.dtype, device: device) }
  }

  private func weights(for shape: [Int]) -> NDArray {
    InputSpec.float(shape, .signed(0.5, 1.5)).array(seed: "\(name)/weights")
  }

  private func direction(of position: Int) -> NDArray {
    InputSpec.float(inputs[position].shape, .signed(0.5, 1.5)).array(seed: "\(name)/direction\(position)")
  }

  /// sum(weights * reference) at the inputs.
  private func objective(_ arrays: [NDArray]) -> Double {
    let result = reference(arrays)
    let weights = self.weights(for: result.shape)
    return zip(result.values, weights.values).map { $0 * $1 }.reduce(0, +)
  }

  /// The gradient of a function by central differences, for each differentiable input.
  private func differences(_ step: Double, _ function: ([NDArray]) -> Double) -> [NDArray] {
    var arrays = arrays()
    return differentiable.map { position in
      var gradient = arrays[position]
      for i in 0..<gradient.count {
        let x = arrays[position].values[i]
        arrays[position].values[i] = x + step
        let above = function(arrays)
        arrays[position].values[i] = x - step
        let below = function(arrays)
        arrays[position].values[i] = x
        gradient.values[i] = (above - below) / (2 * step)
      }
      return gradient
    }
  }

  // Every device is compared with the same differences: they are computed once.
  private static let known = Mutex<[String: [NDArray]]>([:])

  private func remembering(_ key: String, _ compute: () -> [NDArray]) -> [NDArray] {
    if let found = OpCase.known.withLock({ $0[key] }) { return found }
    let result = compute()
    OpCase.known.withLock { $0[key] = result }
    return result
  }

  private func numericGradients() -> [NDArray] {
    remembering("\(name)/first") { differences(1e-5, objective) }
  }

  private func numericSecondOrder() -> [NDArray] {
    remembering("\(name)/second") {
      let directions = differentiable.map(direction(of:))
      let step = 1e-4
      return differences(step) { arrays in
        // The derivative of the objective along the directions.
        func moved(_ distance: Double) -> [NDArray] {
          var moved = arrays
          for (position, direction) in zip(differentiable, directions) {
            moved[position] = moved[position] + direction.map { $0 * distance }
          }
          return moved
        }
        return (objective(moved(step)) - objective(moved(-step))) / (2 * step)
      }
    }
  }
}

extension Tolerance {
  /// For gradients: differences in float64 are exact to about 1e-9, the rest is float32 unless the input is float64.
  static func gradient(_ dtype: DType) -> Tolerance { Tolerance(dtype == .float64 ? 1e-7 : 5e-5, floor: nil) }
  /// For gradients of gradients; differences of differences are exact to about 1e-6.
  static let secondOrder = Tolerance(3e-4, floor: nil)
}
