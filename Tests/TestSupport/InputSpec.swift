import Lathe

/// The numbers an input is filled with.
package enum Values: Sendable {
  /// Any number of a range.
  case uniform(Double, Double)
  /// Numbers of a range and their negatives: for functions with a kink or a pole at 0.
  case signed(Double, Double)
  /// Whole numbers of a range, both ends included.
  case integers(Int, Int)
  /// Different numbers of a range, evenly spaced and shuffled: for functions that compare elements.
  case distinct(Double, Double)
  /// Exactly these, repeated.
  case list([Double])
  /// 0, 1, 2, ...
  case counting
  /// A random order of 0..<count.
  case permutation
  /// 0 and 1.
  case bools
}

/// One input of a case.
package struct InputSpec: Sendable {
  package var shape: [Int]
  package var dtype: DType
  package var values: Values

  package init(_ shape: [Int], _ dtype: DType, _ values: Values) {
    self.shape = shape
    self.dtype = dtype
    self.values = values
  }

  /// A float32 input.
  package static func float(_ shape: [Int], _ values: Values = .uniform(-2, 2)) -> InputSpec {
    InputSpec(shape, .float32, values)
  }

  /// An int32 input, for indices and labels.
  package static func index(_ shape: [Int], _ values: Values) -> InputSpec {
    InputSpec(shape, .int32, values)
  }

  /// The values, rounded to the input's type so that the reference starts from the same numbers.
  package func array(seed: String) -> NDArray {
    var random = TestRandom(seed)
    let count = shape.reduce(1, *)
    let raw: [Double]
    switch values {
    case .uniform(let low, let high): raw = (0..<count).map { _ in random.uniform(low, high) }
    case .signed(let low, let high):
      raw = (0..<count).map { _ in random.uniform(low, high) * (random.integer(0, 1) == 0 ? 1 : -1) }
    case .integers(let low, let high): raw = (0..<count).map { _ in Double(random.integer(low, high)) }
    case .distinct(let low, let high):
      raw = random.permutation(count).map { low + (high - low) * (Double($0) + 0.5) / Double(max(count, 1)) }
    case .list(let list): raw = (0..<count).map { list[$0 % list.count] }
    case .counting: raw = (0..<count).map(Double.init)
    case .permutation: raw = random.permutation(count).map(Double.init)
    case .bools: raw = (0..<count).map { _ in Double(random.integer(0, 1)) }
    }
    return NDArray(shape, raw).rounded(to: dtype)
  }
}

extension NDArray {
  /// The nearest values that a type holds.
  package func rounded(to dtype: DType) -> NDArray {
    switch dtype {
    case .float64: self
    case .float32: map { Double(Float($0)) }
    case .float16: map { Double(Float16($0)) }
    case .bfloat16: map { Double(NDArray.bfloat16(Float($0))) }
    case .int32, .int64, .uint8, .int8, .int16, .uint16, .uint32: map { $0.rounded(.towardZero) }
    case .bool: map { $0 != 0 ? 1 : 0 }
    }
  }

  /// The nearest bfloat16, ties to even.
  package static func bfloat16(_ x: Float) -> Float {
    if x.isNaN || x.isInfinite { return x }
    let bits = x.bitPattern
    let low = bits & 0xffff
    var high = bits >> 16
    if low > 0x8000 || (low == 0x8000 && high & 1 == 1) { high += 1 }
    return Float(bitPattern: high << 16)
  }

  /// The array as a tensor.
  package func tensor(_ dtype: DType, on device: Device) -> Tensor {
    let shape = Shape(self.shape)
    switch dtype {
    case .float64: return Tensor(values, shape: shape, dtype: dtype, device: device)
    case .float32, .float16, .bfloat16:
      return Tensor(values.map { Float($0) }, shape: shape, dtype: dtype, device: device)
    case .int32, .int64, .uint8, .int8, .int16, .uint16, .uint32:
      return Tensor(values.map { Int64($0) }, shape: shape, dtype: dtype, device: device)
    case .bool:
      return Tensor(values.map { $0 != 0 }, shape: shape, dtype: dtype, device: device)
    }
  }
}

extension Tensor {
  /// The elements as the reference holds them.
  package func array() throws -> NDArray {
    let values: [Double]
    if dtype.isFloatingPoint {
      values = try scalars(as: Double.self)
    } else {
      values = try scalars(as: Int64.self).map(Double.init)
    }
    return NDArray(Array(shape), values)
  }
}
