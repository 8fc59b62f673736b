import Lathe

/// How far a result may be from the reference.
package struct Tolerance: Sendable {
  /// The largest normalised error: |result - reference| / (|reference| + floor).
  package var error: Double
  /// What keeps the error finite where the reference is near 0; nil is the root mean square of the reference, at
  /// least 0.01: where the exact result is 0 everywhere, rounding of the terms is all that is left.
  package var floor: Double?

  package init(_ error: Double, floor: Double?) {
    self.error = error
    self.floor = floor
  }

  /// For results computed from a few elements each.
  package static let elementwise = Tolerance(4e-6, floor: 0.05)
  /// For results that are sums of many products: cancellation leaves an error of the size of the terms.
  package static let accumulated = Tolerance(1e-5, floor: nil)

  /// For products of operands that may be rounded to tf32's 11 bits: each is off by up to 2^-12 of itself, and sums cancel.
  package static let tf32 = Tolerance(2e-3, floor: nil)

  /// Sums over transformed tiles, as fast 3x3 convolutions make them.
  package static let transformed = Tolerance(3e-5, floor: nil)

  /// The tolerance for a result type: half types keep 11 or 8 bits.
  package func adjusted(for dtype: DType) -> Tolerance {
    switch dtype {
    case .float16: Tolerance(max(error, 1.2e-3), floor: floor)
    case .bfloat16: Tolerance(max(error, 9e-3), floor: floor)
    default: self
    }
  }
}

/// A result that differs from what it should be.
package struct Mismatch: Error, CustomStringConvertible {
  package var description: String
}

/// Says what differs, or nothing: shape and type first, then the first element beyond the tolerance.
///
/// Whole numbers and truth values must be equal; NaN must meet NaN, an infinity the same one.
package func mismatch(_ result: Tensor, _ expected: NDArray, _ dtype: DType, _ tolerance: Tolerance)
  -> Mismatch?
{
  if result.dtype != dtype { return Mismatch(description: "dtype \(result.dtype), expected \(dtype)") }
  if Array(result.shape) != expected.shape {
    return Mismatch(description: "shape \(result.shape), expected \(expected.shape)")
  }
  let array: NDArray
  do { array = try result.array() } catch { return Mismatch(description: "threw \(error)") }
  return mismatch(array, expected, dtype, tolerance)
}

/// The same for values that were read.
package func mismatch(_ result: NDArray, _ expected: NDArray, _ dtype: DType, _ tolerance: Tolerance)
  -> Mismatch?
{
  let tolerance = tolerance.adjusted(for: dtype)
  let finite = expected.values.filter(\.isFinite)
  let meanSquare = finite.isEmpty ? 0 : finite.map { $0 * $0 }.reduce(0, +) / Double(finite.count)
  let floor = tolerance.floor ?? max(meanSquare.squareRoot(), 0.01)
  var bad = 0
  var first: (index: [Int], error: Double)?
  var worst = 0.0
  NDArray.forEachIndex(expected.shape) { index in
    let (x, y) = (result[index], expected[index])
    let error: Double
    if x == y || (x.isNaN && y.isNaN) {
      error = 0
    } else if !dtype.isFloatingPoint || !x.isFinite || !y.isFinite {
      error = .infinity
    } else {
      error = abs(x - y) / (abs(y) + floor)
    }
    if error <= tolerance.error { return }
    bad += 1
    worst = max(worst, error)
    if first == nil { first = (index, error) }
  }
  guard let first else { return nil }
  return Mismatch(
    description:
      "at \(first.index): \(result[first.index]), expected \(expected[first.index]) (error \(first.error), "
      + "allowed \(tolerance.error)); \(bad) of \(expected.count) elements wrong, worst error \(worst)")
}
