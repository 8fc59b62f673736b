import Lathe

/// Deterministic numbers for inputs: element i depends on the seed and i alone, so that a reference can ask for
/// single elements of an array that it does not hold.
struct SampleValues {
  private let seed: UInt64
  private let low: Float
  private let width: Float

  /// Uniform numbers, low included.
  init(_ seed: Int, low: Float = -1, high: Float = 1) {
    self.seed = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
    self.low = low
    width = high - low
  }

  /// Element i, exactly as the device gets it.
  subscript(index: Int) -> Float { low + width * Float(SampleValues.mixed(seed, index) >> 40) * 0x1p-24 }

  /// Element i for a reference.
  func double(_ index: Int) -> Double { Double(self[index]) }

  /// The elements in order on a device.
  func tensor(_ shape: Shape, on device: Device) throws -> Tensor {
    let count = shape.elementCount
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for i in 0..<count { buffer[i] = self[i] }
      initialized = count
    }
    return try values.withUnsafeBytes {
      try Tensor(bytes: $0, shape: shape, dtype: .float32, device: device).computed()
    }
  }

  /// Whole numbers in 0..<bound.
  func integer(_ index: Int, below bound: Int) -> Int {
    Int(UInt64(bound).multipliedFullWidth(by: SampleValues.mixed(seed, index)).high)
  }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014) on a counter.
  private static func mixed(_ seed: UInt64, _ index: Int) -> UInt64 {
    var z = seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Places of an array to look at: the first, the last, and others spread at random.
struct SamplePlaces {
  let places: [Int]

  init(_ count: Int, of total: Int, seed: Int = 17) {
    guard total > count else {
      places = Array(0..<total)
      return
    }
    let values = SampleValues(seed)
    places = [0, total - 1] + (0..<max(count - 2, 0)).map { values.integer($0, below: total) }
  }
}
