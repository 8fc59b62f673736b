import Lathe
import TestSupport
import Testing

extension AllTests {
  /// A programmer's mistake in an operation ends the program with a line that says what does not fit.
  @Suite("Mistakes in operations", .serialized)
  struct MistakesInOperations {
    static let all =
      OperationMistake.equations + OperationMistake.places + OperationMistake.searches
      + OperationMistake.quantized
      + OperationMistake.windows + OperationMistake.algebra

    @Test(arguments: all.indices)
    func endWithTheirMessage(_ index: Int) async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        [index = index as Int] in
        MistakePlace.hide()
        Self.all[index].make()
      }
      expectMessage(result, Self.all[index].message)
    }

    /// Calls with operands on two devices: of tensors that are deferred, checked by the method, and checked when it runs.
    private static let onTwoDevices: [@Sendable (Tensor, Tensor) -> Tensor] = [
      { $0 + $1 }, { $0.matmul($1) },
      { $0.reshaped(to: [1, 1, 2, 2]).conv2D($1.reshaped(to: [1, 1, 2, 2])) },
      { $0.linear(weight: QuantizedTensor($1.cast(to: .float16))) },
    ]

    @Test(
      "Operands on two devices are named with what to do",
      .enabled(if: TestDevice.runsOpenCL, TestDevice.skipReason), arguments: 0..<4)
    func namesBothDevices(_ index: Int) async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        [index = index as Int] in
        try TestDevice.onOpenCL("cpu") { device in
          let (a, b) = (Tensor.ones([2, 2], device: .cpu), Tensor.ones([2, 2], device: device))
          _ = Self.onTwoDevices[index](b, a)
        }
      }
      expectMessage(
        result, ": tensors on different devices, opencl:0 and cpu; move one of them by moved(to:)")
    }
  }
}
