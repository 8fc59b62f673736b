import Glibc
import LatheCore

/// How values between elements are found.
public enum InterpolationMode: Sendable, CaseIterable {
  /// The element whose stretch of the axis holds the place; `nearestExact` goes by the middles of the places.
  case nearest, nearestExact
  /// By the two neighbours: bilinear for images, trilinear for volumes.
  case linear
  /// By four neighbours and a cubic convolution with a = -3/4 (-1/2 with antialiasing): bicubic for images.
  case cubic
}

extension Tensor {
  /// The elements resampled to other sizes along the axes behind the first two, as PyTorch's `interpolate`.
  ///
  /// - Parameters:
  ///   - size: One size for each axis behind [n, c].
  ///   - mode: How values between elements are found.
  ///   - alignCorners: Whether the first and last elements keep their places, for `linear` and `cubic`; else the edges do.
  ///   - antialias: Whether, where there are fewer places than elements, each is an average of all elements around it, for
  ///     `linear` and `cubic`.
  public func interpolate(
    to size: [Int], mode: InterpolationMode = .nearest, alignCorners: Bool = false, antialias: Bool = false
  ) -> Tensor {
    interpolate(to: size, by: nil, mode, alignCorners: alignCorners, antialias: antialias)
  }

  /// The elements resampled to sizes that are multiples of those along the axes behind the first two, as PyTorch's
  /// `interpolate` with a `scale_factor`.
  ///
  /// A size that is no whole number is rounded down; places are then as far apart as the factor says, not as the sizes do.
  ///
  /// - Parameters:
  ///   - scale: One factor for each axis behind [n, c].
  ///   - mode: How values between elements are found.
  ///   - alignCorners: Whether the first and last elements keep their places, for `linear` and `cubic`, whatever the factor.
  ///   - antialias: Whether, where there are fewer places than elements, each is an average of all elements around it, for
  ///     `linear` and `cubic`.
  public func interpolate(
    scale: [Double], mode: InterpolationMode = .nearest, alignCorners: Bool = false, antialias: Bool = false
  ) -> Tensor {
    require(
      rank >= 3 && scale.count == rank - 2 && scale.allSatisfy { $0 > 0 && $0.isFinite },
      "interpolate: factors \(scale) for a tensor of shape \(shape): one above 0 for each axis behind [n, c]")
    let sizes = zip(shape.dropFirst(2), scale).map { Double($0) * $1 }
    require(
      sizes.allSatisfy { $0 >= 1 && $0 <= Double(Int32.max) },
      "interpolate: factors \(scale) for a tensor of shape \(shape): each axis gets 1 to \(Int32.max) elements"
    )
    return interpolate(
      to: sizes.map { Int($0) }, by: scale, mode, alignCorners: alignCorners, antialias: antialias)
  }

  private func interpolate(
    to size: [Int], by scale: [Double]?, _ mode: InterpolationMode, alignCorners: Bool, antialias: Bool
  ) -> Tensor {
    require(
      rank >= 3 && size.count == rank - 2 && size.allSatisfy { $0 > 0 }
        && shape.dropFirst(2).allSatisfy { $0 > 0 },
      "interpolate: sizes \(size) for a tensor of shape \(shape): one for each axis behind [n, c], none of them 0"
    )
    require(dtype.isFloatingPoint, "interpolate: not defined on \(dtype)")
    let isSmooth = mode == .linear || mode == .cubic
    require(
      isSmooth || (!alignCorners && !antialias),
      "interpolate: \(mode) has neither aligned corners nor antialiasing")
    var result = inFloatType
    for (i, n) in size.enumerated() {
      let taps = InterpolationTaps(
        from: shape[i + 2], to: n, by: scale?[i], mode: mode, alignCorners: alignCorners, antialias: antialias
      )
      result = result.resampled(axis: i + 2, taps)
    }
    return result.cast(to: dtype)
  }

