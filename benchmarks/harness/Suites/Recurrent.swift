import Foundation
import Lathe
import LatheML

/// Recurrent layers over whole sequences.
enum RecurrentSuite {
  static var workloads: [Workload] { [lstm(32, 64, 256), gru(32, 64, 256)] }

  private static func lstm(_ batch: Int, _ steps: Int, _ size: Int) -> Workload {
    row("lstm", gates: 4, batch, steps, size) {
      LSTM(size, size, generator: Generator(seed: 0), device: $0)
    } advance: { gates, h, c in
      let i = sigmoid(gates[0]), f = sigmoid(gates[1]), o = sigmoid(gates[3])
      c = f * c + i * tanh(gates[2])
      h = o * tanh(c)
    }
  }

  private static func gru(_ batch: Int, _ steps: Int, _ size: Int) -> Workload {
    row("gru", gates: 3, batch, steps, size) {
      GRU(size, size, generator: Generator(seed: 0), device: $0)
    } advance: { gates, h, _ in
      let r = sigmoid(gates[0]), z = sigmoid(gates[1])
      h = (1 - z) * tanh(gates[2] + r * gates[3]) + z * h
    }
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// Outputs and the gradients of all weights, for the sum of the outputs.
  ///
  /// - Parameter advance: A unit's step in float64, from the gates' sums (a GRU's last in two parts).
  private static func row(
    _ name: String, gates: Int, _ batch: Int, _ steps: Int, _ size: Int,
    _ make: @escaping (Device) -> RecurrentLayer,
    advance: @escaping @Sendable (_ gates: [Double], _ h: inout Double, _ c: inout Double) -> Void
  ) -> Workload {
    // Both products of each gate, and as many again for the weights' gradients and for the states'.
    let products = batch * steps * gates * size * size * 2
    return Workload(
      .recurrent, "\(name)-forward-backward", "\(batch)x\(steps)x\(size)",
      parameters: ["batch": batch, "length": steps, "size": size],
      work: .arithmetic(2 * Double(products) * 2.5, bytes: 0), hasPeers: true
    ) { device in
      let layer = make(device)
      let x = try SampleValues(1).tensor([batch, steps, size], on: device)
      let parameters = layer.parameters
      func loss(_ x: Tensor) -> Tensor { layer(x).sum() }
      return Trial(tolerance: 2e-3) {
        for gradient in loss(x).gradients(of: parameters) { try gradient.computed() }
      } check: {
        let (few, short) = (2, 16)
        let part = try SampleValues(1).tensor([few, short, size], on: device)
        let input = try Array64(part)
        return try NetworkReference.error(model: layer, loss: { loss(part) }) {
          sum(input, gates: gates, size: size, $0, advance)
        }
      }
    }
  }

  /// The sum of the outputs in float64.
  private static func sum(
    _ x: Array64, gates: Int, size: Int, _ parameters: ParameterQueue,
    _ advance: (_ gates: [Double], _ h: inout Double, _ c: inout Double) -> Void
  ) -> Double {
    var parameters = parameters
    let (inputWeight, hiddenWeight) = (parameters.take(), parameters.take())
    let (inputBias, hiddenBias) = (parameters.take(), parameters.take())
    let (batch, steps) = (x.shape[0], x.shape[1])
    let projected = x.linear(inputWeight, inputBias)
    var (h, c) = (
      Array64([batch, size], .init(repeating: 0, count: batch * size)),
      [Double](repeating: 0, count: batch * size)
    )
    var total = 0.0
    for step in 0..<steps {
      let hidden = h.linear(hiddenWeight, hiddenBias)
      for row in 0..<batch {
        for unit in 0..<size {
          let from = (0..<gates).map { projected.values[((row * steps + step) * gates + $0) * size + unit] }
          let state = (0..<gates).map { hidden.values[(row * gates + $0) * size + unit] }
          var sums = zip(from, state).map(+)
          // The GRU's last gate takes its parts apart.
          if gates == 3 { sums = [sums[0], sums[1], from[2], state[2]] }
          advance(sums, &h.values[row * size + unit], &c[row * size + unit])
          total += h.values[row * size + unit]
        }
      }
    }
    return total
  }
}
