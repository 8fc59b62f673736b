import Glibc
import LatheCore
import Synchronization

/// Tables of Fourier transforms on their devices, so that the host computes and sends each once.
///
/// The oldest go where all together take more memory than `limit`; tables of more than a quarter of it are not kept.
package enum FourierTables {
  /// What a table is for.
  enum Kind: Hashable {
    /// A transform by one product.
    case matrix
    /// The numbers between two steps of a transform that is cut.
    case turns
    /// Those of a transform as a convolution.
    case chirps
  }

  /// Which table.
  struct Key: Hashable {
    var kind: Kind
    var length: Int
    var isInverse: Bool
    var dtype: DType
    var device: Device
  }

  private struct State {
    var tables: [Key: [Tensor]] = [:]
    /// Keys in the order in which they came.
    var order: [Key] = []
    var byteCount = 0
  }

  /// The most bytes of all tables together.
  package static let limit = 64 << 20
  private static let state = Mutex(State())

  /// The bytes that tables take now.
  package static var byteCount: Int { state.withLock { $0.byteCount } }

  /// A table that is kept, or one that is made and kept.
  static func kept(_ key: Key, _ make: () -> [Tensor]) -> [Tensor] {
    if let found = state.withLock({ $0.tables[key] }) { return found }
    // Without the lock: tables may need others. A graph that is being recorded takes them as constants. Those that fail
    // are not kept.
    let made = GraphRecorder.$current.withValue(nil) { noGradient(make) }
    let size = made.reduce(0) { $0 + $1.count * $1.dtype.byteCount }
    guard size <= limit / 4, (try? made.forEach { try $0.computed() }) != nil else { return made }
    return state.withLock { state in
      if let found = state.tables[key] { return found }
      state.tables[key] = made
      state.order.append(key)
      state.byteCount += size
      while state.byteCount > limit {
        let oldest = state.order.removeFirst()
        state.byteCount -=
          state.tables.removeValue(forKey: oldest)?
          .reduce(0) { $0 + $1.count * $1.dtype.byteCount } ?? 0
      }
      return made
    }
  }
}

/// Fourier transforms of one length and direction, of rows [rows, 2, n] with real parts in front of imaginary ones.
struct FourierPlan {
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

  /// Tables of a kind for this plan, made where they are not kept.
  private func tables(_ kind: FourierTables.Kind, _ make: () -> [Tensor]) -> [Tensor] {
    FourierTables.kept(
      FourierTables.Key(kind: kind, length: n, isInverse: sign > 0, dtype: dtype, device: device), make)
  }

  /// [2 n, 2 n]: what a column of real parts in front of imaginary ones is multiplied by.
  private var matrix: Tensor {
    tables(.matrix) {
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
      return [Tensor(values, shape: [2 * n, 2 * n], dtype: dtype, device: device)]
    }[0]
  }

  /// What multiplies by complex numbers of shape [...] along the axis of parts: c for c + id, and -d and d.
  private func factors(_ re: Tensor, _ im: Tensor, axis: Int) -> [Tensor] {
    var signs = Shape(repeating: 1, rank: re.rank)
    signs[axis] = 2
    return [re, im * Tensor([-1, 1] as [Float], shape: signs, device: device)]
  }

  private func factors(_ numbers: [(Double, Double)], axis: Int, _ shape: Shape) -> [Tensor] {
    factors(
      Tensor(numbers.map(\.0), shape: shape, dtype: dtype, device: device),
      Tensor(numbers.map(\.1), shape: shape, dtype: dtype, device: device), axis: axis)
  }

  /// Products with complex numbers that broadcast, along the axis of parts of x.
  private func product(_ x: Tensor, axis: Int, _ factors: [Tensor]) -> Tensor {
    // (a + ib)(c + id): parts times c, and parts the other way round times -d and d.
    x * factors[0] + x.flipped([axis]) * factors[1]
  }

  /// Cooley and Tukey (1965): transforms over every `m`-th element, turned, and transforms of what lies between.
  private func cut(_ x: Tensor, _ m: Int) -> Tensor {
    let (rows, rest) = (x.shape[0], n / m)
    let first = FourierPlan(m, like: self).matrix.matmul(x.reshaped(to: [rows, 2 * m, rest]))
      .reshaped(to: [rows, 2, m, rest]).permuted([0, 2, 1, 3])
    let turns = tables(.turns) {
      let roots = (0..<m).flatMap { k in (0..<rest).map { root(k * $0, of: n) } }
      return factors(roots, axis: 2, [1, m, 1, rest])
    }
    let turned = product(first, axis: 2, turns)
    let second = FourierPlan(rest, like: self).transformed(turned.reshaped(to: [rows * m, 2, rest]))
    return second.reshaped(to: [rows, m, 2, rest]).permuted([0, 2, 3, 1]).reshaped(to: x.shape)
  }

  /// Bluestein (1970): with jk = (j^2 + k^2 - (k - j)^2) / 2 the sum is a convolution with a chirp, by transforms of a
  /// power of two.
  private func convolved(_ x: Tensor) -> Tensor {
    var length = 1
    while length < 2 * n - 1 { length *= 2 }
    let forward = FourierPlan(length, inverse: false, dtype: dtype, device: device)
    let chirps = tables(.chirps) { self.chirps(forward) }
    let start = product(x, axis: 1, Array(chirps[..<2])).padded([(0, length - n)])
    let joined = product(forward.transformed(start), axis: 1, Array(chirps[2...])).contiguous()
    let sums = FourierPlan(length, inverse: true, dtype: dtype, device: device).transformed(joined)
    return product(sums.sliced(axis: 2, to: n) * (1 / Float(length)), axis: 1, Array(chirps[..<2]))
      .contiguous()
  }

  /// The factors of the chirp itself, and of the transform of the one that it is convolved with.
  private func chirps(_ forward: FourierPlan) -> [Tensor] {
    let length = forward.n
    // e^(i pi k^2 / n) repeats after 2 n.
    func chirp(_ k: Int, _ direction: Double) -> (Double, Double) {
      let angle = Double.pi * Double(k * k % (2 * n)) / Double(n)
      return (cos(angle), direction * sin(angle))
    }
    var filter = [Double](repeating: 0, count: 2 * length)
    for k in 0..<n {
      let (re, im) = chirp(k, -sign)
      for place in k == 0 ? [0] : [k, length - k] {
        filter[place] = re
        filter[length + place] = im
      }
    }
    let b = forward.transformed(Tensor(filter, shape: [1, 2, length], dtype: dtype, device: device))
    return factors((0..<n).map { chirp($0, sign) }, axis: 1, [1, 1, n])
      + factors(b.sliced(axis: 1, to: 1), b.sliced(axis: 1, from: 1), axis: 1)
  }
}