  /// Each place of an axis as a weighted sum of elements.
  private func resampled(axis: Int, _ taps: InterpolationTaps) -> Tensor {
    if taps.isIdentity { return self }
    if taps.count > 4 {
      let matrix = Tensor(
        taps.matrix, shape: [shape[axis], taps.indices.count / taps.count], dtype: dtype, device: device)
      return transposed(axis, -1).matmul(matrix).transposed(axis, -1)
    }
    let places = taps.indices.count / taps.count
    var along = Shape(repeating: 1, rank: rank)
    along[axis] = places
    let indices = Tensor(taps.indices, shape: [places, taps.count], device: device)
    let weights = Tensor(taps.weights, shape: [places, taps.count], dtype: dtype, device: device)
    var sum: Tensor?
    for k in 0..<taps.count {
      let picked = indexSelected(axis: axis, indices: indices.select(axis: 1, index: k))
      if taps.count == 1 { return picked }
      let term = picked * weights.select(axis: 1, index: k).reshaped(to: along)
      sum = sum.map { $0 + term } ?? term
    }
    return sum ?? self
  }
}

/// Which elements of an axis each place of the result is made of, and with which weights: `count` for each place.
private struct InterpolationTaps {
  var count = 1
  var indices: [Int32] = []
  var weights: [Double] = []
  /// The elements of the axis.
  private var length: Int

  /// - Parameter scale: How many places there are for each element; as the sizes say where nil.
  init(
    from n: Int, to m: Int, by scale: Double?, mode: InterpolationMode, alignCorners: Bool, antialias: Bool
  ) {
    length = n
    let ratio =
      alignCorners
      ? (m > 1 ? Double(n - 1) / Double(m - 1) : 0) : scale.map { 1 / $0 } ?? Double(n) / Double(m)
    if antialias {
      average(n, m, ratio, mode)
      return
    }
    for i in 0..<m {
      // Divided, since a quotient that is a whole number is exact, and a product with 1 / scale may be just below.
      let middle = scale.map { (Double(i) + 0.5) / $0 } ?? (Double(i) + 0.5) * ratio
      let place = alignCorners ? Double(i) * ratio : middle - 0.5
      switch mode {
      // Whole numbers: their quotient must not be rounded up to the next element.
      case .nearest: append([(scale.map { Int(Double(i) / $0) } ?? i * n / m, 1)])
      case .nearestExact: append([(scale == nil ? (2 * i + 1) * n / (2 * m) : Int(middle), 1)])
      case .linear:
        let from = max(place, 0)
        let first = Int(from)
        append([(first, 1 - (from - Double(first))), (first + 1, from - Double(first))])
      case .cubic:
        let first = floor(place)
        append((-1...2).map { (Int(first) + $0, Self.cubic(place - first - Double($0), a: -0.75)) })
      }
    }
  }

  /// Averages over the elements around a place, as wide as the places are apart.
  private mutating func average(_ n: Int, _ m: Int, _ ratio: Double, _ mode: InterpolationMode) {
    let stretch = max(ratio, 1)
    let support = (mode == .cubic ? 2 : 1) * stretch
    count = Int(support.rounded(.up)) * 2 + 1
    for i in 0..<m {
      let center = ratio * (Double(i) + 0.5)
      let first = max(Int(center - support + 0.5), 0)
      let last = min(Int(center + support + 0.5), n)
      var taps = (first..<max(last, first + 1)).map { j -> (Int, Double) in
        let distance = (Double(j) - center + 0.5) / stretch
        return (j, mode == .cubic ? Self.cubic(distance, a: -0.5) : max(0, 1 - abs(distance)))
      }
      let total = taps.reduce(0) { $0 + $1.1 }
      if total != 0 { for k in taps.indices { taps[k].1 /= total } }
      append(taps + Array(repeating: (first, 0), count: count - taps.count))
    }
  }

  /// Keys' cubic convolution.
  private static func cubic(_ x: Double, a: Double) -> Double {
    let x = abs(x)
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0
  }

  private mutating func append(_ taps: [(Int, Double)]) {
    count = taps.count
    for (index, weight) in taps {
      indices.append(Int32(min(max(index, 0), length - 1)))
      weights.append(weight)
    }
  }

  /// Whether every place is the element with its number.
  var isIdentity: Bool {
    guard indices.count == length * count else { return false }
    return (0..<length).allSatisfy { i in
      (0..<count).allSatisfy { k in
        let (index, weight) = (Int(indices[i * count + k]), weights[i * count + k])
        return index == i ? true : weight == 0
      }
    }
  }

  /// The weights as [elements, places].
  var matrix: [Double] {
    let places = indices.count / count
    var result = [Double](repeating: 0, count: length * places)
    for (k, index) in indices.enumerated() { result[Int(index) * places + k / count] += weights[k] }
    return result
  }
}
