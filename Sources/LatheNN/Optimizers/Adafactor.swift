import Foundation
import Lathe

/// Adafactor (Shazeer and Stern, 2018), as PyTorch's: mean squares of a matrix's rows and columns instead of all its
/// elements.
public final class Adafactor: GroupedOptimizer {
  /// - Parameters:
  ///   - parameters: Parameters, or groups of them.
  ///   - learningRate: The largest step relative to a parameter's root mean square; at step t it is at most 1 /
  ///     sqrt(t).
  ///   - decay: The mean squares keep 1 - t^decay at step t.
  ///   - epsilon: The least mean square of gradients, and the least root mean square of a parameter.
  ///   - clipping: The largest root mean square of a direction.
  ///   - weightDecay: Shrinks the parameter by this times the learning rate, in groups that name none.
  public init(
    _ parameters: [some OptimizerItem], learningRate: Float = 1e-2, decay: Float = -0.8,
    epsilon: (Float, Float) = (1.1920929e-7, 1e-3), clipping: Float = 1, weightDecay: Float = 0
  ) {
    super.init(
      parameters, learningRate: learningRate,
      hyperparameters: [
        .weightDecay: weightDecay, .decay: decay, .epsilon: epsilon.0, .parameterEpsilon: epsilon.1,
        .clipping: clipping,
      ],
      slots: ["row", "column", "square"])
  }

  /// Rows and columns of matrices, all elements of vectors.
  public override func slotShape(_ slot: String, _ parameter: Shape) -> Shape {
    guard parameter.rank > 1 else { return slot == "square" ? parameter : [0] }
    var shape = parameter
    switch slot {
    case "row": shape[parameter.rank - 1] = 1
    case "column": shape[parameter.rank - 2] = 1
    default: return [0]
    }
    return shape
  }

  /// The formula, for all parameters of the group together.
  public override func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    let share = Float(pow(Double(step.index), Double(step[.decay])))
    let rate = min(step.learningRate, 1 / Float(step.index).squareRoot())
    let matrices = values.indices.filter { values[$0].rank > 1 }
    let others = values.indices.filter { values[$0].rank <= 1 }
    var directions = gradients
    if !matrices.isEmpty {
      let found = matrixDirections(
        matrices.map { gradients[$0].detached() }, rows: matrices.map { slots[0][$0] },
        columns: matrices.map { slots[1][$0] }, share, step[.epsilon])
      for (i, place) in matrices.enumerated() {
        (directions[place], slots[0][place], slots[1][place]) = (found[0][i], found[1][i], found[2][i])
      }
    }
    if !others.isEmpty {
      var states = [others.map { slots[2][$0] }]
      TensorLists.update(&states) { place, s in
        let g = gradients[others[place]].detached()
        let square = s[0] * (1 - share) + g.square() * share
        return [square, direction(g, square, step[.epsilon])]
      }
      for (i, place) in others.enumerated() {
        (slots[2][place], directions[place]) = (states[0][i], states[1][i])
      }
    }
    // A vector with an element per parameter.
    let lengths = TensorLists.vector(values + directions, squares: true, mean: true).sqrt()
    let size = lengths.sliced(axis: 0, to: values.count).maximum(step[.parameterEpsilon]) * rate
    let factors = size / (lengths.sliced(axis: 0, from: values.count) / step[.clipping]).maximum(Float(1))
    var lists = [values]
    values = []
    let keep = 1 - step.learningRate * step.weightDecay
    TensorLists.update(&lists) { place, p in
      [p[0] * keep - directions[place] * factors.select(axis: 0, index: place)]
    }
    values = lists[0]
  }

  private func direction(_ gradient: Tensor, _ square: Tensor, _ epsilon: Float) -> Tensor {
    // The square of a small epsilon is 0 in float32, and 0 times an infinite root no number.
    gradient * square.maximum(max(epsilon * epsilon, .leastNormalMagnitude)).rsqrt()
  }

  /// The directions of matrices, and the new mean squares of their rows and columns.
  private func matrixDirections(
    _ gradients: [Tensor], rows: [Tensor], columns: [Tensor], _ share: Float, _ epsilon: Float
  ) -> [[Tensor]] {
    let means =
      TensorLists.means(gradients, axis: -1, squares: true)
      + TensorLists.means(gradients, axis: -2, squares: true)
    var states = [rows + columns]
    TensorLists.update(&states) { place, s in [s[0] * (1 - share) + means[place] * share] }
    let (rows, columns) = (Array(states[0][..<rows.count]), Array(states[0][rows.count...]))
    let totals = TensorLists.means(rows, axis: -2)
    var directions = [gradients]
    TensorLists.update(&directions) { place, g in
      // Limited in the gradient's shape, so that it is part of the same kernel.
      let total = totals[place].expanded(to: g[0].shape).maximum(epsilon)
      return [direction(g[0], rows[place] * columns[place] / total, epsilon)]
    }
    return [directions[0], rows, columns]
  }
}
