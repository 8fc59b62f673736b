import Lathe

/// One row of the operation suite: what is run, on what, and what must come out.
package struct OpCase: Sendable, CustomStringConvertible {
  /// Unique; also the seed of the inputs.
  package var name: String
  package var inputs: [InputSpec]
  /// The type of the result.
  package var dtype: DType
  package var tolerance: Tolerance
  /// The float32 or float64 inputs with respect to which the gradient is checked.
  package var differentiable: [Int]
  /// Whether the gradient of the gradient is checked too.
  package var secondOrder: Bool
  /// Whether the case is run on views; rows that differ from another only in their function need not be.
  package var views: Bool
  /// Whether the kernels are generated from element-wise programs, not written by hand for the operation.
  package var isGenerated = false
  /// Whether gradients of gradients are composed of operations that have cases of their own: the CPU path is then enough.
  package var composesSecondOrder = false
  /// Whether it is a case in float64 that is composed of operations that have cases of their own.
  package var composesFloat64 = false
  /// Whether every device leaves the operation to the CPU.
  package var runsOnHost = false
  package var run: @Sendable ([Tensor]) -> Tensor
  package var reference: @Sendable ([NDArray]) -> NDArray

  package init(
    _ name: String, _ inputs: [InputSpec], dtype: DType = .float32, tolerance: Tolerance = .elementwise,
    gradient differentiable: [Int] = [], secondOrder: Bool = false, views: Bool = false,
    run: @escaping @Sendable ([Tensor]) -> Tensor, reference: @escaping @Sendable ([NDArray]) -> NDArray
  ) {
    self.name = name
    self.inputs = inputs
    self.dtype = dtype
    self.tolerance = tolerance
    self.differentiable = differentiable
    self.secondOrder = secondOrder
    self.views = views
    self.run = run
    self.reference = reference
  }

  package var description: String { name }

  /// The inputs' values.
  package func arrays() -> [NDArray] {
    inputs.enumerated().map { $1.array(seed: "\(name)/\($0)") }
  }

  /// Whether numbers are float64.
  package var isFloat64: Bool { inputs.contains { $0.dtype == .float64 } }

  /// Whether all numbers are float32 or float64; other inputs are indices or conditions.
  package var isFloat: Bool {
    inputs.allSatisfy { [.float32, .float64, .int32, .bool].contains($0.dtype) }
      && inputs.contains { $0.dtype == .float32 || $0.dtype == .float64 }
  }

  /// The elements of all inputs together.
  package var inputCount: Int { inputs.map { $0.shape.reduce(1, *) }.reduce(0, +) }
}

/// What is checked of a case.
package enum Mode: String, Sendable, CaseIterable {
  case value, gradient, secondOrder, view

  /// Whether a case has something to check in this mode.
  package func applies(to opCase: OpCase) -> Bool {
    switch self {
    case .value: true
    case .gradient: !opCase.differentiable.isEmpty
    case .secondOrder: opCase.secondOrder && !opCase.differentiable.isEmpty
    case .view: opCase.views
    }
  }
}

extension OpCase {
  /// Runs the case in a mode on a device.
  ///
  /// - Returns: What went wrong, one line each, with the case, the device and the mode in front.
  package func failures(_ mode: Mode, on device: Device) -> [String] {
    let found =
      switch mode {
      case .value: checkValue(on: device)
      case .gradient: checkGradient(on: device)
      case .secondOrder: checkSecondOrder(on: device)
      case .view: checkViews(on: device)
      }
    return found.map { "\(name) on \(TestDevice.describe(device)), \(mode.rawValue): \($0)" }
  }

  private func checkValue(on device: Device) -> [String] {
    guard let problem = mismatch(value(on: device), reference(arrays()), dtype, tolerance) else { return [] }
    return [problem.description]
  }

  private func value(on device: Device) -> Tensor {
    run(zip(arrays(), inputs).map { $0.tensor($1.dtype, on: device) })
  }

  /// Runs the case in a mode, for what it makes a device do: whatever comes out is compared with nothing.
  package func runOnly(_ mode: Mode, on device: Device) throws {
    let results =
      switch mode {
      case .value: [value(on: device)]
      case .gradient: gradients(on: device) ?? []
      case .secondOrder: secondGradients(on: device)
      case .view: viewResults(on: device)
      }
    for result in results { try result.computed() }
  }
}
