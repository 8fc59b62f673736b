/// The numbers that make one example or one batch, whichever worker makes it (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014).
public struct SampleRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A generator that starts at a state.
  public init(state: UInt64) { self.state = state }

  /// The generator of one place in an epoch.
  ///
  /// - Parameters:
  ///   - seed: Of the run.
  ///   - epoch: The epoch.
  ///   - index: The example's number; the batch's, where a batch is made.
  ///   - place: Where in the epoch's order it comes, since an example may come twice.
  public init(seed: UInt64, epoch: Int, index: Int, place: Int) {
    var mixed = seed
    for part in [epoch, index, place] {
      var one = SampleRandom(state: mixed ^ UInt64(bitPattern: Int64(part)))
      mixed = one.next()
    }
    state = mixed
  }

  /// 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number below a bound, all equally likely but for 2^-64.
  public mutating func next(below bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number in 0..<1, of 53 bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number between two others.
  public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  /// Whether something happens that has a probability.
  public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  /// Shuffles places (Fisher and Yates, 1938; Durstenfeld, 1964).
  public mutating func shuffle(_ places: inout [Int]) {
    for i in stride(from: places.count - 1, to: 0, by: -1) { places.swapAt(i, next(below: i + 1)) }
  }

  /// The generator of an epoch's order.
  static func order(seed: UInt64, epoch: Int) -> SampleRandom {
    SampleRandom(state: seed &+ UInt64(bitPattern: Int64(epoch)) &* 0xD1B5_4A32_D192_ED03)
  }
}
