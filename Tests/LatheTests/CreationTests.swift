import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  @Suite("Creation and host access", .serialized)
  struct Creation {
    @Test(arguments: TestDevice.all)
    func constants(_ device: Device) throws {
      expectEqual(.zeros([2, 3], device: device), NDArray([2, 3], filledWith: 0))
      expectEqual(.ones([2, 3], dtype: .int32, device: device), NDArray([2, 3], filledWith: 1), .int32)
      expectEqual(.full([3], 2.5, device: device), NDArray([3], filledWith: 2.5))
      expectEqual(.full([2], 7, dtype: .int64, device: device), NDArray([2], filledWith: 7), .int64)
      expectEqual(.ones([], dtype: .bool, device: device), NDArray(1), .bool)
      expectEqual(
        .full([2], 0.1, dtype: .float16, device: device), NDArray([2], filledWith: 0.1).rounded(to: .float16),
        .float16)
      expectEqual(.zeros([0, 4], device: device), NDArray([0, 4], []))
      expectEqual(.eye(3, device: device), NDArray([3, 3]) { Scalar.truth($0[0] == $0[1]) })
      expectEqual(
        .eye(2, 4, dtype: .int32, device: device), NDArray([2, 4]) { Scalar.truth($0[0] == $0[1]) }, .int32)
    }

    @Test(arguments: TestDevice.all)
    func ranges(_ device: Device) throws {
      expectEqual(.arange(5, device: device), NDArray([5], [0, 1, 2, 3, 4]), .int32)
      expectEqual(.arange(0, device: device), NDArray([0], []), .int32)
      expectEqual(.arange(1, 2, step: 0.25, device: device), NDArray([4], [1, 1.25, 1.5, 1.75]))
      expectEqual(.arange(5, 0, step: -2, device: device), NDArray([3], [5, 3, 1]))
      expectEqual(.arange(3, 3, device: device), NDArray([0], []))
      expectEqual(.arange(2, 7, step: 2, dtype: .int64, device: device), NDArray([3], [2, 4, 6]), .int64)
      expectEqual(.linspace(0, 1, count: 5, device: device), NDArray([5], [0, 0.25, 0.5, 0.75, 1]))
      expectEqual(.linspace(3, -3, count: 3, device: device), NDArray([3], [3, 0, -3]))
      expectEqual(.linspace(2, 9, count: 1, device: device), NDArray([1], [2]))
    }

    @Test(arguments: TestDevice.all)
    func nestedLists(_ device: Device) throws {
      expectEqual(
        Tensor([[1.5, 2, 3], [4, 5, 6]], device: device), NDArray([2, 3], [1.5, 2, 3, 4, 5, 6]))
      expectEqual(Tensor([[1, 2], [3, 4]], device: device), NDArray([2, 2], [1, 2, 3, 4]), .int64)
      expectEqual(
        Tensor([[[1, 2]], [[3, 4]], [[5, 6]]], dtype: .float32, device: device),
        NDArray([3, 1, 2], [1, 2, 3, 4, 5, 6]))
      expectEqual(
        Tensor([[[[1], [2]], [[3], [4]]]], dtype: .int32, device: device),
        NDArray([1, 2, 2, 1], [1, 2, 3, 4]),
        .int32)
      expectEqual(Tensor([[], []] as [[Float]], device: device), NDArray([2, 0], []))
    }

    @Test func swiftTypesChooseTheElementType() {
      #expect(Tensor([1.5], device: .cpu).dtype == .float32)
      #expect(Tensor([Float(1)], device: .cpu).dtype == .float32)
      #expect(Tensor([Float16(1)], device: .cpu).dtype == .float16)
      #expect(Tensor([1], device: .cpu).dtype == .int64)
      #expect(Tensor([Int32(1)], device: .cpu).dtype == .int32)
      #expect(Tensor([UInt8(1)], device: .cpu).dtype == .uint8)
      #expect(Tensor([Int8(1)], device: .cpu).dtype == .int8)
      #expect(Tensor([Int16(1)], device: .cpu).dtype == .int16)
      #expect(Tensor([UInt16(1)], device: .cpu).dtype == .uint16)
      #expect(Tensor([UInt32(1)], device: .cpu).dtype == .uint32)
      #expect(Tensor([true], device: .cpu).dtype == .bool)
      #expect(Tensor(3, device: .cpu).shape == [])
      #expect(Tensor([1, 2, 3, 4], shape: [2, 2], dtype: .float16, device: .cpu).dtype == .float16)
    }

    @Test(arguments: TestDevice.all, DType.allCases)
    func hostRoundTrip(_ device: Device, _ dtype: DType) throws {
      let count = 93
      var bytes = [UInt8](repeating: 0, count: count * dtype.byteCount)
      var random = TestRandom("round trip")
      for i in bytes.indices {
        bytes[i] = dtype == .bool ? UInt8(random.integer(0, 1)) : UInt8(random.integer(0, 255))
      }
      let tensor = bytes.withUnsafeBytes { Tensor(bytes: $0, shape: [3, 31], dtype: dtype, device: device) }
      // Any bits survive: NaN payloads, subnormal numbers, negative zero.
      #expect(try tensor.bytes() == bytes)
      #expect(tensor.shape == [3, 31])
      #expect(tensor.dtype == dtype)
      #expect(tensor.count == 93)
      #expect(tensor.rank == 2)
      #expect(tensor.device == device)
    }

    @Test(arguments: TestDevice.all, DType.allCases)
    func scalarsConvert(_ device: Device, _ dtype: DType) throws {
      let source: [Float] = dtype == .bool ? [0, 1, 1] : [0, 1, 100]
      let tensor = Tensor(source, dtype: dtype, device: device)
      #expect(try tensor.scalars(as: Float.self) == source)
      #expect(try tensor.scalars(as: Double.self) == source.map(Double.init))
      #expect(try tensor.scalars(as: Int.self) == source.map { Int($0) })
      #expect(try tensor.scalars(as: Int32.self) == source.map { Int32($0) })
      #expect(try tensor.scalars(as: UInt8.self) == source.map { UInt8($0) })
      #expect(try tensor.scalars(as: Bool.self) == source.map { $0 != 0 })
      #expect(try tensor[1].item() == 1)
      #expect(try tensor[1].item(as: Int64.self) == 1)
    }

    /// What a kernel's conversion gives, Swift's gives, too: in both directions and for numbers beside tensors.
    @Test(arguments: TestDevice.all)
    func swiftNumbersConvertAsCastDoes(_ device: Device) throws {
      let (inf, nan) = (Float.infinity, Float.nan)
      let floats: [Float] = [
        300, 256, 255.9, -3.7, -0.5, 0.9, nan, inf, -inf, 3e9, -3e9, 1e19, -1e19, 0x1.fffffep62, 2147483520,
      ]
      let x = Tensor(floats, device: device)
      for dtype in DType.allCases where !dtype.isFloatingPoint {
        let expected = try x.cast(to: dtype).scalars(as: Int64.self)
        #expect(
          try Tensor(floats, dtype: dtype, device: device).scalars(as: Int64.self) == expected, "\(dtype)")
        #expect(
          try Tensor(floats.map(Double.init), dtype: dtype, device: device).scalars(as: Int64.self)
            == expected,
          "\(dtype)")
        for (i, number) in floats.enumerated() {
          #expect(
            try Tensor.full([], number, dtype: dtype, device: device).item(as: Int64.self) == expected[i])
        }
      }
      #expect(
        try Tensor(floats, dtype: .uint8, device: .cpu).scalars(as: Int.self).prefix(9) == [
          255, 255, 255, 0, 0, 0, 0, 255, 0,
        ])
      #expect(
        try Tensor([inf, -inf, nan], dtype: .int32, device: device).scalars(as: Int.self) == [
          2_147_483_647, -2_147_483_648, 0,
        ])
      // Read as another type.
      #expect(try x.scalars(as: UInt8.self).prefix(9) == [255, 255, 255, 0, 0, 0, 0, 255, 0])
      #expect(try x.scalars(as: Int32.self) == x.cast(to: .int32).scalars(as: Int32.self))
      #expect(try x.scalars(as: Int64.self) == x.cast(to: .int64).scalars(as: Int64.self))
      #expect(try Tensor([Float(-7)], device: device).item(as: UInt8.self) == 0)
      // Whole numbers wrap around in both.
      let whole: [Int64] = [300, -1, 1 << 40, .max]
      for dtype in DType.allCases where dtype.isInteger {
        #expect(
          try Tensor(whole, dtype: dtype, device: device).scalars(as: Int64.self)
            == Tensor(whole, device: device).cast(to: dtype).scalars(as: Int64.self))
      }
      #expect(try Tensor(whole, device: device).scalars(as: UInt8.self) == [44, 255, 0, 255])
    }

    @Test(arguments: TestDevice.all)
    func wholeNumbersStayExact(_ device: Device) throws {
      let big = 16_777_216
      #expect(
        try Tensor.arange(16_777_216, 16_777_220, dtype: .int64, device: device).scalars(as: Int.self)
          == [big, big + 1, big + 2, big + 3])
      #expect(
        try Tensor.arange(16_777_217.0, 16_777_219, dtype: .int32, device: device).scalars(as: Int.self)
          == [big + 1, big + 2])
      let far = (1 << 53) + 1
      #expect(
        try Tensor.arange(far, far + 2, dtype: .int64, device: device).scalars(as: Int.self) == [
          far, far + 1,
        ])
      #expect(
        try Tensor.arange(5, -2, step: -3, dtype: .int64, device: device).scalars(as: Int.self) == [5, 2, -1])
      #expect(try Tensor.arange(0, 3, device: device).dtype == .float32)
      #expect(
        try Tensor.linspace(16_777_217, 16_777_221, count: 3, dtype: .int64, device: device).scalars(
          as: Int.self)
          == [big + 1, big + 3, big + 5])
      #expect(
        try Tensor.linspace(0, 10, count: 5, dtype: .int32, device: device).scalars(as: Int.self) == [
          0, 2, 5, 7, 10,
        ])
      #expect(try Tensor.full([2], far, dtype: .int64, device: device).scalars(as: Int.self) == [far, far])
      #expect(
        try Tensor.full([1], 16_777_217.0, dtype: .int32, device: device).scalars(as: Int.self) == [big + 1])
      #expect(try (Tensor.zeros([1], dtype: .int64, device: device) + far).scalars(as: Int.self) == [far])
    }

    @Test func largeWholeNumbersAreExact() throws {
      let values: [Int64] = [.max, .min, 9_007_199_254_740_993, -1]
      for device in TestDevice.all {
        let tensor = Tensor(values, device: device)
        #expect(try tensor.scalars() == values)
        #expect(try (tensor + Int64(0)).scalars() == values)
      }
    }

    @Test(arguments: TestDevice.all)
    func moving(_ device: Device) throws {
      let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3], device: .cpu)
      let moved = x.transposed().moved(to: device)
      #expect(moved.device == device)
      #expect(try moved.scalars(as: Float.self) == [1, 4, 2, 5, 3, 6])
      #expect(try moved.moved(to: .cpu).scalars(as: Float.self) == [1, 4, 2, 5, 3, 6])
      let tracked = x.requiringGradient()
      let gradient = (tracked.moved(to: device) * 3).sum().moved(to: .cpu).gradient(of: tracked)
      expectEqual(gradient, NDArray([2, 3], filledWith: 3))
    }
  }

  /// The table of the documentation, written out; rows and columns in `order`.
  @Suite("Promotion") struct Promotion {
    private static let order: [DType] = [
      .float32, .float16, .bfloat16, .int64, .int32, .int16, .int8, .uint32, .uint16, .uint8, .bool,
    ]
    private static let table: [[DType]] = [
      [
        .float32, .float32, .float32, .float32, .float32, .float32, .float32, .float32, .float32, .float32,
        .float32,
      ],
      [
        .float32, .float16, .float32, .float16, .float16, .float16, .float16, .float16, .float16, .float16,
        .float16,
      ],
      [
        .float32, .float32, .bfloat16, .bfloat16, .bfloat16, .bfloat16, .bfloat16, .bfloat16, .bfloat16,
        .bfloat16,
        .bfloat16,
      ],
      [.float32, .float16, .bfloat16, .int64, .int64, .int64, .int64, .int64, .int64, .int64, .int64],
      [.float32, .float16, .bfloat16, .int64, .int32, .int32, .int32, .int64, .int32, .int32, .int32],
      [.float32, .float16, .bfloat16, .int64, .int32, .int16, .int16, .int64, .int32, .int16, .int16],
      [.float32, .float16, .bfloat16, .int64, .int32, .int16, .int8, .int64, .int32, .int16, .int8],
      [.float32, .float16, .bfloat16, .int64, .int64, .int64, .int64, .uint32, .uint32, .uint32, .uint32],
      [.float32, .float16, .bfloat16, .int64, .int32, .int32, .int32, .uint32, .uint16, .uint16, .uint16],
      [.float32, .float16, .bfloat16, .int64, .int32, .int16, .int16, .uint32, .uint16, .uint8, .uint8],
      [.float32, .float16, .bfloat16, .int64, .int32, .int16, .int8, .uint32, .uint16, .uint8, .bool],
    ]

    @Test func everyPair() {
      for (i, a) in Promotion.order.enumerated() {
        for (j, b) in Promotion.order.enumerated() {
          #expect(DType.promote(a, b) == Promotion.table[i][j], "\(a) with \(b)")
          let x = Tensor.ones([2], dtype: a, device: .cpu)
          let y = Tensor.ones([2], dtype: b, device: .cpu)
          if a != .bool || b != .bool { #expect((x * y).dtype == Promotion.table[i][j], "\(a) * \(b)") }
          #expect((x .< y).dtype == .bool)
          let quotient: DType = Promotion.table[i][j].isFloatingPoint ? Promotion.table[i][j] : .float32
          #expect((x / y).dtype == quotient, "\(a) / \(b)")
        }
      }
    }

    @Test func numbersTakeTheTensorsType() {
      for dtype in DType.allCases where dtype != .bool {
        let x = Tensor.ones([2], dtype: dtype, device: .cpu)
        #expect((x + 1).dtype == dtype, "\(dtype) + 1")
        #expect((x * 1.5).dtype == (dtype.isFloatingPoint ? dtype : .float32), "\(dtype) * 1.5")
      }
    }

    @Test func reductionsOfWholeNumbers() {
      for dtype in DType.allCases where !dtype.isFloatingPoint {
        let x = Tensor.ones([2, 2], dtype: dtype, device: .cpu)
        #expect(x.sum().dtype == .int64)
        #expect(x.mean().dtype == .float32)
        #expect(x.max().dtype == dtype)
        #expect(x.argmax(axis: 0).dtype == .int32)
      }
    }
  }
}
