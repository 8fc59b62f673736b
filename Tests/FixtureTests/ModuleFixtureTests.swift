import LatheML
import TestSupport
import Testing

/// Every module on the CPU and on OpenCL: outputs, the gradients of inputs and parameters, and buffers against PyTorch's.
@Suite(.serialized) struct ModuleFixtureTests {
  @Test func cpu() throws { try run(on: .cpu) }

  @Test(.enabled(if: TestDevice.runsOpenCL, "no OpenCL device")) func openCL() throws {
    try TestDevice.onOpenCL("cpu") { try run(on: $0) }
  }

  @Test func everyModuleHasFixtures() throws {
    let names = try FixtureFile.load("modules", as: ModuleFixture.self).map(\.name)
    #expect(Set(names) == Set(fixtureModules.keys))
  }

  /// A recurrence is differentiated twice through its recorded steps, whose first gradient must be the same.
  @Test func recurrenceRecordedStepByStep() throws {
    for name in ["rnn packed", "lstm packed", "gru packed", "lstm deep, both directions"] {
      let fixture = try #require(
        try FixtureFile.load("modules", as: ModuleFixture.self).first { $0.name == name })
      try check(fixture, on: .cpu, creatingGraph: true)
    }
  }

  private func run(on device: Device) throws {
    for fixture in try FixtureFile.load("modules", as: ModuleFixture.self) {
      do {
        try check(fixture, on: device)
      } catch {
        Issue.record("\(fixture.name) on \(TestDevice.describe(device)): \(error)")
      }
    }
  }

  private func check(_ fixture: ModuleFixture, on device: Device, creatingGraph: Bool = false) throws {
    let what = "\(fixture.name) on \(TestDevice.describe(device))"
    let make = try #require(fixtureModules[fixture.name], "no module '\(fixture.name)'")
    let made = make(device)
    let start = fixture.parameters.merging(fixture.buffers) { first, _ in first }
    try made.module.load(start.mapValues { try $0.tensor(on: device) }, from: fixture.name)
    let inputs = try zip(fixture.inputs, fixture.inputGradients).map { array, gradient in
      let tensor = try array.tensor(on: device)
      return gradient == nil ? tensor : tensor.requiringGradient()
    }
    let outputs = made.run(inputs)
    try #require(outputs.count == fixture.outputs.count, "\(what): \(outputs.count) outputs")
    var total: Tensor?
    for (index, (output, expected)) in zip(outputs, fixture.outputs).enumerated() {
      #expect(output.shape == Shape(expected.shape), "\(what), output \(index)")
      expectClose(try output.scalars(as: Float.self), expected.values, "\(what), output \(index)")
      let weight = Tensor(fixture.upstream[index].map { Float($0) }, shape: output.shape, device: device)
      let part = (output * weight).sum()
      total = total.map { $0 + part } ?? part
    }
    let named = made.module.namedParameters
    let tracked = inputs.indices.filter { fixture.inputGradients[$0] != nil }
    let gradients = try #require(total).gradients(
      of: tracked.map { inputs[$0] } + named.map(\.parameter.value), creatingGraph: creatingGraph)
    let expected =
      tracked.map { ("input \($0)", fixture.inputGradients[$0]) }
      + named.map { ($0.name, fixture.parameterGradients[$0.name]) }
    for (gradient, (name, values)) in zip(gradients, expected) {
      expectClose(
        try gradient.scalars(as: Float.self), try #require(values), "\(what), gradient of \(name)")
    }
    for (name, buffer) in made.module.namedBuffers {
      expectClose(
        try buffer.value.scalars(as: Float.self), try #require(fixture.buffersAfter[name]), "\(what), \(name)"
      )
    }
  }
}
