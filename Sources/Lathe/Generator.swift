import LatheCore
import Synchronization

/// A counter-based random generator with an explicit seed.
///
/// The same state gives the same numbers on every device: uniform numbers to the bit, normal ones to rounding. Drawing
/// moves the state on; saving and setting `state` repeats or resumes a sequence.
public final class Generator: Sendable {
  /// Where a generator stands.
  public struct State: Sendable, Hashable, Codable {
    /// Chosen by the user.
    public var seed: UInt64
    /// Blocks of four numbers drawn so far.
    public var offset: UInt64

    /// A position in the sequence of a seed.
    public init(seed: UInt64, offset: UInt64 = 0) {
      self.seed = seed
      self.offset = offset
    }
  }

  private let current: Mutex<State>

  /// A generator at the start of a seed's sequence.
  public init(seed: UInt64) { current = Mutex(State(seed: seed)) }

  /// A generator at a given place.
  public init(state: State) { current = Mutex(state) }

  /// Where the generator stands.
  public var state: State {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }

  /// Takes the numbers for `count` elements; in the second run of a recomputed region those of the first.
  func key(count: Int) -> RandomKey {
    guard let log = DrawLog.current else { return draw(count) }
    return log.key { draw(count) }
  }

  private func draw(_ count: Int) -> RandomKey {
    current.withLock { state in
      let key = RandomKey(seed: state.seed, offset: state.offset)
      state.offset &+= UInt64((count + 3) / 4)
      return key
    }
  }
}

extension Tensor {
  private static func random(
    _ distribution: RandomDistribution, _ shape: Shape, _ generator: Generator, _ dtype: DType,
    _ device: Device
  ) -> Tensor {
    shape.requireSizes()
    return run(
      .random(distribution, key: generator.key(count: shape.elementCount)), [], output: shape, device: device
    ).cast(to: dtype)
  }

  /// Uniform numbers, low included and high not, in any type; `low` where the two are equal.
  ///
  /// A 16-bit type that holds no number from `low` on and below `high` gives the one below.
  public static func uniform(
    _ shape: Shape, low: Float = 0, high: Float = 1, generator: Generator, dtype: DType = .float32,
    device: Device = .default
  ) -> Tensor {
    require(
      low <= high && low.isFinite && high.isFinite, "uniform: low \(low), high \(high): two numbers in order")
    if dtype == .float64 { return uniformFloat64(shape, Double(low), Double(high), generator, device) }
    let numbers = random(.uniform(low: low, high: high), shape, generator, .float32, device)
    switch dtype {
    case .float32, .float64: return numbers
    case .float16, .bfloat16:
      // Rounding must not leave the ends.
      let ends = dtype.numbers(from: low, below: high)
      return numbers.clamped(ends.0, ends.1).cast(to: dtype)
    case .int32, .int64, .uint8, .int8, .int16, .uint16, .uint32: return numbers.floor().cast(to: dtype)
    case .bool: return numbers.cast(to: dtype)
    }
  }

  /// Numbers of 48 bits, each of two that the generator makes.
  private static func uniformFloat64(
    _ shape: Shape, _ low: Double, _ high: Double, _ generator: Generator, _ device: Device
  ) -> Tensor {
    let parts = random(.uniform(low: 0, high: 1), [2] + shape, generator, .float64, device)
    let numbers = (parts[0] + parts[1] * 0x1p-24) * (high - low) + low
    return low < high ? numbers.minimum(high.nextDown) : numbers
  }

  /// Normally distributed numbers.
  public static func normal(
    _ shape: Shape, mean: Float = 0, deviation: Float = 1, generator: Generator, dtype: DType = .float32,
    device: Device = .default
  ) -> Tensor {
    if dtype == .float64 {
      // Box and Muller (1958).
      let u = uniformFloat64([2] + shape, 0, 1, generator, device)
      let radius = (-((-u[0]).log1p()) * 2).sqrt()
      return radius * (u[1] * (2 * Double.pi)).cos() * Double(deviation) + Double(mean)
    }
    return random(.normal(mean: mean, deviation: deviation), shape, generator, dtype, device)
  }

  /// 1 with a probability, else 0.
  public static func bernoulli(
    _ shape: Shape, probability: Float, generator: Generator, dtype: DType = .float32,
    device: Device = .default
  ) -> Tensor {
    require(probability >= 0 && probability <= 1, "bernoulli: probability \(probability)")
    return random(.bernoulli(probability: probability), shape, generator, dtype, device)
  }

  /// The numbers 0..<count in random order (int32): the order that sorts `count` uniform numbers.
  public static func permutation(_ count: Int, generator: Generator, device: Device = .default) -> Tensor {
    uniform([count], generator: generator, device: device).argsort()
  }

  /// Each element 0 with a probability, else divided by 1 - probability (Srivastava et al., 2014); zeros for 1.
  ///
  /// The mask is made again from the generator's counter for the gradient, never stored.
  public func dropout(probability: Float, generator: Generator) -> Tensor {
    require(probability >= 0 && probability <= 1, "dropout: probability \(probability) is not in 0...1")
    require(dtype.isFloatingPoint, "dropout: not defined on \(dtype)")
    if probability == 0 { return self }
    let key = generator.key(count: count)
    if dtype == .float64 {
      // The mask that float32 has.
      let ones = Tensor.ones(shape, device: device)
      let stays =
        Tensor.run(.dropout(probability: probability, key: key), [ones.contiguous()], output: shape) .!= 0
      return Tensor.where(stays, self / (1 - Double(probability)), zero)
    }
    return cast(to: .float32).dropped(probability, key).cast(to: dtype)
  }

  private func dropped(_ probability: Float, _ key: RandomKey) -> Tensor {
    Tensor.run(.dropout(probability: probability, key: key), [detached().contiguous()], output: shape)
      .recorded("dropout", [self]) { gradient, _ in [gradient.dropped(probability, key)] }
  }
}

extension DType {
  /// The smallest and the largest number that a 16-bit type holds from `low` on and below `high`.
  fileprivate func numbers(from low: Float, below high: Float) -> (Float, Float) {
    var first = low.rounded(to: self)
    if first < low { first = next(first, up: true) }
    var last = high.rounded(to: self)
    if last >= high && high > low { last = next(last, up: false) }
    return (Swift.min(first, last), last)
  }

  /// The neighbour of a number that a 16-bit type holds.
  private func next(_ number: Float, up: Bool) -> Float {
    if self == .float16 {
      return Float(up ? Float16(number).nextUp : Float16(number).nextDown)
    }
    let bits = BFloat16Bits.bits(number)
    if bits & 0x7fff == 0 { return BFloat16Bits.float(up ? 0x0001 : 0x8001) }
    return BFloat16Bits.float((number > 0) == up ? bits + 1 : bits - 1)
  }
}
