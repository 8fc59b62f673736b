import Lathe
import TestSupport
import Testing

extension AllTests {
  /// int8, int16, uint16 and uint32 are computed in wider types and hold what their own arithmetic gives.
  @Suite("Narrow whole numbers", .serialized)
  struct NarrowNumbers {
    /// Each compute type on every device, all types on the CPU.
    private static let places: [(Device, DType)] =
      TestDevice.all.flatMap { device in [DType.int8, .uint32].map { (device, $0) } }
      + [(.cpu, .int16), (.cpu, .uint16)]

    @Test(arguments: TestDevice.all)
    func numbersBeside(_ device: Device) throws {
      func tensor(_ dtype: DType) -> Tensor { Tensor([1, 2], dtype: dtype, device: device) }
      #expect((tensor(.int8) + 127).dtype == .int8)
      #expect((tensor(.int8) + 128).dtype == .int32)
      #expect((tensor(.int16) - 40_000).dtype == .int32)
      #expect((tensor(.uint16) - 65_535).dtype == .uint16)
      #expect((tensor(.uint16) + -1).dtype == .int32)
      #expect((tensor(.uint32) + -1).dtype == .int64)
      #expect((tensor(.uint32) * 4_294_967_295).dtype == .uint32)
      #expect((tensor(.uint32) * 4_294_967_296).dtype == .int64)
      #expect((tensor(.int8) * 0.5).dtype == .float32)
      #expect(try (tensor(.uint32) + -3).scalars(as: Int.self) == [-2, -1])
      #expect(try (tensor(.uint32) - 3).scalars(as: Int.self) == [4_294_967_294, 4_294_967_295])
      #expect(try (tensor(.int8) .< 1000).scalars(as: Bool.self) == [true, true])
      #expect(try tensor(.uint16).clamped(-5, 1).scalars(as: Int.self) == [1, 1])
      #expect(try Tensor.full([1], 1e9, dtype: .int16, device: device).item(as: Int.self) == 32767)
      #expect(try Tensor.full([1], 40_000, dtype: .int16, device: device).item(as: Int.self) == -25_536)
      #expect(
        try (Tensor.full([2], 127, dtype: .int8, device: device) + 1).scalars(as: Int.self) == [-128, -128])
    }

    /// Sums of a type of its own, in PyTorch's ways.
    @Test(arguments: TestDevice.all)
    func sumsInOtherTypes(_ device: Device) throws {
      let x = Tensor([100, 100, 100], dtype: .int8, device: device)
      #expect(try x.sum().item(as: Int.self) == 300)
      #expect(try x.sum(dtype: .int8).item(as: Int.self) == 44)
      #expect(try x.sum(dtype: .uint32).item(as: Int.self) == 300)
      // Each element is limited to the type before it is added.
      let floats = Tensor([1000, 2.9, -1000] as [Float], device: device)
      #expect(try floats.sum(dtype: .int8).item(as: Int.self) == 127 + 2 - 128)
      #expect(try x.mean().item() == 100)
      #expect(try (x + x).max().item(as: Int.self) == -56)
    }

