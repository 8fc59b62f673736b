import LatheCore
import LatheTables

/// The rising steps that are nearest to numbers, found by pooling neighbours (scikit-learn's `IsotonicRegression`).
public struct IsotonicRegression: Sendable, Hashable, Codable {
  /// Places between which values are interpolated, rising.
  public let thresholds: [Double]
  /// The values at these places.
  public let values: [Double]

  /// Whether lists that came from a file fit each other.
  var isSound: Bool { (try? IsotonicRegression(thresholds: thresholds, values: values)) != nil }

  /// Steps of known places.
  ///
  /// - Throws: `LatheError.invalidArgument` where counts differ or places do not rise.
  public init(thresholds: [Double], values: [Double]) throws {
    guard thresholds.count == values.count, !values.isEmpty,
      zip(thresholds, thresholds.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw LatheError(
        .invalidArgument, "isotonic regression: \(thresholds.count) rising places for \(values.count) values")
    }
    self.thresholds = thresholds
    self.values = values
  }

  /// The steps of numbers.
  ///
  /// - Parameters:
  ///   - isIncreasing: Whether values rise with x; they fall otherwise.
  ///   - range: What values are held to.
  /// - Throws: `LatheError.invalidArgument` where counts differ, a value is not finite or a weight negative.
  public init(
    fit x: [Double], _ y: [Double], weights: [Double]? = nil, isIncreasing: Bool = true,
    range: ClosedRange<Double>? = nil
  ) throws {
    guard x.count == y.count, !x.isEmpty, weights.map({ $0.count == x.count }) ?? true,
      x.allSatisfy(\.isFinite), y.allSatisfy(\.isFinite), weights?.allSatisfy({ $0 >= 0 }) ?? true
    else {
      throw LatheError(
        .invalidArgument,
        "isotonic regression: \(x.count) places, \(y.count) values and \(weights?.count ?? x.count) weights; all must be "
          + "finite, and no weight negative")
    }
    let order = x.indices.filter { weights?[$0] != 0 }.sorted { x[$0] < x[$1] }
    guard !order.isEmpty else {
      throw LatheError(.invalidArgument, "isotonic regression: all weights are zero")
    }
    // Equal places are one, with the mean of their values.
    var places: [Double] = []
    var pools: [(mean: Double, weight: Double)] = []
    for row in order {
      let weight = weights?[row] ?? 1
      if places.last == x[row], let last = pools.last {
        let sum = last.weight + weight
        pools[pools.count - 1] = ((last.mean * last.weight + y[row] * weight) / sum, sum)
      } else {
        places.append(x[row])
        pools.append((y[row], weight))
      }
    }
    var steps = Self.pooled(isIncreasing ? pools : pools.map { (-$0.mean, $0.weight) })
    if !isIncreasing { steps = steps.map { -$0 } }
    if let range { steps = steps.map { min(max($0, range.lowerBound), range.upperBound) } }
    // What lies between two equal neighbours says nothing.
    let kept = steps.indices.filter {
      $0 == 0 || $0 == steps.count - 1 || steps[$0] != steps[$0 - 1] || steps[$0] != steps[$0 + 1]
    }
    thresholds = kept.map { places[$0] }
    values = kept.map { steps[$0] }
  }

  /// Neighbours that fall are joined to their mean until none does.
  private static func pooled(_ pools: [(mean: Double, weight: Double)]) -> [Double] {
    var blocks: [(mean: Double, weight: Double, count: Int)] = []
    for pool in pools {
      var own = (mean: pool.mean, weight: pool.weight, count: 1)
      while let last = blocks.last, last.mean >= own.mean {
        let weight = last.weight + own.weight
        own = (
          (last.mean * last.weight + own.mean * own.weight) / weight, weight, last.count + own.count
        )
        blocks.removeLast()
      }
      blocks.append(own)
    }
    return blocks.flatMap { [Double](repeating: $0.mean, count: $0.count) }
  }

  /// Values between the places; beyond them those of the ends.
  public func predict(_ x: [Double]) -> [Double] {
    x.map { x in
      var (low, high) = (0, thresholds.count)
      while low < high {
        let middle = (low + high) / 2
        if thresholds[middle] < x { low = middle + 1 } else { high = middle }
      }
      if low == 0 { return x.isNaN ? .nan : values[0] }
      if low == thresholds.count { return values[low - 1] }
      let (a, b) = (thresholds[low - 1], thresholds[low])
      return values[low - 1] + (values[low] - values[low - 1]) * ((x - a) / (b - a))
    }
  }
}
