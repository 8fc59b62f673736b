import Foundation
import Lathe

/// Masks and biases that follow from the places of queries and keys alone.
///
/// Query i of t stands at place i + m - t among m keys: the last query at the last key, as behind a cache.
public enum AttentionBias {
  /// Bools [t, m], true where a key is fewer than `window` places from the query, on either side.
  ///
  /// - Parameters:
  ///   - window: How many places a query sees, its own included.
  ///   - queries: How many queries there are, t.
  ///   - keys: How many keys there are, m.
  ///   - device: Where the result lives.
  public static func slidingWindow(
    _ window: Int, queries: Int, keys: Int, device: Device = .default
  ) -> Tensor {
    require(window > 0, "slidingWindow: a window of \(window) places")
    return distances(queries, keys, device) .< Int32(clamping: window)
  }

  /// Attention with linear biases (Press et al., 2022): [heads, t, m], minus the distance of query and key times the slope
  /// of the head.
  ///
  /// - Parameters:
  ///   - heads: How many heads there are.
  ///   - queries: How many queries there are, t.
  ///   - keys: How many keys there are, m.
  ///   - device: Where the result lives.
  public static func linear(heads: Int, queries: Int, keys: Int, device: Device = .default) -> Tensor {
    let slopes = Tensor(slopes(heads).map { Float(-$0) }, shape: [heads, 1, 1], device: device)
    return slopes * distances(queries, keys, device).cast(to: .float32)
  }

  /// The slopes of linear biases: 2^(-8 / heads) and its powers, where heads are a power of two; else those of the next
  /// smaller one, then every other of the next larger one.
  ///
  /// - Parameter heads: How many heads there are.
  public static func slopes(_ heads: Int) -> [Double] {
    require(heads > 0, "AttentionBias: \(heads) heads")
    func powers(_ count: Int) -> [Double] { (1...count).map { pow(2, -8 * Double($0) / Double(count)) } }
    let whole = 1 << (Int.bitWidth - 1 - heads.leadingZeroBitCount)
    let others = powers(2 * whole).enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    return powers(whole) + others.prefix(heads - whole)
  }

  /// [t, m]: how many places a key is from the query.
  private static func distances(_ queries: Int, _ keys: Int, _ device: Device) -> Tensor {
    let places = Tensor.arange(queries, device: device).unsqueezed(1) + Int32(keys - queries)
    return (places - Tensor.arange(keys, device: device)).abs()
  }
}