    @Test func printing() {
      #expect(
        Tensor([-128, 127], dtype: .int8, device: .cpu).description
          == "Tensor([-128,  127], shape=[2], dtype=int8, device=cpu)")
      #expect(
        Tensor(UInt32.max, device: .cpu).description
          == "Tensor(4294967295, shape=[], dtype=uint32, device=cpu)")
    }

    @Test(arguments: places)
    func creationAndAssignment(_ device: Device, _ dtype: DType) throws {
      var x = Tensor.arange(2, 8, dtype: dtype, device: device).reshaped(to: [2, 3])
      #expect(try x.scalars(as: Int.self) == [2, 3, 4, 5, 6, 7] && x.dtype == dtype)
      x[1, 0..<2] = Tensor([100, 1.9] as [Float], device: device)
      x.assign(9, at: 0, .all)
      #expect(try x.scalars(as: Int.self) == [9, 9, 9, 100, 1, 7] && x.dtype == dtype)
      #expect(try x.transposed().rolled(1).scalars(as: Int.self) == [7, 9, 100, 9, 1, 9])
      #expect(try x[1].repeatInterleave(2).scalars(as: Int.self) == [100, 100, 1, 1, 7, 7])
      #expect(try x.padded([(0, 0), (1, 0)], value: 3).scalars(as: Int.self) == [3, 9, 9, 9, 3, 100, 1, 7])
      #expect(try x.maskedFill(x .== 9, 0).nonzero().shape == [3, 2])
      #expect(try Tensor.eye(2, dtype: dtype, device: device).scalars(as: Int.self) == [1, 0, 0, 1])
      #expect(x.moved(to: .cpu).dtype == dtype)
      let drawn = Tensor.randint(0, 100, [200], generator: Generator(seed: 1), dtype: dtype, device: device)
      #expect(try drawn.dtype == dtype && drawn.scalars(as: Int.self).allSatisfy { (0..<100).contains($0) })
      let uniform = Tensor.uniform(
        [200], low: 0, high: 5, generator: Generator(seed: 1), dtype: dtype, device: device)
      #expect(try Set(uniform.scalars(as: Int.self)) == [0, 1, 2, 3, 4])
      let counts = Tensor([2, 0, 1], dtype: dtype, device: device)
      #expect(
        try Tensor.arange(3, device: device).repeatInterleave(counts).scalars(as: Int.self) == [0, 0, 2])
      #expect(try counts.bincount().scalars(as: Int.self) == [1, 1, 1])
      #expect(try counts.sorted().values.searchSorted(counts).scalars(as: Int.self) == [2, 0, 1])
    }

    /// Indices and labels of every whole-number type.
    @Test(arguments: TestDevice.all, DType.allCases.filter(\.isInteger))
    func indices(_ device: Device, _ dtype: DType) throws {
      let x = Tensor([10, 20, 30] as [Float], device: device)
      let index = Tensor([2, 0], dtype: dtype, device: device)
      #expect(try x.indexSelected(axis: 0, indices: index).scalars(as: Float.self) == [30, 10])
      #expect(
        try x.gather(axis: 0, indices: Tensor([1, 1, 0], dtype: dtype, device: device)).scalars() == [
          20, 20, 10,
        ])
      #expect(try Tensor.embedding(index, x.reshaped(to: [3, 1])).scalars(as: Float.self) == [30, 10])
      #expect(try index.oneHot(classes: 3).scalars(as: Float.self) == [0, 0, 1, 1, 0, 0])
      let logits = Tensor([[1, 2, 3], [1, 2, 3]] as [[Float]], device: device)
      let expected = try logits.crossEntropy(Tensor([2, 0] as [Int32], device: device)).item()
      #expect(try logits.crossEntropy(index).item() == expected)
      let last = dtype.wholeNumbers?.upperBound ?? 0
      let ignored = Tensor([2, last], dtype: dtype, device: device)
      let kept = try logits[0..<1].crossEntropy(Tensor([2] as [Int32], device: device)).item()
      #expect(try logits.crossEntropy(ignored, ignoredIndex: Int(last)).item() == kept)
      let bad = x.indexSelected(axis: 0, indices: ignored)
      let error = #expect(throws: LatheError.self) { try bad.scalars(as: Float.self) }
      #expect(error?.kind == .indexOutOfRange)
    }

    /// What a random step does with the tensors before it, and the same with Swift's numbers.
    private struct Step<T: FixedWidthInteger> {
      var run: ([Tensor]) -> Tensor
      var reference: ([[T]], Int) -> T
    }

    private func step<T: FixedWidthInteger>(_ random: inout TestRandom, count: Int) -> Step<T> {
      let (i, j) = (random.integer(0, count - 1), random.integer(0, count - 1))
      switch random.integer(0, 9) {
      case 0: return Step(run: { $0[i] + $0[j] }, reference: { $0[i][$1] &+ $0[j][$1] })
      case 1: return Step(run: { $0[i] - $0[j] }, reference: { $0[i][$1] &- $0[j][$1] })
      case 2: return Step(run: { $0[i] * $0[j] }, reference: { $0[i][$1] &* $0[j][$1] })
      case 3: return Step(run: { $0[i].maximum($0[j]) }, reference: { max($0[i][$1], $0[j][$1]) })
      case 4: return Step(run: { ~$0[i] ^ $0[j] }, reference: { ~$0[i][$1] ^ $0[j][$1] })
      case 5: return Step(run: { $0[i].clamped(3, 99) }, reference: { min(max($0[i][$1], 3), 99) })
      case 6: return Step(run: { ($0[i] << 3) - 1 }, reference: { ($0[i][$1] << 3) &- 1 })
      case 7: return Step(run: { $0[i] >> 2 }, reference: { $0[i][$1] >> 2 })
      case 8:
        return Step(
          run: { Tensor.where($0[i] .> $0[j], $0[i].abs(), -$0[j]) },
          reference: {
            $0[i][$1] > $0[j][$1] ? ($0[i][$1] < 0 ? 0 &- $0[i][$1] : $0[i][$1]) : 0 &- $0[j][$1]
          })
      default: return Step(run: { $0[i].square() + 100 }, reference: { $0[i][$1] &* $0[i][$1] &+ 100 })
      }
    }

    /// Ten steps as one program, then a sum of what is not in memory yet.
    private func checkChains<T: FixedWidthInteger & TensorScalar>(
      _ type: T.Type, _ device: Device, count: Int
    ) throws {
      for chain in 0..<count {
        var random = TestRandom("narrow chain \(chain)")
        var values = (0..<3).map { _ in (0..<53).map { _ in T(truncatingIfNeeded: random.next()) } }
        var tensors = values.map { Tensor($0, device: device) }
        for _ in 0..<10 {
          let next: Step<T> = step(&random, count: tensors.count)
          tensors.append(next.run(tensors))
          values.append((0..<53).map { next.reference(values, $0) })
        }
        let sum = values[values.count - 1].reduce(Int64(0)) { $0 + Int64($1) }
        #expect(try tensors[tensors.count - 1].sum().item(as: Int64.self) == sum, "\(type), chain \(chain)")
        TensorLists.compute([Array(tensors.suffix(2))])
        for (tensor, expected) in zip(tensors, values) {
          #expect(try tensor.scalars() == expected, "\(type), chain \(chain)")
        }
      }
    }

    @Test(arguments: TestDevice.all)
    func joinedStepsWrapAround(_ device: Device) throws {
      let count = device == .cpu ? 40 : 1
      try checkChains(Int8.self, device, count: count)
      try checkChains(Int16.self, device, count: count)
      try checkChains(UInt16.self, device, count: count)
      try checkChains(UInt32.self, device, count: count)
    }
  }
}
