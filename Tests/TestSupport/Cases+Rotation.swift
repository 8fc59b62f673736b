import Foundation
import Lathe
import LatheCore

extension OpCase {
  /// Rows whose pairs are turned by the angles of their positions.
  static let rotationCases: [OpCase] = {
    var cases: [OpCase] = []
    // Widths around what kernels take at a time, and elements that are not turned behind the pairs.
    for (shape, turned) in [
      ([2, 3, 5, 8], 8), ([1, 2, 3, 70], 70), ([3, 33, 64], 64), ([1, 2], 2), ([2, 2, 2, 10], 6),
      ([2, 9, 100], 36), ([0, 4, 8], 8),
    ] {
      for interleaved in [false, true] {
        cases.append(rotated(shape, turned, interleaved: interleaved))
      }
    }
    cases[0].views = true
    cases[9].views = true
    cases.append(rotated([2, 2, 1, 3, 4], 4, interleaved: false))
    // What types without a kernel take.
    for (dtype, tolerance) in [
      (DType.float64, Tolerance.elementwise), (.bfloat16, Tolerance(0.02, floor: nil)),
    ] {
      for interleaved in [false, true] {
        var opCase = rotated([2, 3, 12], 8, interleaved: interleaved, through: dtype)
        opCase.tolerance = tolerance
        opCase.differentiable = []
        cases.append(opCase)
      }
    }
    return cases
  }()

  private static func rotated(
    _ shape: [Int], _ turned: Int, interleaved: Bool, through dtype: DType = .float32
  ) -> OpCase {
    let frequencies = (0..<turned / 2).map { pow(0.3, Double($0)) }
    let length = shape[shape.count - 2]
    let name = "rotated \(shape) \(turned)\(interleaved ? " interleaved" : "")"
    return OpCase(
      dtype == .float32 ? name : "\(name) through \(dtype)", [.float(shape)],
      gradient: shape[0] == 0 ? [] : [0], secondOrder: shape.count == 4 && turned == 8,
      run: {
        let table = RotaryTable(length: length, frequencies: frequencies, factor: 1.5, device: $0[0].device)
        return $0[0].cast(to: dtype).rotated(by: table, interleaved: interleaved).cast(to: .float32)
      },
      reference: { inputs in
        var result = inputs[0]
        let width = shape[shape.count - 1]
        for row in 0..<(width == 0 ? 0 : result.values.count / width) {
          for (p, frequency) in frequencies.enumerated() {
            let angle = Double(row % length) * frequency
            let first = row * width + (interleaved ? 2 * p : p)
            let second = row * width + (interleaved ? 2 * p + 1 : p + turned / 2)
            let (a, b) = (inputs[0].values[first], inputs[0].values[second])
            result.values[first] = 1.5 * (a * cos(angle) - b * sin(angle))
            result.values[second] = 1.5 * (a * sin(angle) + b * cos(angle))
          }
        }
        return result
      })
  }
}
