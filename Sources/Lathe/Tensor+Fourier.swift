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
