import LatheCore

/// How much values of a Gaussian process at two rows vary together, in scikit-learn's words.
public indirect enum ProcessKernel: Sendable, Hashable, Codable {
  /// The same for all.
  case constant(Double = 1)
  /// e to the negative half squared distance; one length for all columns, or one for each.
  case rbf(lengths: [Double] = [1])
  /// Less smooth: once (3/2) or twice (5/2) differentiable, or not at all (1/2).
  case matern(lengths: [Double] = [1], Smoothness = .threeHalves)
  /// Noise of each row by itself.
  case white(Double = 1)
  /// Both together.
  case sum(ProcessKernel, ProcessKernel)
  /// One times the other.
  case product(ProcessKernel, ProcessKernel)

  /// How smooth a Matérn kernel is.
  public enum Smoothness: Double, Sendable, Hashable, Codable {
    /// Continuous.
    case half = 0.5
    /// Differentiable.
    case threeHalves = 1.5
    /// Twice differentiable.
    case fiveHalves = 2.5
  }

  /// Both together.
  public static func + (a: ProcessKernel, b: ProcessKernel) -> ProcessKernel { .sum(a, b) }
  /// One times the other.
  public static func * (a: ProcessKernel, b: ProcessKernel) -> ProcessKernel { .product(a, b) }

  /// The logarithms of all settings.
  public var theta: [Double] {
    switch self {
    case .constant(let value), .white(let value): [logarithm(value)]
    case .rbf(let lengths), .matern(let lengths, _): lengths.map { logarithm($0) }
    case .sum(let a, let b), .product(let a, let b): a.theta + b.theta
    }
  }

  /// The same kernel with other settings.
  public func with(theta: [Double]) -> ProcessKernel {
    var left = theta[...]
    return taking(&left)
  }

  private func taking(_ theta: inout ArraySlice<Double>) -> ProcessKernel {
    func next(_ count: Int) -> [Double] {
      let values = theta.prefix(count).map { exponential($0) }
      theta = theta.dropFirst(count)
      return values
    }
    switch self {
    case .constant: return .constant(next(1)[0])
    case .white: return .white(next(1)[0])
    case .rbf(let lengths): return .rbf(lengths: next(lengths.count))
    case .matern(let lengths, let smoothness): return .matern(lengths: next(lengths.count), smoothness)
    case .sum(let a, let b):
      let first = a.taking(&theta)
      return .sum(first, b.taking(&theta))
    case .product(let a, let b):
      let first = a.taking(&theta)
      return .product(first, b.taking(&theta))
    }
  }

  func check(columns: Int) throws {
    switch self {
    case .constant(let value), .white(let value):
      try LinearChecks.expect(
        value > 0 && value.isFinite, "Gaussian process: a kernel's setting is \(value); it must be above 0")
    case .rbf(let lengths), .matern(let lengths, _):
      try LinearChecks.expect(
        (lengths.count == 1 || lengths.count == columns) && lengths.allSatisfy { $0 > 0 && $0.isFinite },
        "Gaussian process: \(lengths.count) lengths for \(columns) columns; there must be one, or one for each, above 0"
      )
    case .sum(let a, let b), .product(let a, let b):
      try a.check(columns: columns)
      try b.check(columns: columns)
    }
  }

  /// The value at two rows, and where asked its derivatives by the logarithms of the settings.
  func value(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ columns: Int, isSame: Bool,
    _ slopes: inout [Double], from first: Int, wanted: Bool
  ) -> Double {
    switch self {
    case .constant(let value):
      if wanted { slopes[first] = value }
      return value
    case .white(let value):
      let own = isSame ? value : 0
      if wanted { slopes[first] = own }
      return own
    case .rbf(let lengths):
      let square = Self.square(a, b, columns, lengths)
      let value = exponential(-0.5 * square)
      if wanted { Self.addSlopes(a, b, columns, lengths, square, value, &slopes, first) }
      return value
    case .matern(let lengths, let smoothness):
      let square = Self.square(a, b, columns, lengths)
      let root = square.squareRoot()
      let (value, factor): (Double, Double)
      switch smoothness {
      case .half:
        value = exponential(-root)
        factor = root > 0 ? value / root : 0
      case .threeHalves:
        let s = 3.0.squareRoot() * root
        value = (1 + s) * exponential(-s)
        factor = 3 * exponential(-s)
      case .fiveHalves:
        let s = 5.0.squareRoot() * root
        value = (1 + s + s * s / 3) * exponential(-s)
        factor = 5.0 / 3 * (1 + s) * exponential(-s)
      }
      if wanted { Self.addSlopes(a, b, columns, lengths, square, factor, &slopes, first) }
      return value
    case .sum(let x, let y):
      let left = x.value(a, b, columns, isSame: isSame, &slopes, from: first, wanted: wanted)
      return left
        + y.value(a, b, columns, isSame: isSame, &slopes, from: first + x.theta.count, wanted: wanted)
    case .product(let x, let y):
      let middle = first + x.theta.count
      let left = x.value(a, b, columns, isSame: isSame, &slopes, from: first, wanted: wanted)
      let right = y.value(a, b, columns, isSame: isSame, &slopes, from: middle, wanted: wanted)
      if wanted {
        for i in first..<middle { slopes[i] *= right }
        for i in middle..<middle + y.theta.count { slopes[i] *= left }
      }
      return left * right
    }
  }

  private static func square(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ columns: Int, _ lengths: [Double]
  ) -> Double {
    var sum = 0.0
    for j in 0..<columns {
      let distance = (a[j] - b[j]) / lengths[lengths.count == 1 ? 0 : j]
      sum += distance * distance
    }
    return sum
  }

  /// By the logarithm of a length the derivative is a factor times the squared distance in its columns.
  private static func addSlopes(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ columns: Int, _ lengths: [Double],
    _ square: Double,
    _ factor: Double, _ slopes: inout [Double], _ first: Int
  ) {
    guard lengths.count > 1 else {
      slopes[first] = factor * square
      return
    }
    for j in 0..<columns {
      let distance = (a[j] - b[j]) / lengths[j]
      slopes[first + j] = factor * distance * distance
    }
  }
}
