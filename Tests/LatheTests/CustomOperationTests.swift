import Glibc
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Operations that a program brings along.
  @Suite("Custom operations", .serialized)
  struct CustomOperations {
    /// a x^2 y and x + y, elements of one type; two results of one kernel.
    private static func product(_ factor: Float, file: String = source) -> CustomOperation {
      CustomOperation(
        "product", results: { [$0[0], $0[0]] },
        cpu: { inputs, outputs in
          switch inputs[0].spec.dtype {
          case .float16: loop(inputs, outputs, Float16(factor))
          case .int32: loop(inputs, outputs, Int32(factor))
          default: loop(inputs, outputs, factor)
          }
        },
        openCL: { inputs, _ in
          [
            OpenCLLaunch(
              source: file, kernel: "product",
              definitions: inputs[0].dtype == .int32
                ? ["T": "int", "LOAD(p,i)": "p[i]", "STORE(v,p,i)": "p[i]=v"]
                : inputs[0].dtype == .float16
                  ? ["T": "half", "LOAD(p,i)": "vload_half(i,p)", "STORE(v,p,i)": "vstore_half(v,i,p)"]
                  : ["T": "float", "LOAD(p,i)": "p[i]", "STORE(v,p,i)": "p[i]=v"],
              arguments: [
                .input(0), .input(1), .output(0), .output(1), .float(factor), .int32(Int32(inputs[0].count)),
              ], global: [inputs[0].count], local: [4])
          ]
        },
        backward: { pass in
          let (x, y) = (pass.inputs[0], pass.inputs[1])
          let (g, h) = (pass.gradients[0], pass.gradients[1])
          return [g * x * y * (2 * factor) + h, g * x * x * factor + h]
        })
    }

    private static let source = """
      __kernel void product(__global const T *x, __global const T *y, __global T *first, __global T *second,
                            float factor, int n) {
        const int i = get_global_id(0);
        if (i >= n) return;
        STORE(factor * LOAD(x, i) * LOAD(x, i) * LOAD(y, i), first, i);
        STORE(LOAD(x, i) + LOAD(y, i), second, i);
      }
      """

    private static func loop<T: Numeric & BitwiseCopyable>(
      _ inputs: [HostInput], _ outputs: [HostOutput], _ factor: T
    ) {
      let (x, y) = (inputs[0].elements(as: T.self), inputs[1].elements(as: T.self))
      for i in x.indices {
        outputs[0].elements(as: T.self)[i] = factor * x[i] * x[i] * y[i]
        outputs[1].elements(as: T.self)[i] = x[i] + y[i]
      }
    }

    private let x = NDArray([2, 3], [1, -2, 3, 0.5, 4, -1])
    private let y = NDArray([2, 3], [2, 0.5, -1, 3, 1, 0.25])

    @Test(arguments: TestDevice.all)
    func valuesOfEveryType(_ device: Device) {
      let operation = Self.product(3)
      for dtype in [DType.float32, .float16, .int32] {
        let (a, b) = (x.rounded(to: dtype), y.rounded(to: dtype))
        let results = operation.results(of: [a.tensor(dtype, on: device), b.tensor(dtype, on: device)])
        expectEqual(results[0], NDArray.zip(a, b) { 3 * $0 * $0 * $1 }, dtype)
        expectEqual(results[1], NDArray.zip(a, b) { $0 + $1 }, dtype)
      }
    }

    @Test(arguments: TestDevice.all)
    func inputsMayBeViewsAndDeferred(_ device: Device) {
      let wide = NDArray([3, 4], (0..<12).map { Double($0) / 4 })
      let tensor = wide.tensor(.float32, on: device)
      // A transposed part of one, and a chain that was not computed yet, whose result goes on into another.
      let part = tensor[.all, 1..<3].transposed()
      let pending = (y.tensor(.float32, on: device) + 1) * 2
      let result = Self.product(1).results(of: [part, pending])[0] * 10
      let values = (0..<2).flatMap { i in (0..<3).map { j in wide.values[j * 4 + 1 + i] } }
      expectEqual(
        result, NDArray.zip(NDArray([2, 3], values), y) { 10 * $0 * $0 * ($1 + 1) * 2 })
      let repeated = Self.product(1).results(of: [
        tensor[0, 0..<1].expanded(to: [2, 3]) + 2, Tensor.ones([1, 3], device: device).expanded(to: [2, 3]),
      ])[0]
      expectEqual(repeated, NDArray([2, 3], [Double](repeating: 4, count: 6)))
    }

    @Test(arguments: TestDevice.all)
    func gradientsOfFirstAndSecondOrder(_ device: Device) {
      let a = x.tensor(.float32, on: device).requiringGradient()
      let b = y.tensor(.float32, on: device).requiringGradient()
      let results = Self.product(2).results(of: [a, b])
      let total = results[0] * 3 + results[1]
      let first = total.gradients(of: [a, b], creatingGraph: true)
      expectEqual(first[0], NDArray.zip(x, y) { 3 * 4 * $0 * $1 + 1 })
      expectEqual(first[1], NDArray.zip(x, y) { x, _ in 3 * 2 * x * x + 1 })
      let second = first[0].gradients(of: [a, b])
      expectEqual(second[0], y.map { 12 * $0 })
      expectEqual(second[1], x.map { 12 * $0 })
      // Only one of two results is used, only one of two inputs wanted.
      let some = Self.product(2).results(of: [a, b.detached()])[1].gradient(of: a)
      expectEqual(some, NDArray([2, 3], [Double](repeating: 1, count: 6)))
    }

    @Test func savedResultsAreDifferentiatedAgain() {
      // exp with the gradient of its own result: the second derivative passes through the saved one.
      let exponential = CustomOperation(
        "exponential", saving: .results, forward: { [$0[0].exp()] },
        backward: { [$0.gradients[0] * $0.results[0]] })
      let a = Tensor([0.5, -1] as [Float], device: .cpu).requiringGradient()
      let first = exponential(a).gradient(of: a, creatingGraph: true)
      let second = first.sum().gradient(of: a, creatingGraph: true)
      let third = second.sum().gradient(of: a)
      for found in [first, second, third] { expectEqual(found, NDArray([2], [0.5, -1]).map { exp($0) }) }
    }

    @Test(arguments: TestDevice.all)
    func recomputedAndAlongADirection(_ device: Device) throws {
      let a = x.tensor(.float32, on: device).requiringGradient()
      let b = y.tensor(.float32, on: device)
      let plain = Self.product(2).results(of: [a * 2, b])[0].sum().gradient(of: a)
      let again = recomputed { Self.product(2).results(of: [a * 2, b])[0].sum() }.gradient(of: a)
      #expect(try plain.bytes() == again.bytes())
      let tangents = jacobianVectorProduct(
        of: { Self.product(2).results(of: $0) }, at: [a.detached(), b], tangents: [b, b]
      ).tangents
      expectEqual(tangents[0], NDArray.zip(x, y) { 4 * $0 * $1 * $1 + 2 * $0 * $0 * $1 })
      expectEqual(tangents[1], y.map { 2 * $0 })
    }

    @Test func aGradientOtherThanTheOperations() {
      // Rounding whose gradient passes straight through.
      let rounded = CustomOperation(
        "straight through", saving: [], forward: { [$0[0].round()] }, backward: { $0.gradients })
      for dtype in [DType.float32, .bfloat16] {
        let a = Tensor([0.4, 1.6] as [Float], dtype: dtype, device: .cpu).requiringGradient()
        let result = rounded(a)
        expectEqual(result, NDArray([2], [0, 2]), dtype)
        expectEqual((result * 3).gradient(of: a), NDArray([2], [3, 3]), dtype)
      }
    }

    @Test(arguments: TestDevice.all)
    func aMissingImplementationIsAnError(_ device: Device) {
      let operation =
        device == .cpu
        ? CustomOperation("half", results: { $0 }, openCL: { _, _ in [] })
        : CustomOperation("half", results: { $0 }, cpu: { _, _ in })
      let fallbacks = device.counters.fallbacks
      let result = operation(Tensor.ones([3], device: device))
      let error = #expect(throws: LatheError.self) { try (result + 1).scalars(as: Float.self) }
      #expect(error?.kind == .unsupported)
      #expect(error?.message.contains("custom operation 'half' has no implementation") == true)
      #expect(device.counters.fallbacks == fallbacks)
    }

    @Test func anErrorOfTheLoopIsThatOfTheResult() {
      let operation = CustomOperation(
        "checked", results: { $0 },
        cpu: { inputs, _ in
          throw LatheError(.format, "row \(inputs[0].elements(as: Float.self)[0]) is broken")
        })
      let result = operation(Tensor([7] as [Float], device: .cpu)) * 2
      let error = #expect(throws: LatheError.self) { try result.item() }
      #expect(error?.message == "row 7.0 is broken")
    }

    @Test(
      .enabled(if: TestDevice.runsOpenCL, TestDevice.skipReason), arguments: TestDevice.openCL("cpu"))
    func aBuildLogHasTheProgramsOwnLines(_ device: Device) {
      let broken = Self.product(1, file: Self.source + "\n\n__kernel void other() { undeclared(); }")
      let line = Self.source.split(separator: "\n", omittingEmptySubsequences: false).count + 2
      let refused = device.counters.refusedDeclarations
      let result = broken.results(of: [Tensor.ones([2], device: device), Tensor.ones([2], device: device)])[0]
      let error = #expect(throws: LatheError.self) { try result.scalars(as: Float.self) }
      #expect(error?.kind == .kernelBuild)
      let message = error?.message ?? ""
      #expect(message.contains("product does not build") && message.contains("undeclared"), "\(message)")
      #expect(message.contains(":\(line):"), "\(message)")
      #expect(device.counters.refusedDeclarations == refused)
    }

    @Test(
      .enabled(if: TestDevice.runsOpenCL, TestDevice.skipReason), arguments: TestDevice.openCL("cpu"))
    func argumentsThatAreNotThereAreAnError(_ device: Device) {
      let operation = CustomOperation(
        "wrong", results: { $0 },
        openCL: { _, _ in
          [
            OpenCLLaunch(
              source: "__kernel void f(__global float *x) { x[0] = 1; }", kernel: "f",
              arguments: [.input(2)], global: [1])
          ]
        })
      let error = #expect(throws: LatheError.self) {
        try operation(Tensor.ones([1], device: device)).item()
      }
      #expect(error?.message.contains("names input 2 of 1") == true)
    }

    @Test func withoutAGradientAskingStops() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        let operation = CustomOperation("plain", forward: { [$0[0] * 2] })
        let x = Tensor([1] as [Float], device: .cpu).requiringGradient()
        _ = operation(x).gradient(of: x)
      }
      expectMessage(result, "the custom operation 'plain' has no backward function")
    }

    @Test func aGradientOfAnotherShapeStops() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        let operation = CustomOperation("sum", forward: { [$0[0].sum()] }, backward: { $0.gradients })
        let x = Tensor([1, 2] as [Float], device: .cpu).requiringGradient()
        _ = operation(x).gradient(of: x)
      }
      expectMessage(result, "backward gave a gradient of shape [] for input 0 of shape [2]")
    }
  }
}
