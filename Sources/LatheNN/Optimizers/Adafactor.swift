import Foundation
import Lathe

/// Adafactor (Shazeer and Stern, 2018), as PyTorch's: mean squares of a matrix's rows and columns instead of all its
/// elements.
public final class Adafactor: GroupedOptimizer {
  private let decay: Double
  private let epsilon: (Float, Float)
  private let clipping: Float

  /// - Parameters:
  ///   - learningRate: The largest step relative to a parameter's root mean square; at step t it is at most 1 / sqrt(t).
  ///   - decay: The mean squares keep 1 - t^decay at step t.
  ///   - epsilon: The least mean square of gradients, and the least root mean square of a parameter.
  ///   - clipping: The largest root mean square of a direction.
  ///   - weightDecay: Shrinks the parameter by this times the learning rate, in groups that name none.
  public init(
    _ parameters: [some OptimizerItem], learningRate: Float = 1e-2, decay: Double = -0.8,
    epsilon: (Float, Float) = (1.1920929e-7, 1e-3), clipping: Float = 1, weightDecay: Float = 0
  ) {
    self.decay = decay
    self.epsilon = epsilon
    self.clipping = clipping
    super.init(
      parameters, learningRate: learningRate, weightDecay: weightDecay, slots: ["row", "column", "square"])
  }

  override func slotShape(_ slot: String, _ parameter: Shape) -> Shape {
    guard parameter.rank > 1 else { return slot == "square" ? parameter : [0] }
    var shape = parameter
    switch slot {
    case "row": shape[parameter.rank - 1] = 1
    case "column": shape[parameter.rank - 2] = 1
    default: return [0]
    }
    return shape
  }

  override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let share = Float(pow(Double(step.index), decay))
    let rate = min(step.learningRate, 1 / Float(step.index).squareRoot())
    updateEach(&values, gradients, &slots) { p, g, s in
      let size = p.square().mean().sqrt().maximum(epsilon.1) * rate
      let shrunk = step.weightDecay == 0 ? p : p * (1 - step.learningRate * step.weightDecay)
      var states = s
      let square: Tensor
      if p.rank > 1 {
        states[0] = s[0] * (1 - share) + g.square().mean(axes: [-1], keepDims: true) * share
        states[1] = s[1] * (1 - share) + g.square().mean(axes: [-2], keepDims: true) * share
        let total = states[0].mean(axes: [-2], keepDims: true).maximum(epsilon.0)
        square = states[0] * states[1] / total
      } else {
        states[2] = s[2] * (1 - share) + g.square() * share
        square = states[2]
      }
      let direction = g * square.maximum(epsilon.0 * epsilon.0).rsqrt()
      let length = (direction.square().mean().sqrt() / clipping).maximum(Float(1))
      return (shrunk - direction * (size / length), states)
    }
  }
}
