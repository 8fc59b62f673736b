import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Conversions between all pairs of types where one is a whole-number type that is only stored.
  @Suite("Conversions of narrow whole numbers", .serialized)
  struct NarrowConversions {
    private static let narrow: [DType] = [.int8, .int16, .uint16, .uint32]

    private static let fractions: [Float] = [
      0, 0.9, -0.9, 1.5, -1.5, 127.9, 128, -128.9, -129, 255.5, 256, 32767.5, 32768, -32769, 65535.5, 65536,
      2_147_483_520, 2_147_483_648, 4_294_967_040, 4_294_967_296, -3e9, 9.3e18, -9.3e18, .infinity,
      -.infinity,
      .nan,
    ]

    private static let whole: [Int64] = [
      0, 1, -1, 2, 100, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769, 65535, 65536,
      2_147_483_647,
      2_147_483_648, -2_147_483_648, 4_294_967_295, 4_294_967_296, .max, .min, 0x1234_5678_9abc_def1,
    ]

    /// A whole number as a type holds it.
    private static func wrapped(_ x: Int64, _ dtype: DType) -> Int64 {
      switch dtype {
      case .int8: Int64(Int8(truncatingIfNeeded: x))
      case .int16: Int64(Int16(truncatingIfNeeded: x))
      case .uint16: Int64(UInt16(truncatingIfNeeded: x))
      case .uint32: Int64(UInt32(truncatingIfNeeded: x))
      case .uint8: Int64(UInt8(truncatingIfNeeded: x))
      case .int32: Int64(Int32(truncatingIfNeeded: x))
      case .bool: x != 0 ? 1 : 0
      default: x
      }
    }

    /// A fraction cut towards zero and limited to a type's range.
    private static func limited(_ x: Float, _ dtype: DType) -> Int64 {
      if dtype == .bool { return x != 0 ? 1 : 0 }
      guard let range = dtype.wholeNumbers, !x.isNaN else { return 0 }
      if x >= Float(range.upperBound) { return range.upperBound }
      if x <= Float(range.lowerBound) { return range.lowerBound }
      return Int64(x)
    }

    @Test(arguments: TestDevice.all, DType.allCases)
    func everyPair(_ device: Device, _ from: DType) throws {
      let isNarrow = Self.narrow.contains(from)
      let source =
        from.isFloatingPoint
        ? Tensor(Self.fractions, dtype: from, device: device)
        : Tensor(Self.whole, dtype: from, device: device)
      let targets = DType.allCases.filter { $0 != from && (isNarrow || Self.narrow.contains($0)) }
      let results = targets.map { source.cast(to: $0) }
      // All of them by one program.
      TensorLists.compute([results])
      let floats = try source.scalars(as: Float.self)
      let numbers = try source.scalars(as: Int64.self)
      if !from.isFloatingPoint { #expect(numbers == Self.whole.map { Self.wrapped($0, from) }, "\(from)") }
      for (to, result) in zip(targets, results) {
        #expect(result.dtype == to)
        if to.isFloatingPoint {
          let expected = numbers.map { number -> Float in
            switch to {
            case .float16: Float(Float16(Float(number)))
            case .bfloat16: NDArray.bfloat16(Float(number))
            default: Float(number)
            }
          }
          #expect(try result.scalars(as: Float.self) == expected, "\(from) to \(to)")
        } else {
          let expected =
            from.isFloatingPoint ? floats.map { Self.limited($0, to) } : numbers.map { Self.wrapped($0, to) }
          #expect(try result.scalars(as: Int64.self) == expected, "\(from) to \(to)")
        }
      }
      // Inside a chain as in memory.
      let whole = targets.filter(\.isInteger)
      let chains = whole.map { source.cast(to: $0) + 1 }
      TensorLists.compute([chains])
      for (to, joined) in zip(whole, chains) {
        let expected =
          (from.isFloatingPoint ? floats.map { Self.limited($0, to) } : numbers.map { Self.wrapped($0, to) })
          .map { Self.wrapped($0 &+ 1, to) }
        #expect(try joined.scalars(as: Int64.self) == expected, "\(from) to \(to) + 1")
      }
    }

    @Test func swiftNumbers() throws {
      #expect(try Tensor([Int8.min, -1, .max], device: .cpu).scalars() == [Int8.min, -1, .max])
      #expect(try Tensor([Int16.min, -1, .max], device: .cpu).scalars(as: Int.self) == [-32768, -1, 32767])
      #expect(try Tensor([UInt16.max, 1], device: .cpu).scalars(as: Float.self) == [65535, 1])
      #expect(try Tensor(UInt32.max, device: .cpu).item(as: Int64.self) == 4_294_967_295)
      #expect(try Tensor(Int32(-1), device: .cpu).item(as: UInt32.self) == .max)
      #expect(
        try Tensor([300, -7.5, .nan] as [Double], device: .cpu).scalars(as: Int8.self) == [127, -7, 0])
      #expect(try Tensor([300, -300], device: .cpu).scalars(as: Int8.self) == [44, -44])
      #expect(try Tensor([[1, 2], [3, 4]] as [[UInt16]], device: .cpu).dtype == .uint16)
    }
  }
}
