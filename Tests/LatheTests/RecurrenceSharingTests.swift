import Lathe
import LatheCore
import TestSupport
import Testing

/// Cores share the sequences of a recurrent layer where there are enough, else the units of each step.
///
/// Small layers of both kinds are cases of the operation suite; one that is large enough for few sequences to be cut is too large for
/// differences of a reference.
@Suite("Recurrence")
struct RecurrenceSharingTests {
  @Test(
    "Two sequences by themselves have the results and gradients that they have among many",
    arguments: TestDevice.all, [RecurrentCell.lstm, .gru])
  func sharing(_ device: Device, _ cell: RecurrentCell) throws {
    let (many, few, steps, size) = (16, 2, 3, 520)
    let width = cell.gateCount * size
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
      let states = Recurrence(cell, isReversed: false, mask: nil)(
        inputs[0], h: inputs[1], c: cell == .lstm ? inputs[2] : nil, weight: weight, bias: bias)
      let wanted = cell == .lstm ? inputs : Array(inputs.prefix(2))
      let gradients = states.gradients(
        of: wanted, upstream: upstream.sliced(axis: 1, from: 0, to: count))
      return try [states.sliced(axis: 1, from: 0, to: few).contiguous()].map {
        try $0.scalars(as: Float.self)
      }
        + gradients.map { try $0[0..<few].contiguous().scalars(as: Float.self) }
    }
    for (alone, among) in zip(try results(few), try results(many)) {
      #expect(alone.count == among.count)
      let largest = among.reduce(0) { max($0, abs($1)) }
      let distance = zip(alone, among).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(largest > 0 && distance <= 2e-5 * largest)
    }
  }
}
