import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// What is tracked, what is not, and what may be asked for.
  @Suite("Gradients", .serialized)
  struct Gradients {
    private let x = Tensor([1, 2, 3] as [Float], device: .cpu).requiringGradient()

    @Test func trackingFollowsTheInputs() {
      let plain = Tensor([1, 2, 3] as [Float], device: .cpu)
      #expect(x.requiresGradient)
      #expect(!plain.requiresGradient)
      #expect(!(plain * 2).requiresGradient)
      #expect((plain * x).requiresGradient)
      #expect(x[1].requiresGradient)
      #expect(!x.detached().requiresGradient)
      #expect(!(x.detached() * plain).requiresGradient)
      #expect(!(x .> 1).requiresGradient)
      #expect(!x.argmax().requiresGradient)
      #expect(!x.cast(to: .int32).requiresGradient)
    }

    @Test func noGradientRecordsNothing() {
      let y = noGradient { x * x }
      #expect(!y.requiresGradient)
      #expect((x * x).requiresGradient)
      struct Failure: Error {}
      #expect(throws: Failure.self) { try noGradient { throw Failure() } }
      #expect((x * x).requiresGradient, "recording goes on after an error")
      #expect(noGradient { noGradient { x * 2 } }.requiresGradient == false)
    }

    @Test func noGradientStaysOnItsThread() async {
      let tracked = await withTaskGroup(of: Bool.self) { group in
        for i in 0..<64 {
          group.addTask {
            let x = Tensor([1] as [Float], device: .cpu).requiringGradient()
            return i % 2 == 0 ? noGradient { !(x * 2).requiresGradient } : (x * 2).requiresGradient
          }
        }
        return await group.allSatisfy { $0 }
      }
      #expect(tracked)
    }

    @Test func detachedStopsTheGradient() {
      let y = (x * x.detached()).sum()
      expectEqual(y.gradient(of: x), NDArray([3], [1, 2, 3]))
    }

    @Test func ofAnIntermediate() {
      let y = x * 2
      let z = (y * y).sum()
      let gradients = z.gradients(of: [y, x])
      expectEqual(gradients[0], NDArray([3], [4, 8, 12]))
      expectEqual(gradients[1], NDArray([3], [8, 16, 24]))
    }

    @Test func ofTheTensorItself() {
      expectEqual(x.gradient(of: x), NDArray([3], [1, 1, 1]))
      let y = x * 3
      expectEqual(y.gradient(of: y), NDArray([3], [1, 1, 1]))
    }

    @Test func usedSeveralTimes() {
      let y = x * x + x * 3 + x
      expectEqual(y.sum().gradient(of: x), NDArray([3], [6, 8, 10]))
      let gradients = (x + x).sum().gradients(of: [x, x])
      expectEqual(gradients[0], NDArray([3], [2, 2, 2]))
      expectEqual(gradients[1], NDArray([3], [2, 2, 2]))
    }

    @Test func ofWhatItDoesNotDependOn() {
      let other = Tensor([1, 2] as [Float], device: .cpu).requiringGradient()
      let gradients = (x * 2).sum().gradients(of: [other, x])
      expectEqual(gradients[0], NDArray([2], [0, 0]))
      expectEqual(gradients[1], NDArray([3], [2, 2, 2]))
    }

    @Test func retainingTheGraph() {
      let y = (x * x).sum()
      expectEqual(y.gradient(of: x, retainingGraph: true), NDArray([3], [2, 4, 6]))
      expectEqual(y.gradient(of: x, retainingGraph: true), NDArray([3], [2, 4, 6]))
      expectEqual(y.gradient(of: x), NDArray([3], [2, 4, 6]))
    }

    @Test func aSecondUseStops() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        let x = Tensor([1, 2] as [Float], device: .cpu).requiringGradient()
        let y = (x * x).sum()
        _ = y.gradient(of: x)
        _ = y.gradient(of: x)
      }
      expectMessage(result, "retainingGraph")
    }

    @Test func withAnUpstreamGradient() {
      let upstream = Tensor([1, 10, 100] as [Float], device: .cpu)
      expectEqual((x * x).gradients(of: [x], upstream: upstream)[0], NDArray([3], [2, 40, 600]))
    }

    @Test func severalElementsAreSummed() {
      expectEqual((x * x).gradient(of: x), NDArray([3], [2, 4, 6]))
    }

    @Test func higherOrders() {
      // x^4: 4x^3, 12x^2, 24x, 24.
      let y = (x * x * x * x).sum()
      let first = y.gradient(of: x, creatingGraph: true)
      let second = first.sum().gradient(of: x, creatingGraph: true)
      let third = second.sum().gradient(of: x, creatingGraph: true)
      let fourth = third.sum().gradient(of: x)
      expectEqual(first, NDArray([3], [4, 32, 108]))
      expectEqual(second, NDArray([3], [12, 48, 108]))
      expectEqual(third, NDArray([3], [24, 48, 72]))
      expectEqual(fourth, NDArray([3], [24, 24, 24]))
    }

    @Test func withoutCreatingTheGraphNothingIsTracked() {
      #expect(!(x * x).sum().gradient(of: x).requiresGradient)
      #expect((x * x).sum().gradient(of: x, creatingGraph: true).requiresGradient)
    }

    @Test func halfTypesKeepTheirType() {
      for dtype in [DType.float16, .bfloat16] {
        let x = Tensor([1, 2, 3] as [Float], dtype: dtype, device: .cpu).requiringGradient()
        let gradient = (x * x).sum().gradient(of: x)
        expectEqual(gradient, NDArray([3], [2, 4, 6]), dtype)
        let mixed = (x * Tensor([2, 2, 2] as [Float], device: .cpu)).sum().gradient(of: x)
        expectEqual(mixed, NDArray([3], [2, 2, 2]), dtype)
      }
    }

    @Test func tiesShareTheGradient() {
      let x = Tensor([1, 3, 3, 2] as [Float], device: .cpu).requiringGradient()
      expectEqual(x.max().gradient(of: x), NDArray([4], [0, 0.5, 0.5, 0]))
    }

    @Test func gradientsAtTheKinks() {
      let x = Tensor([0, -1, 1] as [Float], device: .cpu).requiringGradient()
      expectEqual(x.relu().gradient(of: x), NDArray([3], [0, 0, 1]))
      expectEqual(x.abs().gradient(of: x), NDArray([3], [0, -1, 1]))
    }
  }
}

/// Checks that a process that ended said why.
func expectMessage(
  _ result: ExitTest.Result?, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  #expect(message.contains(text), "on standard error: \(message.prefix(300))", sourceLocation: sourceLocation)
}
