import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Assignment changes the tensor that is assigned to and nothing else, in its memory where that is its own.
  @Suite("Assignment", .serialized)
  struct Assignment {
    private func counting(_ device: Device) throws -> Tensor {
      try (Tensor.arange(6, dtype: .float32, device: device) + 0).computed()
    }

    @Test(arguments: TestDevice.all)
    func writesInPlaceWhereNobodyElseHoldsTheMemory(_ device: Device) throws {
      var x = try counting(device)
      let value = try Tensor([9, 8] as [Float], device: device).computed()
      let before = device.counters.launches
      for _ in 0..<20 { x[1..<3] = value }
      // One copy each, not two.
      #expect(device.counters.launches <= before + 20)
      #expect(try x.scalars(as: Float.self) == [0, 9, 8, 3, 4, 5])
      x[.slice(nil, nil, -2)] = Tensor([1, 2, 3] as [Float], device: device)
      #expect(try x.scalars(as: Float.self) == [0, 3, 8, 2, 4, 1])
      x.assign(7, at: 0)
      x[-1] += Tensor(Float(1), device: device)
      #expect(try x.scalars(as: Float.self) == [7, 3, 8, 2, 4, 2])
    }

    @Test(arguments: TestDevice.all)
    func leavesOthersAlone(_ device: Device) throws {
      var x = try counting(device)
      let copy = x
      let view = x[0..<2]
      let deferred = x * 2
      x[0..<3] = Tensor(Float(-1), device: device)
      #expect(try copy.scalars(as: Float.self) == [0, 1, 2, 3, 4, 5])
      #expect(try view.scalars(as: Float.self) == [0, 1])
      #expect(try deferred.scalars(as: Float.self) == [0, 2, 4, 6, 8, 10])
      #expect(try x.scalars(as: Float.self) == [-1, -1, -1, 3, 4, 5])
    }

    @Test(arguments: TestDevice.all)
    func takesFromItself(_ device: Device) throws {
      var x = try counting(device)
      x[1...] = x[...4]
      #expect(try x.scalars(as: Float.self) == [0, 0, 1, 2, 3, 4])
      x[0..<6] = x.flipped([0]) * 2
      #expect(try x.scalars(as: Float.self) == [8, 6, 4, 2, 0, 0])
    }

    @Test(arguments: TestDevice.all)
    func repeatedElementsAreCopied(_ device: Device) throws {
      var x = Tensor([5] as [Float], device: device).expanded(to: [3])
      x.assign(1, at: 1)
      #expect(try x.scalars(as: Float.self) == [5, 1, 5])
      var zeros = Tensor.zeros([2, 2], dtype: .int32, device: device)
      zeros.assign(3, at: .all, 0)
      #expect(try zeros.scalars(as: Int.self) == [3, 0, 3, 0])
    }

    @Test(arguments: TestDevice.all)
    func gradientsFlowAroundWhatIsWrittenOver(_ device: Device) throws {
      let (x, y) = (
        try counting(device).requiringGradient(), Tensor([3] as [Float], device: device).requiringGradient()
      )
      var z = x * 2
      z[1..<3] = y
      let gradients = z.square().sum().gradients(of: [x, y])
      #expect(try gradients[0].scalars(as: Float.self) == [0, 0, 0, 24, 32, 40])
      #expect(try gradients[1].scalars(as: Float.self) == [12])
    }

    @Test(arguments: TestDevice.all)
    func errorsTravel(_ device: Device) throws {
      var x = try counting(device)
      x[0..<1] = x.gather(axis: 0, indices: Tensor([9] as [Int32], device: device))
      #expect(throws: LatheError.self) { try x.scalars(as: Float.self) }
      let y = try counting(device).scatter(
        axis: 0, indices: Tensor([-7] as [Int32], device: device), value: 1)
      let error = #expect(throws: LatheError.self) { try y.scalars(as: Float.self) }
      #expect(error?.kind == .indexOutOfRange)
    }
  }
}
