import Lathe
import LatheCore
import TestSupport
import Testing

/// Cores share the sequences of a recurrent layer where there are enough, else the units of each step.
///
/// The profile `gpu` has one way only. Small layers are cases of the operation suite. One that is large enough for the
/// steps of few sequences to be cut is too large for differences of a reference; its few sequences are compared with the
/// same among many.
@Suite("Recurrence")
struct RecurrenceSharingTests {
  struct Layer: Sendable {
    let cell: RecurrentCell
    let size: Int
    let isReversed: Bool, hasMask: Bool
  }

  @Test(
    "Two sequences by themselves have the results and gradients that they have among many",
    arguments: [Device.cpu] + TestDevice.openCL("cpu"),
    [
      Layer(cell: .lstm, size: 400, isReversed: false, hasMask: false),
      Layer(cell: .gru, size: 450, isReversed: true, hasMask: true),
      Layer(cell: .tanh, size: 740, isReversed: false, hasMask: true),
    ])
  func sharing(_ device: Device, _ layer: Layer) throws {
    let (cell, size, few, steps) = (layer.cell, layer.size, 2, 3)
    let many = 4 * max(Device.cpu.info.computeUnits, device.info.computeUnits)
    let width = cell.gateCount * size
    #expect(few * width * size > 1 << 20)
    func values(_ shape: Shape, _ scale: Float, _ seed: Int) -> Tensor {
      Tensor(
        (0..<shape.elementCount).map { scale * (Float(($0 * 7919 + seed * 104_729) % 2003) / 1001 - 1) },
        shape: shape, device: device)
    }
    let weight = values([width, size], 0.05, 1)
    let bias = values([width], 0.1, 2)
    let x = values([many, steps, width], 1, 3)
    let h = values([many, size], 1, 4)
    let c = values([many, size], 1, 5)
    let upstream = values([cell.stateCount, many, steps, size], 1, 6)

    func results(_ count: Int) throws -> [[Float]] {
      let inputs = [x, h, c].map { $0[0..<count].contiguous().detached().requiringGradient() }
      let mask = (0..<count * steps).map { Float($0 % steps <= $0 / steps % steps ? 1 : 0) }
      let recurrence = Recurrence(
        cell, isReversed: layer.isReversed,
        mask: layer.hasMask ? Tensor(mask, shape: [count, steps], device: device) : nil)
      let states = recurrence(
        inputs[0], h: inputs[1], c: cell == .lstm ? inputs[2] : nil, weight: weight, bias: bias)
      let wanted = cell == .lstm ? inputs : Array(inputs.prefix(2))
      let gradients = states.gradients(
        of: wanted, upstream: upstream.sliced(axis: 1, from: 0, to: count))
      return try [states.sliced(axis: 1, from: 0, to: few).contiguous()].map {
        try $0.scalars(as: Float.self)
      } + gradients.map { try $0[0..<few].contiguous().scalars(as: Float.self) }
    }
    for (alone, among) in zip(try results(few), try results(many)) {
      #expect(alone.count == among.count)
      let largest = among.reduce(0) { max($0, abs($1)) }
      let distance = zip(alone, among).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(largest > 0 && distance <= 2e-5 * largest)
    }
  }
}
