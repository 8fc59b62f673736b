import Lathe

/// The largest difference between values and their references, over the largest reference.
///
/// Relative to the array and not to single elements: sums that nearly cancel have no digits of their own. A value that
/// is not finite where the reference is makes the error infinite.
struct RelativeError {
  private var difference = 0.0
  private var magnitude = 0.0

  /// The error so far; the absolute difference where all references are 0.
  var value: Double { magnitude > 0 ? difference / magnitude : difference }

  mutating func add(_ value: Float, _ reference: Double) { add(Double(value), reference) }

  mutating func add(_ value: Double, _ reference: Double) {
    magnitude = max(magnitude, abs(reference))
    let distance = abs(value - reference)
    // NaN compares as nothing; written so that it counts.
    difference = distance.isFinite && difference.isFinite ? max(difference, distance) : .infinity
  }

  /// The error of a tensor at some places, its reference given by a function of the place.
  static func of(
    _ tensor: Tensor, at places: SamplePlaces, _ reference: (Int) -> Double
  ) throws -> Double {
    var error = RelativeError()
    let values = try tensor.hostValues()
    for place in places.places { error.add(values[place], reference(place)) }
    return error.value
  }
}

extension Tensor {
  /// The elements as Float in row-major order, by one copy of the bytes.
  func hostValues() throws -> [Float] {
    let bytes = try cast(to: .float32).bytes()
    return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }
}
