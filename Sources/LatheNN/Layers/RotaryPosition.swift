import Foundation
import Lathe
import Synchronization

/// How rotary positions are stretched, so that a model reads longer sequences than it was trained on.
public enum RotaryScaling: Sendable, Hashable {
  /// As they were trained.
  case none
  /// Positions divided by a factor (Chen et al., 2023).
  case linear(factor: Double)
  /// A larger base, which leaves fast turns as they are and stretches the slowest by the factor.
  case ntk(factor: Double)
  /// Fast turns as they are, slow ones divided by the factor, a ramp between, and larger products (Peng et al., 2023).
  ///
  /// - Parameters:
  ///   - factor: How much longer sequences become.
  ///   - length: The longest sequence in training.
  ///   - fast: Turns that make this many rounds or more in that length stay.
  ///   - slow: Turns that make fewer than this are divided.
  ///   - attention: What cosines and sines are multiplied by; 0.1 ln(factor) + 1 where nil.
  case yarn(factor: Double, length: Int, fast: Double = 32, slow: Double = 1, attention: Double? = nil)
  /// Turns of long waves divided by the factor, of short ones kept, as in Llama 3.1.
  ///
  /// - Parameters:
  ///   - factor: How much longer sequences become.
  ///   - low: Waves longer than the length divided by this are stretched.
  ///   - high: Waves shorter than the length divided by this stay.
  ///   - length: The longest sequence in training.
  case llama3(factor: Double = 8, low: Double = 1, high: Double = 4, length: Int = 8192)

  /// The turn of each pair divided by a factor of its own, as some files of weights hold them.
  case factors([Double])

  /// Radians a position for each pair of elements.
  ///
  /// - Parameters:
  ///   - width: Elements that are turned, even.
  ///   - base: Sets the slowest turn.
  public func frequencies(width: Int, base: Double) -> [Double] {
    func plain(_ base: Double) -> [Double] {
      stride(from: 0, to: width, by: 2).map { pow(base, -Double($0) / Double(width)) }
    }
    switch self {
    case .none: return plain(base)
    case .linear(let factor): return plain(base).map { $0 / factor }
    case .factors(let factors):
      require(
        factors.count == width / 2, "RotaryScaling: \(factors.count) factors for \(width) elements")
      return zip(plain(base), factors).map { $0 / $1 }
    case .ntk(let factor):
      return plain(width > 2 ? base * pow(factor, Double(width) / Double(width - 2)) : base)
    case .yarn(let factor, let length, let fast, let slow, _):
      // The pair that makes so many rounds.
      func pair(_ rounds: Double) -> Double {
        Double(width) * log(Double(length) / (rounds * 2 * .pi)) / (2 * log(base))
      }
      let first = max(pair(fast).rounded(.down), 0)
      let last = min(pair(slow).rounded(.up), Double(width - 1))
      return plain(base).enumerated().map { index, frequency in
        let ramp = min(max((Double(index) - first) / max(last - first, 0.001), 0), 1)
        return frequency / factor * ramp + frequency * (1 - ramp)
      }
    case .llama3(let factor, let low, let high, let length):
      return plain(base).map { frequency in
        let waves = Double(length) * frequency / (2 * .pi)
        if waves > high { return frequency }
        if waves < low { return frequency / factor }
        let share = (waves - low) / (high - low)
        return (1 - share) * frequency / factor + share * frequency
      }
    }
  }

  /// What cosines and sines are multiplied by.
  public var attention: Double {
    if case .yarn(let factor, _, _, _, let given) = self {
      return given ?? (factor > 1 ? 0.1 * log(factor) + 1 : 1)
    }
    return 1
  }
}

/// Turns queries and keys [batch, heads, time, width] by their positions (Su et al., 2021); see `Tensor.rotated(by:interleaved:)`.
public final class RotaryPosition: PositionModule {
  private let base: Double
  private let interleaved: Bool
  private let scaling: RotaryScaling
  private let width: Int?
  /// Of the first positions, as many as were asked for: layers and steps share it, and forward passes may run at once.
  private let table = Mutex<(turns: RotaryTable, width: Int, device: Device)?>(nil)

  /// - Parameters:
  ///   - base: Sets the slowest turn.
  ///   - interleaved: Whether neighbours are paired, as in the paper, instead of the two halves.
  ///   - scaling: How positions are stretched.
  ///   - width: How many elements of each head are turned, from the first on; all where nil.
  public init(
    base: Double = 10_000, interleaved: Bool = false, scaling: RotaryScaling = .none, width: Int? = nil
  ) {
    require(
      base > 1 && width.map { $0 > 0 && $0 % 2 == 0 } ?? true,
      "RotaryPosition: base \(base), width \(width ?? 0), which is even")
    self.base = base
    self.interleaved = interleaved
    self.scaling = scaling
    self.width = width
  }

  /// Computes the layer.
  public func forward(_ input: Tensor, offset: Int) -> Tensor {
    require(
      input.rank >= 2 && offset >= 0 && (width ?? 0) <= input.shape[input.rank - 1],
      "RotaryPosition: input \(input.shape), offset \(offset), width \(width ?? 0): expected [..., time, width]"
    )
    let all = input.shape[input.rank - 1]
    let turned = width ?? all
    require(turned % 2 == 0, "RotaryPosition: input \(input.shape), whose last size is not even")
    let length = input.shape[input.rank - 2]
    let turns = turns(of: turned, offset + length, input.device).rows(offset..<offset + length)
    return input.rotated(by: turns, interleaved: interleaved)
  }

  /// The turns of at least the first `length` positions; made anew for twice as many, so that decoding seldom does.
  private func turns(of width: Int, _ length: Int, _ device: Device) -> RotaryTable {
    table.withLock { table in
      if let table, table.width == width, table.device == device, table.turns.length >= length {
        return table.turns
      }
      var count = 64
      while count < length { count *= 2 }
      let made = RotaryTable(
        length: count, frequencies: scaling.frequencies(width: width, base: base), factor: scaling.attention,
        device: device)
      table = (made, width, device)
      return made
    }
  }
}
