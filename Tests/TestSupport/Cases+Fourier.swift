import Glibc
import Lathe

extension NDArray {
  /// The Fourier transform of pairs along an axis by its definition, divided by a number.
  package func fourier(_ axis: Int, inverse: Bool, divisor: Double = 1) -> NDArray {
    let n = shape[axis]
    return NDArray(shape) { index in
      var sum = 0.0
      var at = index
      for j in 0..<n {
        let angle = 2 * Double.pi * Double(index[axis] * j % n) / Double(n) * (inverse ? 1 : -1)
        at[axis] = j
        at[rank - 1] = 0
        let re = self[at]
        at[rank - 1] = 1
        let im = self[at]
        sum += index[rank - 1] == 0 ? re * cos(angle) - im * sin(angle) : re * sin(angle) + im * cos(angle)
      }
      return sum / divisor
    }
  }

  /// Real numbers as pairs.
  package var asComplex: NDArray { NDArray(shape + [2]) { $0[rank] == 0 ? self[Array($0.dropLast())] : 0 } }
}

extension OpCase {
  static let fourierCases: [OpCase] = {
    var cases: [OpCase] = []
    // Short, cut once and twice, with large prime factors, a large prime.
    for n in [1, 5, 16, 64, 72, 96, 134, 131] {
      cases.append(
        OpCase(
          "fft \(n)", [.float([2, n, 2])], tolerance: .accumulated, gradient: n < 20 ? [0] : [],
          views: n == 16,
          run: { $0[0].fft() }, reference: { $0[0].fourier(1, inverse: false) }))
    }
    cases += [
      OpCase(
        "ifft", [.float([3, 10, 2, 2])], tolerance: .accumulated, gradient: [0], secondOrder: true,
        run: { $0[0].ifft(axis: 1).square() },
        reference: { $0[0].fourier(1, inverse: true, divisor: 10).map { $0 * $0 } }),
      OpCase(
        "ifft 67", [.float([1, 67, 2])], tolerance: .accumulated,
        run: { $0[0].ifft(normalization: .forward) },
        reference: { $0[0].fourier(1, inverse: true) }),
      OpCase(
        "fft ortho", [.float([6, 2])], tolerance: .accumulated, run: { $0[0].fft(normalization: .ortho) },
        reference: { $0[0].fourier(0, inverse: false, divisor: 6.0.squareRoot()) }),
    ]
    for n in [7, 8] {
      cases += [
        OpCase(
          "rfft \(n)", [.float([2, n])], tolerance: .accumulated, gradient: [0], views: n == 8,
          run: { $0[0].rfft() },
          reference: { $0[0].asComplex.fourier(1, inverse: false).sliced(1, to: n / 2 + 1) }),
        OpCase(
          "irfft \(n)", [.float([2, n])], tolerance: Tolerance(1e-5, floor: nil), gradient: [0],
          run: { $0[0].rfft().irfft(length: n) }, reference: { $0[0] }),
      ]
    }
    return cases
  }()
}
