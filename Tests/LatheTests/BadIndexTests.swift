import Lathe
import TestSupport
import Testing

extension AllTests {
  /// A bad index is the error of what was made with it, and of nothing else.
  @Suite("Bad indices", .serialized)
  struct BadIndices {
    private func picked(_ index: Int32, _ device: Device) -> Tensor {
      Tensor([1, 2, 3] as [Float], device: device).gather(axis: 0, indices: Tensor([index], device: device))
    }

    private func isAbout(_ index: Int32, _ error: LatheError?) -> Bool {
      error?.kind == .indexOutOfRange && error?.message.hasPrefix("gather: index \(index) is out") == true
    }

    @Test(arguments: TestDevice.all)
    func staysWithWhatIsMadeOfIt(_ device: Device) throws {
      let bad = picked(7, device)
      let good = picked(2, device)
      let sum = (bad + good).sum()
      try device.synchronize()
      // Reads of others neither take the error nor clear it.
      #expect(try good.scalars(as: Float.self) == [3])
      #expect(try (good * 2).item() == 6)
      for tensor in [
        bad, sum, bad * 2, bad.reshaped(to: [1, 1]).matmul(Tensor.ones([1, 1], device: device)),
      ] {
        for _ in 0..<2 {
          let error = #expect(throws: LatheError.self) { try tensor.scalars(as: Float.self) }
          #expect(isAbout(7, error))
        }
      }
      #expect(try good.item() == 3)
    }

    @Test(arguments: TestDevice.all)
    func manyLaunchesLater(_ device: Device) throws {
      var good = picked(0, device)
      var bad = picked(-4, device)
      for _ in 0..<200 {
        good = good + picked(1, device)
        bad = bad + picked(1, device)
        for tensor in [good, bad] { _ = try? tensor.computed() }
      }
      #expect(try good.item() == 401)
      let error = #expect(throws: LatheError.self) { try bad.item() }
      #expect(isAbout(-4, error))
    }

    @Test(arguments: TestDevice.all)
    func parametersThatAreUpdatedInPlaceKeepIt(_ device: Device) throws {
      var parameters = [Tensor.ones([1], device: device)]
      var velocities = [Tensor.zeros([1], device: device)]
      func step(_ index: Int32) {
        FusedOptimizer.sgd(
          SGDStep(
            learningRate: 0.5, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, isFirst: true),
          parameters: &parameters, gradients: [picked(index, device)],
          velocities: &velocities)
      }
      step(0)
      #expect(try parameters[0].item() == 0.5)
      step(3)
      step(1)
      let error = #expect(throws: LatheError.self) { try parameters[0].item() }
      #expect(isAbout(3, error))
    }

    @Test(arguments: TestDevice.all)
    func threadsGetTheirOwn(_ device: Device) async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for thread in 0..<8 {
          group.addTask { () throws in
            for round in 0..<40 {
              if thread % 2 == 0 {
                #expect(try (self.picked(2, device) * 2).item() == 6)
              } else {
                let index = Int32(1000 * thread + round)
                let error = #expect(throws: LatheError.self) { try (self.picked(index, device) * 2).item() }
                #expect(self.isAbout(index, error))
              }
            }
          }
        }
        try await group.waitForAll()
      }
    }

    @Test(arguments: TestDevice.all)
    func elementsThatCannotBeCounted(_ device: Device) throws {
      func expectError(_ text: String, _ make: () -> Tensor) {
        let error = #expect(throws: LatheError.self) { try make().bytes() }
        #expect(error?.kind == .indexOutOfRange && error?.message == text, "\(String(describing: error))")
      }
      let x = Tensor([2, -3, 1] as [Int32], device: device)
      expectError("bincount: counts numbers from 0 on, and there is -3") { x.bincount() }
      expectError("repeatInterleave: element 1 -3 times; counts are 0 or more") {
        Tensor.ones([3], device: device).repeatInterleave(x)
      }
      expectError("histogram: elements from -inf to 1.0 have no bins; give a range") {
        Tensor([1, -.infinity] as [Float], device: device).histogram(bins: 2).counts
      }
    }
  }
}
