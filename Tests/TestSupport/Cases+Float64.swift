import Lathe

extension OpCase {
  /// The cases with float32 inputs again, in float64.
  static func float64(of cases: [OpCase], composed: Bool) -> [OpCase] {
    cases.filter { opCase in
      opCase.inputs.contains { $0.dtype == .float32 } && opCase.inputCount <= largest
        && !float32Only.contains(opCase.name)
    }.map { opCase in
      var result = opCase.inFloat64()
      result.composesFloat64 = composed
      return result
    }
  }

  /// The most elements of a row that runs again: what only large tensors show does not depend on the type.
  private static let largest = 5000

  /// Rows whose reference or function names float32.
  private static let float32Only: Set<String> = ["chain of 100", "layerNorm weight only, epsilon"]

  /// Rows of generated kernels whose gradients and views are checked in float64 on OpenCL devices, too: element-wise chains,
  /// reductions over rows and columns, and running sums.
  private static let generatedSamples: Set<String> = [
    "gelu of x a + b, + r", "sum of product", "max of sum of products", "mean [5, 7] axes [0]",
    "prod [5, 7] axes [1]", "standardDeviation [5, 7] axes [0]", "logSumExp [5, 7] axes [0]",
    "multiply itself",
  ]

  /// Whether a row in float64 is checked in a mode on OpenCL devices with the kernels of a profile.
  func checksFloat64(_ mode: Mode, _ profile: String) -> Bool {
    if composesFloat64 || mode == .value { return !composesFloat64 }
    guard profile == "gpu", mode != .secondOrder, inputCount <= 250 else { return false }
    return !isGenerated || Self.generatedSamples.contains(String(name.dropLast(" float64".count)))
  }

  /// The case with its float32 inputs, and a float32 result, in float64.
  ///
  /// The reference is exact to rounding in float64, so that the result has to be, too.
  private func inFloat64() -> OpCase {
    var result = self
    result.name += " float64"
    for i in inputs.indices where inputs[i].dtype == .float32 { result.inputs[i].dtype = .float64 }
    if dtype == .float32 { result.dtype = .float64 }
    result.tolerance = Tolerance(1e-12, floor: tolerance.floor)
    return result
  }
}
