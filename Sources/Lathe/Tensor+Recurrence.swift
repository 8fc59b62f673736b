import LatheCore

/// A recurrence over whole sequences with kernels of its own for values and gradients.
///
/// Recording every step would make the gradient of each step's slice as large as the whole sequence; only gradients of
/// gradients go through the steps' own operations. The weights' gradient is one product at the end.
package struct Recurrence: Sendable {
  /// What happens at each step.
  let cell: RecurrentCell
  /// Whether the last element comes first.
  let isReversed: Bool
  /// [batch, steps] of 1 where the sequence has an element and 0 behind its end, where the state is kept.
  let mask: Tensor?

  package init(_ cell: RecurrentCell, isReversed: Bool = false, mask: Tensor? = nil) {
    self.cell = cell
    self.isReversed = isReversed
    self.mask = mask
  }

  private typealias State = (h: Tensor, c: Tensor?)

  /// The states after each step.
  ///
  /// - Parameters:
  ///   - projected: The inputs times their weights, [batch, steps, gates * size].
  ///   - h: The first state [batch, size]; `c` likewise for LSTM.
  ///   - weight: [gates * size, size].
  ///   - bias: [gates * size].
  /// - Returns: [1, batch, steps, size], or for LSTM [2, batch, steps, size]: h, then c.
  package func callAsFunction(
    _ projected: Tensor, h: Tensor, c: Tensor? = nil, weight: Tensor, bias: Tensor? = nil
  ) -> Tensor {
    let inputs = [projected, h, weight] + (c.map { [$0] } ?? []) + (bias.map { [$0] } ?? [])
    let sizes = RecurrentSequence(
      cell: cell, batch: projected.shape[0], steps: projected.shape[1], size: h.shape[1],
      isReversed: isReversed, hasBias: bias != nil, hasMask: mask != nil)
    require(
      projected.rank == 3 && projected.shape[2] == cell.gateCount * sizes.size
        && weight.shape == [projected.shape[2], sizes.size] && h.shape[0] == sizes.batch
        && (c?.shape ?? h.shape) == h.shape && (c != nil) == (cell == .lstm)
        && mask.map { $0.shape == [sizes.batch, sizes.steps] } ?? true,
      "recurrence: projected \(projected.shape), state \(h.shape), weight \(weight.shape)")
    if inputs.contains(where: { $0.dtype == .float64 }) {
      return composed(
        projected.cast(to: .float64), h: h.cast(to: .float64), c: c?.cast(to: .float64), weight: weight,
        bias: bias)
    }
    let shape: Shape = [cell.stateCount, sizes.batch, sizes.steps, sizes.size]
    let operands = (inputs + (mask.map { [$0] } ?? [])).map(Self.plain)
    let results = Tensor.run(
      .recurrence(sizes), operands,
      outputs: [
        (shape, .float32), ([sizes.batch, sizes.steps, cell.savedCount * sizes.size], .float32),
      ])
    return results[0].recorded("recurrence", inputs) { [self] gradient, _ in
      if GradientMode.isRecording {
        let output = composed(projected, h: h, c: c, weight: weight, bias: bias)
        let wanted = inputs.filter { $0.node != nil }
        var found = output.gradients(of: wanted, upstream: gradient, creatingGraph: true)[...]
        return inputs.map { $0.node == nil ? nil : found.removeFirst() }
      }
      return backward(gradient, sizes, operands, results)
    }
  }

  /// In float32, inside `withPrecision` too: the state runs through all steps.
  private static func plain(_ tensor: Tensor) -> Tensor {
    tensor.detached().cast(to: .float32).contiguous()
  }

  /// The gradients of projected, h, weight, c (LSTM) and bias (where there is one), in this order.
  private func backward(
    _ upstream: Tensor, _ sizes: RecurrentSequence, _ operands: [Tensor], _ results: [Tensor]
  ) -> [Tensor?] {
    let (h, weight) = (operands[1], operands[2])
    let state: (shape: Shape, dtype: DType) = (h.shape, .float32)
    let gates: (shape: Shape, dtype: DType) = (operands[0].shape, .float32)
    let extra =
      (cell == .lstm ? [operands[3]] : []) + (sizes.hasMask ? [operands[operands.count - 1]] : [])
    var found = Tensor.run(
      .recurrenceBackward(sizes),
      [Self.plain(upstream), results[0].detached(), results[1], h, weight] + extra,
      outputs: [gates] + (cell == .gru ? [gates] : []) + [state] + (cell == .lstm ? [state] : []))[...]
    let dInput = found.removeFirst()
    let dHidden = cell == .gru ? found.removeFirst() : dInput
    let dh = found.removeFirst()
    let states = results[0].detached().select(axis: 0, index: 0)
    let others = states.sliced(
      axis: 1, from: isReversed ? 1 : 0, to: isReversed ? sizes.steps : sizes.steps - 1)
    let first = h.unsqueezed(1)
    let before = Tensor.concatenate(isReversed ? [others, first] : [first, others], axis: 1)
    let columns = dHidden.shape[2]
    let rows = dHidden.reshaped(to: [-1, columns])
    let dWeight = rows.transposed().matmul(before.reshaped(to: [-1, sizes.size]))
    return [dInput, dh, dWeight] + found + (sizes.hasBias ? [rows.sum(axis: 0)] : [])
  }

  /// The same states by operations that gradients of gradients can be taken of.
  private func composed(_ projected: Tensor, h: Tensor, c: Tensor?, weight: Tensor, bias: Tensor?) -> Tensor {
    let gates = cell.gateCount
    var state: State = (h, c)
    let matrix = weight.transposed()
    let count = projected.shape[1]
    var states: [State] = Array(repeating: state, count: count)
    for t in isReversed ? (0..<count).reversed() : Array(0..<count) {
      var hidden = state.h.matmul(matrix)
      if let bias { hidden = hidden + bias }
      let x = projected.select(axis: 1, index: t).split(count: gates, axis: 1)
      var new = advance(x, hidden.split(count: gates, axis: 1), state)
      if let mask = mask?.select(axis: 1, index: t).unsqueezed(1) {
        new.h = state.h + mask * (new.h - state.h)
        if let old = state.c, let c = new.c { new.c = old + mask * (c - old) }
      }
      state = new
      states[t] = new
    }
    let parts = [Tensor.stack(states.map(\.h), axis: 1)]
    return Tensor.stack(cell == .lstm ? parts + [Tensor.stack(states.compactMap(\.c), axis: 1)] : parts)
  }

  private func advance(_ x: [Tensor], _ p: [Tensor], _ state: State) -> State {
    switch cell {
    case .tanh: return ((x[0] + p[0]).tanh(), nil)
    case .relu: return ((x[0] + p[0]).relu(), nil)
    case .lstm:
      let i = (x[0] + p[0]).sigmoid()
      let f = (x[1] + p[1]).sigmoid()
      let g = (x[2] + p[2]).tanh()
      let o = (x[3] + p[3]).sigmoid()
      let c = state.c.map { f * $0 + i * g } ?? i * g
      return (o * c.tanh(), c)
    case .gru:
      let r = (x[0] + p[0]).sigmoid()
      let z = (x[1] + p[1]).sigmoid()
      let n = (x[2] + r * p[2]).tanh()
      return (n + z * (state.h - n), nil)
    }
  }
}
