/// Arithmetic on many numbers that keeps their digits.
public enum Sums {
  /// A sum by halves, whose error grows with the logarithm of the count.
  public static func sum(_ values: UnsafeBufferPointer<Double>) -> Double {
    if values.count <= 128 {
      var sums = (0.0, 0.0, 0.0, 0.0)
      var place = 0
      while place + 4 <= values.count {
        sums.0 += values[place]
        sums.1 += values[place + 1]
        sums.2 += values[place + 2]
        sums.3 += values[place + 3]
        place += 4
      }
      var rest = 0.0
      while place < values.count {
        rest += values[place]
        place += 1
      }
      return (sums.0 + sums.1) + (sums.2 + sums.3) + rest
    }
    let half = values.count / 2 & ~3
    return sum(UnsafeBufferPointer(rebasing: values[..<half]))
      + sum(UnsafeBufferPointer(rebasing: values[half...]))
  }

  /// The sum of an array.
  public static func sum(_ values: [Double]) -> Double { values.withUnsafeBufferPointer(sum) }

  /// The mean; NaN of no numbers.
  public static func mean(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    return sum(values) / Double(values.count)
  }

  /// The variance in two passes, the second of which takes what rounding left of the mean out again.
  ///
  /// - Parameter freedom: How many the divisor is less than the count: 1 for a sample, as in pandas, 0 for all there is.
  public static func variance(_ values: [Double], freedom: Int = 1) -> Double {
    guard values.count > freedom else { return .nan }
    let mean = mean(values)
    let deviations = values.map { $0 - mean }
    let squares = sum(deviations.map { $0 * $0 })
    let left = sum(deviations)
    return max(0, squares - left * left / Double(values.count)) / Double(values.count - freedom)
  }

  /// A quantile of sorted numbers, between two of them as far as it lies between their places.
  public static func quantile(sorted values: [Double], _ fraction: Double) -> Double {
    guard let last = values.last else { return .nan }
    let place = fraction * Double(values.count - 1)
    let below = Int(place)
    guard below + 1 < values.count else { return last }
    let (low, high) = (values[below], values[below + 1])
    let part = place - Double(below)
    if part == 0 || low == high { return low }
    // From the nearer side, as NumPy does, so that the result never leaves the interval.
    return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part)
  }

  /// Whole numbers exactly; nil where the sum is beyond 64 bits.
  static func sum(_ values: some Sequence<Int64>) -> Int64? {
    var high: Int64 = 0
    var low: UInt64 = 0
    for value in values {
      let (next, carry) = low.addingReportingOverflow(UInt64(bitPattern: value))
      low = next
      high += (value < 0 ? -1 : 0) + (carry ? 1 : 0)
    }
    let result = Int64(bitPattern: low)
    return high == (result < 0 ? -1 : 0) ? result : nil
  }
}

/// A number as the sum of two, with twice the digits.
struct DoubledNumber {
  private(set) var high = 0.0
  private(set) var low = 0.0

  var value: Double { high + low }

  /// Adds a number without rounding what both parts can hold.
  static func + (a: DoubledNumber, b: DoubledNumber) -> DoubledNumber {
    let (sum, error) = twoSum(a.high, b.high)
    let (high, low) = quickTwoSum(sum, error + a.low + b.low)
    return DoubledNumber(high: high, low: low)
  }

  static prefix func - (a: DoubledNumber) -> DoubledNumber { DoubledNumber(high: -a.high, low: -a.low) }

  init(_ value: Double = 0) { high = value }

  /// A square with all its digits.
  init(squareOf value: Double) {
    high = value * value
    low = (-high).addingProduct(value, value)
  }

  private init(high: Double, low: Double) {
    self.high = high
    self.low = low
  }

  private static func twoSum(_ a: Double, _ b: Double) -> (Double, Double) {
    let sum = a + b
    let part = sum - a
    return (sum, (a - (sum - part)) + (b - part))
  }

  private static func quickTwoSum(_ a: Double, _ b: Double) -> (Double, Double) {
    let sum = a + b
    return (sum, b - (sum - a))
  }
}
