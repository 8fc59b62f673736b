import Glibc
import LatheCore

/// By what the sums of a Fourier transform are divided, by PyTorch's names.
public enum FourierNormalization: Sendable, CaseIterable {
  /// The inverse by the length; neither; the transform by the length.
  case backward, ortho, forward

  /// What a transform of a length is multiplied by.
  fileprivate func scale(_ n: Int, inverse: Bool) -> Double {
    switch self {
    case .backward: inverse ? 1 / Double(n) : 1
    case .ortho: 1 / Double(n).squareRoot()
    case .forward: inverse ? 1 : 1 / Double(n)
    }
  }
}

// Complex numbers are pairs, real and imaginary part, along a last axis of size 2, as PyTorch's `view_as_real` shows
// them. Axes are counted without it.

extension Tensor {
  /// The discrete Fourier transform of complex numbers along an axis, for any length.
  ///
  /// Lengths without a prime factor above 64 are cut into factors up to that, each a matrix product; others are
  /// convolutions of such a length (Bluestein, 1970).
  ///
  /// - Parameters:
  ///   - axis: Along which axis, counted without that of the pairs.
  ///   - normalization: By what the sums are divided.
  /// - Returns: Complex numbers of the same shape; float64 is computed in itself, every other type in float32.
  public func fft(axis: Int = -1, normalization: FourierNormalization = .backward) -> Tensor {
    fourier("fft", axis, inverse: false, normalization)
  }

  /// The inverse of `fft`.
  ///
  /// - Parameters:
  ///   - axis: Along which axis, counted without that of the pairs.
  ///   - normalization: By what the sums are divided, as in the transform that it undoes.
  public func ifft(axis: Int = -1, normalization: FourierNormalization = .backward) -> Tensor {
    fourier("ifft", axis, inverse: true, normalization)
  }

  /// The Fourier transform of real numbers: the first half of its frequencies, which the other one mirrors.
  ///
  /// - Parameters:
  ///   - axis: Along which axis.
  ///   - normalization: By what the sums are divided.
  /// - Returns: Complex numbers, n / 2 + 1 along the axis.
  public func rfft(axis: Int = -1, normalization: FourierNormalization = .backward) -> Tensor {
    let a = self.axis(axis, "rfft")
    let real = dtype.isFloatingPoint ? self : inFloatType
    return Tensor.stack([real, real.zero.expanded(to: shape)], axis: -1)
      .fourier("rfft", a, inverse: false, normalization).sliced(axis: a, to: shape[a] / 2 + 1)
  }

  /// The inverse of `rfft`; what is imaginary in the sum's first and, for even lengths, last frequency does not count.
  ///
  /// - Parameters:
  ///   - length: The number of real numbers; twice the frequencies less 2 where nil.
  ///   - axis: Along which axis, counted without that of the pairs.
  ///   - normalization: By what the sums are divided, as in the transform that it undoes.
  public func irfft(
    length: Int? = nil, axis: Int = -1, normalization: FourierNormalization = .backward
  ) -> Tensor {
    let a = complexAxis("irfft", axis)
    let n = length ?? 2 * (shape[a] - 1)
    require(
      n > 0 && shape[a] == n / 2 + 1,
      "irfft: \(shape[a]) frequencies for a length of \(n), which has \(Swift.max(n, 0) / 2 + 1)")
    let mirrored = sliced(axis: a, from: 1, to: n - n / 2).flipped([a])
    let sign = Tensor([1, -1] as [Float], device: device).cast(to: dtype)
    let whole = Tensor.concatenate([self, mirrored * sign], axis: a)
    return whole.fourier("irfft", a, inverse: true, normalization).select(axis: -1, index: 0)
  }

  /// An axis of complex numbers counted from the front.
  private func complexAxis(_ name: StaticString, _ axis: Int) -> Int {
    require(
      rank >= 2 && shape[rank - 1] == 2 && dtype.isFloatingPoint,
      "\(name): a tensor of shape \(shape) of \(dtype), not of complex numbers: pairs along a last axis of size 2"
    )
    require(
      axis >= 1 - rank && axis < rank - 1,
      "\(name): axis \(axis) is outside complex numbers of shape \(shape)")
    return axis < 0 ? axis + rank - 1 : axis
  }

  private func fourier(
    _ name: StaticString, _ axis: Int, inverse: Bool, _ normalization: FourierNormalization
  ) -> Tensor {
    let a = complexAxis(name, axis)
    let n = shape[a]
    require(n > 0, "\(name): axis \(axis) of \(shape) has no elements")
    require(n <= 1 << 30, "\(name): axis \(axis) of \(shape) is longer than 2^30")
    let result = dtype
    let scale = normalization.scale(n, inverse: inverse)
    let sums = inFloatType.fourierSums(a, inverse: inverse)
    return (scale == 1 ? sums : sums * scale).cast(to: result)
  }

  /// The sums alone; the gradient of theirs is the transform in the other direction.
  private func fourierSums(_ axis: Int, inverse: Bool) -> Tensor {
    let n = shape[axis]
    var order = Array(0..<rank)
    order.remove(at: axis)
    order.append(axis)
    let rows = detached().permuted(order)
    let moved = rows.shape
    let plan = FourierPlan(n, inverse: inverse, dtype: dtype, device: device)
    let result = plan.transformed(rows.reshaped(to: [count / (2 * n), 2, n])).reshaped(to: moved)
    var back = Array(0..<rank - 1)
    back.insert(rank - 1, at: axis)
    return result.permuted(back).recorded("fft", [self]) { gradient, _ in
      [gradient.fourierSums(axis, inverse: !inverse)]
    }
  }
}

