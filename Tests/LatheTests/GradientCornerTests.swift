import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Values and gradients where a formula meets infinities, zeros or numbers that float32 cannot hold: the right values
  /// are PyTorch 2.15's or arithmetic.
  @Suite("Gradients at special points", .serialized)
  struct GradientCorners {
    private static let infinity = Float.infinity

    private func tracked(_ values: [Float], _ shape: Shape, _ device: Device, _ dtype: DType = .float32)
      -> Tensor
    {
      Tensor(values, shape: shape, dtype: dtype, device: device).requiringGradient()
    }

    @Test(arguments: TestDevice.all)
    func logSumExpOfInfinities(_ device: Device) {
      let x = tracked(
        [-Self.infinity, -Self.infinity, Self.infinity, 1, Self.infinity, Self.infinity, 1e7, 1e7], [4, 2],
        device)
      let y = x.logSumExp(axis: 1)
      expectEqual(y, NDArray([4], [-Double.infinity, .infinity, .infinity, 1e7]))
      let gradient = y.sum().gradient(of: x, creatingGraph: true)
      expectEqual(gradient, NDArray([4, 2], [0, 0, 1, 0, 0.5, 0.5, 0.5, 0.5]))
      // The second derivative of the last row is softmax's: p (1 - p) and -p p, weighted by 0 and 1.
      let weights = Tensor([1, 2, 3, 4, 5, 6, 0, 1] as [Float], shape: [4, 2], device: device)
      expectEqual(
        (gradient * weights).sum().gradient(of: x), NDArray([4, 2], [0, 0, 0, 0, 0, 0, -0.25, 0.25]))
    }

    @Test(arguments: TestDevice.all)
    func logSumExpOfNothing(_ device: Device) {
      let x = Tensor.zeros([2, 0], device: device).requiringGradient()
      let y = x.logSumExp(axis: 1)
      expectEqual(y, NDArray([2], [-Double.infinity, -.infinity]))
      #expect(y.sum().gradient(of: x).shape == [2, 0])
    }

    @Test(arguments: TestDevice.all)
    func productsOfOthers(_ device: Device) {
      let small = tracked([1e-30, 1e-30, 1e20], [3], device)
      expectEqual(
        small.prod().gradient(of: small), NDArray([3], [1e-10, 1e-10, 0]), .float32,
        Tolerance(1e-5, floor: 1e-20))
      // Two zeros: the gradient is 0, and that of the gradient's sum at (i, j) the products without i and another.
      let x = tracked([0, 2, 3, 0, 5], [5], device)
      let gradient = x.prod().gradient(of: x, creatingGraph: true)
      expectEqual(gradient, NDArray([5], [0, 0, 0, 0, 0]))
      expectEqual(gradient.sum().gradient(of: x), NDArray([5], [30, 0, 0, 30, 0]))
      let square = tracked([1, 0, 2, 3, 4, 0, 5, 6, 7], [3, 3], device)
      let rows = square.prod(axis: 1).gradient(of: square, creatingGraph: true)
      expectEqual(rows, NDArray([3, 3], [0, 2, 0, 0, 0, 12, 42, 35, 30]))
      expectEqual(rows.sum().gradient(of: square), NDArray([3, 3], [2, 3, 1, 4, 3, 7, 13, 12, 11]))
      let empty = Tensor.zeros([2, 0], device: device).requiringGradient()
      #expect(empty.prod(axis: 1).sum().gradient(of: empty, creatingGraph: true).shape == [2, 0])
    }

    @Test(arguments: TestDevice.all, [DType.float16, .bfloat16])
    func tiesInSixteenBits(_ device: Device, _ dtype: DType) throws {
      for count in [70_000, 300] {
        let x = Tensor.ones([count], dtype: dtype, device: device).requiringGradient()
        for y in [x.max(), x.min()] {
          let share = Tensor([1 / Float(count)], dtype: dtype, device: device)
          #expect(try y.gradient(of: x)[0].item() == share[0].item())
        }
      }
    }

    @Test(arguments: TestDevice.all)
    func theLargestIsNoNumber(_ device: Device) {
      let x = tracked([1, .nan, 3, .nan], [4], device)
      expectEqual(x.max().gradient(of: x), NDArray([4], [0, 0.5, 0, 0.5]))
    }

    @Test(arguments: TestDevice.all)
    func largeLogits(_ device: Device) {
      let half = -0.6931471805599453
      let x = tracked([1e7, 1e7, -1e7, -1e7], [2, 2], device)
      let y = x.logSoftmax()
      expectEqual(y, NDArray([2, 2], [half, half, half, half]))
      let first = Tensor([1, 0, 1, 0] as [Float], shape: [2, 2], device: device)
      expectEqual((y * first).sum().gradient(of: x), NDArray([2, 2], [0.5, -0.5, 0.5, -0.5]))
      let loss = x.crossEntropy(
        Tensor([0, 1] as [Int32], device: device), labelSmoothing: 0.2, reduction: .none)
      expectEqual(loss, NDArray([2], [-half, -half]))
      expectEqual(loss.sum().gradient(of: x), NDArray([2, 2], [-0.4, 0.4, 0.4, -0.4]))
    }

    @Test(arguments: TestDevice.all, [Float.infinity, -.infinity, .nan])
    func ignoredRows(_ device: Device, _ value: Float) {
      let x = tracked([2, 1, 0, value, 0, 1], [2, 3], device)
      let labels = Tensor([0, -100] as [Int32], device: device)
      let loss = x.crossEntropy(labels, ignoredIndex: -100)
      expectEqual(loss, NDArray([], [0.40760596444438]))
      let gradient = loss.gradient(of: x, creatingGraph: true)
      let p = [0.66524095577, 0.24472847105, 0.09003057317]
      expectEqual(gradient, NDArray([2, 3], [p[0] - 1, p[1], p[2], 0, 0, 0]))
      // The gradient's first element by each logit: p0 (1 - p0), -p0 p1, -p0 p2.
      let second = gradient[0, 0].gradient(of: x)
      expectEqual(second, NDArray([2, 3], [p[0] * (1 - p[0]), -p[0] * p[1], -p[0] * p[2], 0, 0, 0]))
      let none = x.crossEntropy(Tensor([-100, -100] as [Int32], device: device), ignoredIndex: -100)
      expectEqual(none.gradient(of: x), NDArray([2, 3], [0, 0, 0, 0, 0, 0]))
    }

    @Test(arguments: TestDevice.all)
    func labelsOfSixtyFourBits(_ device: Device) throws {
      let x = Tensor.zeros([2, 3], device: device)
      let labels = Tensor([1, 1 << 40] as [Int64], device: device)
      #expect(throws: LatheError.self) { try x.crossEntropy(labels).item() }
      #expect(throws: LatheError.self) { try x.crossEntropy(labels, ignoredIndex: 1 << 41).item() }
      let losses = x.crossEntropy(labels, ignoredIndex: 1 << 40, reduction: .none)
      expectEqual(losses, NDArray([2], [1.0986122886681098, 0]))
    }

    @Test func stepsBeyondEveryAxis() async {
      let steps = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([4], device: .cpu)[.slice(nil, nil, .max)]
      }
      expectMessage(steps, "step \(Int.max)")
      let ranges = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([4], device: .cpu)[2...Int.max]
      }
      expectMessage(ranges, "\(Int.max)")
    }
  }
}
