import Lathe
import TestSupport
import Testing

/// Every fixture on the CPU and on OpenCL: outputs and all gradients against PyTorch's.
///
/// In the profile that OpenCL has here; the operation suite compares the kernels of both.
@Suite(.serialized) struct FixtureTests {
  static let files = [
    "layers", "losses", "activations", "reductions", "indexing", "functions",
    "training_losses", "elementwise", "places", "windows", "algebra",
  ]

  @Test(arguments: files) func cpu(_ file: String) throws {
    try run(file, on: .cpu)
  }

  @Test(.enabled(if: TestDevice.runsOpenCL, "no OpenCL device"), arguments: files)
  func openCL(_ file: String) throws {
    try TestDevice.onOpenCL("cpu") { try run(file, on: $0) }
  }

  /// The fixtures name no operation that is not run, and the table none that no fixture has.
  @Test func everyOperationHasFixtures() throws {
    let named = Set(try Self.files.flatMap { try FixtureFile.load($0, as: Fixture.self).map(\.op) })
    #expect(named == Set(fixtureOperations.keys))
  }

  private func run(_ file: String, on device: Device) throws {
    for fixture in try FixtureFile.load(file, as: Fixture.self) {
      do {
        try check(fixture, on: device)
      } catch {
        Issue.record("\(fixture.name) on \(TestDevice.describe(device)): \(error)")
      }
    }
  }

  private func check(_ fixture: Fixture, on device: Device) throws {
    let where_ = "\(fixture.name) on \(TestDevice.describe(device))"
    let operation = try #require(fixtureOperations[fixture.op], "no operation '\(fixture.op)'")
    var inputs = try fixture.inputs.map { try $0.tensor(on: device) }
    for i in inputs.indices where fixture.gradients[i] != nil { inputs[i] = inputs[i].requiringGradient() }
    let outputs = try operation(inputs, fixture)
    try #require(outputs.count == fixture.outputs.count, "\(where_): \(outputs.count) outputs")
    var total: Tensor?
    for (index, (output, expected)) in zip(outputs, fixture.outputs).enumerated() {
      #expect(output.shape == Shape(expected.shape), "\(where_), output \(index)")
      #expect(output.dtype.description == expected.dtype, "\(where_), output \(index)")
      expectClose(
        try output.scalars(as: Double.self), expected.values, "\(where_), output \(index)",
        tolerance: tolerance(of: output.dtype))
      guard let upstream = fixture.upstream[index] else { continue }
      let weight = Tensor(upstream.map { Float($0) }, shape: output.shape, device: device)
      let part = (output * weight).sum()
      total = total.map { $0 + part } ?? part
    }
    guard let total, fixture.gradients.contains(where: { $0 != nil }) else { return }
    try #require(total.requiresGradient, "\(where_): no gradient")
    let tracked = inputs.indices.filter { fixture.gradients[$0] != nil }
    for (index, gradient) in zip(tracked, total.gradients(of: tracked.map { inputs[$0] })) {
      #expect(gradient.shape == inputs[index].shape, "\(where_), gradient of input \(index)")
      expectClose(
        try gradient.scalars(as: Double.self), fixture.gradients[index] ?? [],
        "\(where_), gradient of input \(index)", tolerance: tolerance(of: gradient.dtype))
    }
  }

  /// How far elements may be off, of the largest: whole numbers not at all, 16-bit ones by two of their steps.
  private func tolerance(of dtype: DType) -> Double {
    switch dtype {
    case .float16: 0x1p-9
    case .bfloat16: 0x1p-6
    default: dtype.isFloatingPoint ? 2e-5 : 0
    }
  }
}

/// Expects results as near to PyTorch's float64 ones as their size allows; NaN and infinities where it has them.
func expectClose(
  _ found: [some BinaryFloatingPoint], _ expected: [Double], _ what: String, tolerance: Double = 2e-5
) {
  guard found.count == expected.count else {
    Issue.record("\(what): \(found.count) values, expected \(expected.count)")
    return
  }
  let scale = expected.lazy.filter(\.isFinite).reduce(1) { max($0, abs($1)) }
  let wrong = found.indices.filter { i in
    let (value, wanted) = (Double(found[i]), expected[i])
    if wanted.isFinite { return !(abs(value - wanted) <= tolerance * scale) }
    return wanted.isNaN ? !value.isNaN : value != wanted
  }
  if let first = wrong.first {
    Issue.record(
      "\(what): \(wrong.count) of \(found.count) differ, first [\(first)]: \(found[first]), expected \(expected[first])"
    )
  }
}
