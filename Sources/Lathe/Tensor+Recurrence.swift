import LatheCore

/// Recurrent cells, with the gates and their order as PyTorch's.
package enum RecurrentCell: Sendable {
  /// h' = tanh(x + h W^T + b) (Elman, 1990), or with max(., 0).
  case tanh, relu
  /// i, f, g, o: c' = f c + i g, h' = o tanh(c') (Hochreiter and Schmidhuber, 1997).
  case lstm
  /// r, z, n: n = tanh(x_n + r (h W_n^T + b_n)), h' = (1 - z) n + z h (Cho et al., 2014).
  case gru

  /// The parts of the projections.
  package var gateCount: Int {
    switch self {
    case .tanh, .relu: 1
    case .lstm: 4
    case .gru: 3
    }
  }
}

/// A recurrence over whole sequences with a gradient of its own.
///
/// Recording every step would make the gradient of each step's slice as large as the whole sequence; here the
/// gradient walks the steps backwards and makes the weights' gradient by one product at the end.
package struct Recurrence: Sendable {
  /// What happens at each step.
  let cell: RecurrentCell
  /// Whether the last element comes first.
  let isReversed: Bool
  /// Per step, [batch, 1] of 1 where the sequence has an element and 0 behind its end, where the state is kept.
  let masks: [Tensor]?

  package init(_ cell: RecurrentCell, isReversed: Bool = false, masks: [Tensor]? = nil) {
    self.cell = cell
    self.isReversed = isReversed
    self.masks = masks
  }

  /// What a step leaves for the gradient.
  struct Step {
    var h: Tensor
    var c: Tensor?
    /// The state before the step.
    var before: (h: Tensor, c: Tensor?)
    /// Activations in the order that `gradients(of:)` takes them.
    var saved: [Tensor]
  }

  /// The states after each step.
  ///
  /// - Parameters:
  ///   - projected: The inputs times their weights, [steps, batch, gates * size].
  ///   - h: The first state [batch, size]; `c` likewise for LSTM.
  ///   - weight: [gates * size, size].
  ///   - bias: [gates * size].
  /// - Returns: [1, steps, batch, size], or for LSTM [2, steps, batch, size]: h, then c.
  package func callAsFunction(
    _ projected: Tensor, h: Tensor, c: Tensor? = nil, weight: Tensor, bias: Tensor? = nil
  ) -> Tensor {
    let inputs = [projected, h, weight] + (c.map { [$0] } ?? []) + (bias.map { [$0] } ?? [])
    let steps = noGradient {
      run(projected, h: h, c: c, weight: weight, bias: bias)
    }
    let matrix = weight.detached()
    return sequence(steps).recorded("recurrence", inputs) { [self] gradient, _ in
      if GradientMode.isRecording {
        let output = sequence(run(projected, h: h, c: c, weight: weight, bias: bias))
        let wanted = inputs.filter { $0.node != nil }
        var found = output.gradients(of: wanted, upstream: gradient, creatingGraph: true)[...]
        return inputs.map { $0.node == nil ? nil : found.removeFirst() }
      }
      return backward(gradient, steps, weight: matrix, hasBias: bias != nil)
    }
  }

  private func order(_ count: Int) -> [Int] { isReversed ? (0..<count).reversed() : Array(0..<count) }

  private func run(_ projected: Tensor, h: Tensor, c: Tensor?, weight: Tensor, bias: Tensor?) -> [Step] {
    let gates = cell.gateCount
    var state = (h: h, c: c)
    let matrix = weight.transposed()
    let time = order(projected.shape[0])
    var steps: [Step?] = Array(repeating: nil, count: time.count)
    for t in time {
      var hidden = state.h.matmul(matrix)
      if let bias { hidden = hidden + bias }
      let x = projected.select(axis: 0, index: t).split(count: gates, axis: 1)
      let p = hidden.split(count: gates, axis: 1)
      var step = advance(x, p, state)
      if let mask = masks?[t] {
        step.h = state.h + mask * (step.h - state.h)
        if let old = state.c, let new = step.c { step.c = old + mask * (new - old) }
      }
      state = (step.h, step.c)
      steps[t] = step
    }
    return steps.compactMap { $0 }
  }

  private func advance(_ x: [Tensor], _ p: [Tensor], _ state: (h: Tensor, c: Tensor?)) -> Step {
    switch cell {
    case .tanh, .relu:
      let a = cell == .tanh ? (x[0] + p[0]).tanh() : (x[0] + p[0]).relu()
      return Step(h: a, before: state, saved: [a])
    case .lstm:
      let i = (x[0] + p[0]).sigmoid()
      let f = (x[1] + p[1]).sigmoid()
      let g = (x[2] + p[2]).tanh()
      let o = (x[3] + p[3]).sigmoid()
      let c = state.c.map { f * $0 + i * g } ?? i * g
      let y = c.tanh()
      return Step(h: o * y, c: c, before: state, saved: [i, f, g, o, y])
    case .gru:
      let r = (x[0] + p[0]).sigmoid()
      let z = (x[1] + p[1]).sigmoid()
      let n = (x[2] + r * p[2]).tanh()
      return Step(h: n + z * (state.h - n), before: state, saved: [r, z, n, p[2]])
    }
  }

  private func sequence(_ steps: [Step]) -> Tensor {
    let states = steps.map(\.h) + steps.compactMap(\.c)
    return Tensor.stack(states).reshaped(
      to: [states.count / max(steps.count, 1), steps.count, steps[0].h.shape[0], steps[0].h.shape[1]])
  }

  /// The gradients of projected, h, weight, c (LSTM) and bias (where there is one), in this order.
  private func backward(_ upstream: Tensor, _ steps: [Step], weight: Tensor, hasBias: Bool) -> [Tensor?] {
    let upstream = upstream.contiguous()
    var dh: Tensor?
    var dc: Tensor?
    // Per step, gradients of the input's projection and, where it differs, of the state's.
    var inputs: [Tensor?] = Array(repeating: nil, count: steps.count)
    var hiddens = inputs
    for t in order(steps.count).reversed() {
      var total = upstream.select(axis: 0, index: 0).select(axis: 0, index: t)
      if let dh { total = total + dh }
      var cellTotal: Tensor?
      if cell == .lstm {
        let part = upstream.select(axis: 0, index: 1).select(axis: 0, index: t)
        cellTotal = dc.map { $0 + part } ?? part
      }
      let mask = masks?[t]
      let part = gradients(
        of: steps[t], mask.map { total * $0 } ?? total,
        mask.flatMap { m in cellTotal.map { $0 * m } } ?? cellTotal)
      let input = Tensor.concatenate(part.input, axis: 1)
      let hidden = part.hidden.map { Tensor.concatenate($0, axis: 1) } ?? input
      inputs[t] = input
      hiddens[t] = part.hidden == nil ? nil : hidden
      var before = hidden.matmul(weight)
      if let direct = part.h { before = before + direct }
      if let mask { before = before + total * (1 - mask) }
      dh = before
      dc = part.c
      if let mask, let c = part.c, let cellTotal { dc = c + cellTotal * (1 - mask) }
    }
    let dInput = Tensor.stack(inputs.compactMap { $0 })
    let dHidden = cell == .gru ? Tensor.stack(hiddens.compactMap { $0 }) : dInput
    let columns = dHidden.shape[2]
    let states = Tensor.concatenate(steps.map(\.before.h))
    let dWeight = dHidden.reshaped(to: [-1, columns]).transposed().matmul(states)
    return [dInput, dh, dWeight] + (cell == .lstm ? [dc] : []) + (hasBias ? [dHidden.sum(axes: [0, 1])] : [])
  }

  /// The gradients of one step by those of its new state: of each gate's input, of the state's projection where
  /// that differs, and of the state before, except through its projection.
  private func gradients(of step: Step, _ dh: Tensor, _ dc: Tensor?) -> (
    input: [Tensor], hidden: [Tensor]?, h: Tensor?, c: Tensor?
  ) {
    let s = step.saved
    switch cell {
    case .tanh: return ([dh * (1 - s[0].square())], nil, nil, nil)
    case .relu:
      return ([Tensor.select(s[0] .> 0, dh, Tensor.zeros([], device: dh.device))], nil, nil, nil)
    case .lstm:
      let (i, f, g, o, y) = (s[0], s[1], s[2], s[3], s[4])
      var d = dh * o * (1 - y.square())
      if let dc { d = d + dc }
      let before = step.before.c.map { d * $0 * f * (1 - f) } ?? Tensor.zeros(f.shape, device: f.device)
      return ([d * g * i * (1 - i), before, d * i * (1 - g.square()), dh * y * o * (1 - o)], nil, nil, d * f)
    case .gru:
      let (r, z, n, p) = (s[0], s[1], s[2], s[3])
      let dn = dh * (1 - z) * (1 - n.square())
      let dr = dn * p * r * (1 - r)
      let dz = dh * (step.before.h - n) * z * (1 - z)
      return ([dr, dz, dn], [dr, dz, dn * r], dh * z, nil)
    }
  }
}
