import Glibc
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Gradients of several outputs, products with Jacobian matrices, and the matrices themselves.
  @Suite("Jacobians", .serialized)
  struct Jacobians {
    /// f(x, y) = (x * sin(y), W x + y * y) and its derivatives, worked out by hand.
    private struct Example {
      let x: [Double] = [0.5, -1.25, 2]
      let y: [Double] = [0.25, 1.5, -0.75]
      let w: [[Double]] = [[1, 2, 3], [-1, 0.5, 0.25], [0.125, -2, 1]]
      let device: Device

      func tensor(_ values: [Double]) -> Tensor { NDArray([3], values).tensor(.float32, on: device) }
      var inputs: [Tensor] { [tensor(x), tensor(y)] }

      func run(_ inputs: [Tensor]) -> [Tensor] {
        let matrix = NDArray([3, 3], w.flatMap { $0 }).tensor(.float32, on: device)
        return [inputs[0] * inputs[1].sin(), matrix.matmul(inputs[0]) + inputs[1] * inputs[1]]
      }

      /// The derivatives of result `i` by input `j`, as a matrix.
      func derivatives(_ i: Int, _ j: Int) -> [[Double]] {
        (0..<3).map { row in
          (0..<3).map { column in
            let diagonal = row == column ? 1.0 : 0
            switch (i, j) {
            case (0, 0): return diagonal * sin(y[row])
            case (0, 1): return diagonal * x[row] * cos(y[row])
            case (1, 0): return w[row][column]
            default: return diagonal * 2 * y[row]
            }
          }
        }
      }
    }

    @Test(arguments: TestDevice.all)
    func severalOutputsInOneWalk(_ device: Device) {
      let example = Example(device: device)
      let inputs = example.inputs.map { $0.requiringGradient() }
      let outputs = example.run(inputs)
      let upstream: [[Double]] = [[1, -2, 3], [0.5, 4, -1]]
      let found = gradients(
        of: outputs, withRespectTo: inputs, upstream: upstream.map { example.tensor($0) })
      for j in 0..<2 {
        let expected = (0..<3).map { column in
          (0..<2).reduce(0.0) { sum, i in
            (0..<3).reduce(sum) { $0 + upstream[i][$1] * example.derivatives(i, j)[$1][column] }
          }
        }
        expectEqual(found[j], NDArray([3], expected), .float32, .accumulated)
      }
    }

    @Test func upstreamIsOnesUnlessGiven() {
      let x = Tensor([1, 2] as [Float], device: .cpu).requiringGradient()
      let outputs = [x * 3, x * x]
      let all = gradients(of: outputs, withRespectTo: [x], retainingGraph: true)
      expectEqual(all[0], NDArray([2], [5, 7]))
      let some = gradients(
        of: outputs, withRespectTo: [x], upstream: [nil, Tensor([10, 0] as [Float], device: .cpu)])
      expectEqual(some[0], NDArray([2], [23, 3]))
    }

    @Test func unusedInputsAreTold() {
      let x = Tensor([1, 2] as [Float], device: .cpu).requiringGradient()
      let unused = Tensor([5] as [Float], device: .cpu).requiringGradient()
      let found = gradientsOrNil(of: [x * 3], withRespectTo: [unused, x])
      #expect(found[0] == nil)
      if let gradient = found[1] { expectEqual(gradient, NDArray([2], [3, 3])) } else { Issue.record("nil") }
    }

    @Test func anOutputThatAnotherIsMadeOf() {
      let x = Tensor([1, 2] as [Float], device: .cpu).requiringGradient()
      let y = x * x
      let z = y * y
      expectEqual(gradients(of: [y, z, y], withRespectTo: [x])[0], NDArray([2], [8, 40]))
    }

    @Test func aGraphIsMadeInsideNoGradient() {
      let x = Tensor([3] as [Float], device: .cpu).requiringGradient()
      let y = x * x * x
      let second = noGradient { y.gradient(of: x, creatingGraph: true) }.gradient(of: x)
      expectEqual(second, NDArray([1], [18]))
    }

    @Test(arguments: TestDevice.all)
    func vectorJacobianProducts(_ device: Device) {
      let example = Example(device: device)
      let upstream: [[Double]] = [[1, 2, -1], [0, 1, 0.5]]
      let (outputs, found) = vectorJacobianProduct(
        of: example.run, at: example.inputs, upstream: upstream.map { example.tensor($0) })
      #expect(outputs.allSatisfy { !$0.requiresGradient })
      expectEqual(outputs[0], NDArray([3], zip(example.x, example.y).map { $0 * sin($1) }))
      for j in 0..<2 {
        let expected = (0..<3).map { column in
          (0..<2).reduce(0.0) { sum, i in
            (0..<3).reduce(sum) { $0 + upstream[i][$1] * example.derivatives(i, j)[$1][column] }
          }
        }
        expectEqual(found[j], NDArray([3], expected), .float32, .accumulated)
      }
    }

    @Test(arguments: TestDevice.all)
    func jacobianVectorProducts(_ device: Device) {
      let example = Example(device: device)
      let tangents: [[Double]] = [[1, -0.5, 2], [3, 0.25, -1]]
      let (_, found) = jacobianVectorProduct(
        of: example.run, at: example.inputs, tangents: tangents.map { example.tensor($0) })
      for i in 0..<2 {
        let expected = (0..<3).map { row in
          (0..<2).reduce(0.0) { sum, j in
            (0..<3).reduce(sum) { $0 + example.derivatives(i, j)[row][$1] * tangents[j][$1] }
          }
        }
        expectEqual(found[i], NDArray([3], expected), .float32, .accumulated)
      }
    }

    @Test func resultsThatDependOnNothingHaveZeroTangents() {
      let x = Tensor([1, 2] as [Float], device: .cpu)
      let other = Tensor([4] as [Float], device: .cpu)
      let found = jacobianVectorProduct(
        of: { [$0[0] * 2, other, $0[0].argmax().reshaped(to: [1])] }, at: [x], tangents: [x])
      expectEqual(found.tangents[0], NDArray([2], [2, 4]))
      expectEqual(found.tangents[1], NDArray([1], [0]))
      expectEqual(found.tangents[2], NDArray([1], [0]), .int32)
    }

    @Test(arguments: TestDevice.all)
    func wholeMatrices(_ device: Device) {
      let example = Example(device: device)
      let x = example.inputs[0]
      let matrix = jacobian(of: { example.run([$0, example.inputs[1]])[1] }, at: x)
      expectEqual(matrix, NDArray([3, 3], example.derivatives(1, 0).flatMap { $0 }))
      // sum(x^3) + x0 x1: 6x on the diagonal.
      let second = hessian(of: { ($0 * $0 * $0).sum() + $0[0] * $0[1] }, at: x)
      expectEqual(second, NDArray([3, 3], [3, 1, 0, 1, -7.5, 0, 0, 0, 12]))
      let product = hessianVectorProduct(
        of: { ($0 * $0 * $0).sum() + $0[0] * $0[1] }, at: x, vector: example.tensor([1, 2, -1]))
      expectEqual(product, NDArray([3], [5, -14, -12]))
      expectEqual(hessian(of: { $0.sum() }, at: x), NDArray([3, 3], [Double](repeating: 0, count: 9)))
    }

    @Test func shapesOfMatrices() {
      let x = Tensor.ones([2, 3], device: .cpu)
      let matrix = jacobian(of: { $0.sum(axis: 0) * 2 }, at: x)
      #expect(matrix.shape == [3, 2, 3])
      expectEqual(matrix[1], NDArray([2, 3], [0, 2, 0, 0, 2, 0]))
    }

    @Test func wrongListsStop() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        let x = Tensor([1, 2] as [Float], device: .cpu).requiringGradient()
        _ = gradients(of: [x * 2, x * 3], withRespectTo: [x], upstream: [nil])
      }
      expectMessage(result, "1 upstream tensors for 2 outputs")
    }
  }
}