/// Fourier transforms of one length and direction, of rows [rows, 2, n] with real parts in front of imaginary ones.
private struct FourierPlan {
  /// The longest transform by one matrix product.
  private static let longestDirect = 64

  private let n: Int
  /// Of the exponent i 2 pi / n.
  private let sign: Double
  private let dtype: DType
  private let device: Device

  init(_ n: Int, inverse: Bool, dtype: DType, device: Device) {
    self.n = n
    sign = inverse ? 1 : -1
    self.dtype = dtype
    self.device = device
  }

  private init(_ n: Int, like plan: FourierPlan) {
    self.n = n
    sign = plan.sign
    dtype = plan.dtype
    device = plan.device
  }

  func transformed(_ x: Tensor) -> Tensor {
    if n == 1 || x.count == 0 { return x }
    if n <= Self.longestDirect {
      return x.reshaped(to: [x.shape[0], 2 * n]).matmul(matrix.transposed()).reshaped(to: x.shape)
    }
    guard let factor = (2...Self.longestDirect).last(where: { n % $0 == 0 }) else { return convolved(x) }
    return cut(x, factor)
  }

  /// cos and sin of 2 pi k / n, with the plan's sign.
  private func root(_ k: Int, of n: Int) -> (Double, Double) {
    let angle = 2 * Double.pi * Double(k % n) / Double(n)
    return (cos(angle), sign * sin(angle))
  }

  /// [2 n, 2 n]: what a column of real parts in front of imaginary ones is multiplied by.
  private var matrix: Tensor {
    var values = [Double](repeating: 0, count: 4 * n * n)
    for k in 0..<n {
      for j in 0..<n {
        let (re, im) = root(k * j, of: n)
        values[k * 2 * n + j] = re
        values[k * 2 * n + n + j] = -im
        values[(n + k) * 2 * n + j] = im
        values[(n + k) * 2 * n + n + j] = re
      }
    }
    return Tensor(values, shape: [2 * n, 2 * n], dtype: dtype, device: device)
  }

  /// Products with complex numbers of shape [...] that broadcast, along the axis of parts of x.
  private func product(_ x: Tensor, axis: Int, _ numbers: [(Double, Double)], _ shape: Shape) -> Tensor {
    // (a + ib)(c + id): parts times c, and parts the other way round times -d and d.
    let re = Tensor(numbers.map(\.0), shape: shape, dtype: dtype, device: device)
    let im = Tensor(numbers.map(\.1), shape: shape, dtype: dtype, device: device)
    var signs = Shape(repeating: 1, rank: shape.rank)
    signs[axis] = 2
    let turned = im * Tensor([-1, 1] as [Float], shape: signs, device: device)
    return x * re + x.flipped([axis]) * turned
  }

  /// Cooley and Tukey (1965): transforms over every `m`-th element, turned, and transforms of what lies between.
  private func cut(_ x: Tensor, _ m: Int) -> Tensor {
    let (rows, rest) = (x.shape[0], n / m)
    let first = FourierPlan(m, like: self).matrix.matmul(x.reshaped(to: [rows, 2 * m, rest]))
      .reshaped(to: [rows, 2, m, rest]).permuted([0, 2, 1, 3])
    let turns = (0..<m).flatMap { k in (0..<rest).map { root(k * $0, of: n) } }
    let turned = product(first, axis: 2, turns, [1, m, 1, rest])
    let second = FourierPlan(rest, like: self).transformed(turned.reshaped(to: [rows * m, 2, rest]))
    return second.reshaped(to: [rows, m, 2, rest]).permuted([0, 2, 3, 1]).reshaped(to: x.shape)
  }

  /// Bluestein (1970): with jk = (j^2 + k^2 - (k - j)^2) / 2 the sum is a convolution with a chirp, by transforms of a
  /// power of two.
  private func convolved(_ x: Tensor) -> Tensor {
    // e^(i pi k^2 / n) repeats after 2 n.
    func chirp(_ k: Int, _ direction: Double) -> (Double, Double) {
      let angle = Double.pi * Double(k * k % (2 * n)) / Double(n)
      return (cos(angle), direction * sin(angle))
    }
    var length = 1
    while length < 2 * n - 1 { length *= 2 }
    let own = (0..<n).map { chirp($0, sign) }
    let start = product(x, axis: 1, own, [1, 1, n]).padded([(0, length - n)])
    var filter = [Double](repeating: 0, count: 2 * length)
    for k in 0..<n {
      let (re, im) = chirp(k, -sign)
      for place in k == 0 ? [0] : [k, length - k] {
        filter[place] = re
        filter[length + place] = im
      }
    }
    let forward = FourierPlan(length, inverse: false, dtype: dtype, device: device)
    let a = forward.transformed(start)
    let b = forward.transformed(Tensor(filter, shape: [1, 2, length], dtype: dtype, device: device))
    let (re, im) = (b.sliced(axis: 1, to: 1), b.sliced(axis: 1, from: 1))
    let signs = Tensor([-1, 1] as [Float], shape: [1, 2, 1], device: device)
    let joined = (a * re + a.flipped([1]) * (im * signs)).contiguous()
    let sums = FourierPlan(length, inverse: true, dtype: dtype, device: device).transformed(joined)
    return product(sums.sliced(axis: 2, to: n) * (1 / Float(length)), axis: 1, own, [1, 1, n]).contiguous()
  }
}
