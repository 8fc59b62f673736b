import Glibc
import Lathe
import LatheCore

extension OpCase {
  /// Recurrent cells over sequences: forwards and backwards, with a mask, widths around a vector's, few sequences and
  /// enough for two cores to share them.
  static let recurrenceCases: [OpCase] = RecurrentCell.allCases.flatMap { cell in
    [
      (3, 5, false, false), (3, 18, true, false), (3, 33, false, true), (9, 3, true, true),
      (5, 8, false, true),
    ].map {
      batch, size, isReversed, hasMask in
      let (steps, gates) = (4, cell.gateCount)
      let lengths = (0..<batch).map { hasMask ? [4, 1, 3][$0 % 3] : 4 }
      let mask = lengths.flatMap { length in (0..<steps).map { Float($0 < length ? 1 : 0) } }
      var inputs: [InputSpec] = [
        .float([batch, steps, gates * size]), .float([batch, size]),
        .float([gates * size, size], .uniform(-0.5, 0.5)), .float([gates * size]),
      ]
      if cell == .lstm { inputs.append(.float([batch, size])) }
      var result = OpCase(
        "recurrence \(cell) of \(batch) x \(size)\(isReversed ? " reversed" : "")\(hasMask ? " masked" : "")",
        inputs,
        tolerance: .accumulated, gradient: cell == .relu ? [] : Array(inputs.indices), secondOrder: size == 5,
        run: { t in
          let layer = Recurrence(
            cell, isReversed: isReversed,
            mask: hasMask ? Tensor(mask, shape: [batch, steps], device: t[0].device) : nil)
          return layer(t[0], h: t[1], c: cell == .lstm ? t[4] : nil, weight: t[2], bias: t[3])
        },
        reference: { t in
          var states = NDArray([cell.stateCount, batch, steps, size], filledWith: 0)
          for row in 0..<batch {
            var h = (0..<size).map { t[1][row, $0] }
            var c = cell == .lstm ? (0..<size).map { t[4][row, $0] } : []
            for step in isReversed ? (0..<steps).reversed() : Array(0..<steps) {
              if step < lengths[row] {
                let x = (0..<gates * size).map { t[0][[row, step, $0]] }
                let p = (0..<gates * size).map { gate in
                  (0..<size).reduce(t[3].values[gate]) { $0 + h[$1] * t[2][gate, $1] }
                }
                (h, c) = next(cell, x, p, h, c)
              }
              for unit in 0..<size {
                states[[0, row, step, unit]] = h[unit]
                if cell == .lstm { states[[1, row, step, unit]] = c[unit] }
              }
            }
          }
          return states
        })
      result.composesSecondOrder = true
      return result
    }
  }

  /// A cell's step, as PyTorch's documentation has it.
  private static func next(
    _ cell: RecurrentCell, _ x: [Double], _ p: [Double], _ h: [Double], _ c: [Double]
  ) -> ([Double], [Double]) {
    let size = h.count
    func sum(_ gate: Int, _ unit: Int) -> Double { x[gate * size + unit] + p[gate * size + unit] }
    var (newH, newC) = (h, c)
    for unit in 0..<size {
      switch cell {
      case .tanh: newH[unit] = tanh(sum(0, unit))
      case .relu: newH[unit] = Scalar.relu(sum(0, unit))
      case .lstm:
        let (i, f, o) = (
          Scalar.sigmoid(sum(0, unit)), Scalar.sigmoid(sum(1, unit)), Scalar.sigmoid(sum(3, unit))
        )
        newC[unit] = f * c[unit] + i * tanh(sum(2, unit))
        newH[unit] = o * tanh(newC[unit])
      case .gru:
        let (r, z) = (Scalar.sigmoid(sum(0, unit)), Scalar.sigmoid(sum(1, unit)))
        let n = tanh(x[2 * size + unit] + r * p[2 * size + unit])
        newH[unit] = (1 - z) * n + z * h[unit]
      }
    }
    return (newH, newC)
  }
}
