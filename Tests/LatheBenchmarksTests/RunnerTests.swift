import LatheCore
import LatheML
import Testing

import LatheBenchmarks

/// The CPU until it has run a number of operations; from then on every call fails.
private final class MortalBackend: Backend, @unchecked Sendable {
  // Unchecked: only touched by the one thread of a test.
  private var remaining: Int
  private let backend = Device.cpu.backend
  let counters = CounterStore()

  init(operations: Int) { remaining = operations }

  var info: DeviceInfo { backend.info }
  var hasFloat64: Bool { backend.hasFloat64 }

  private func live() throws {
    if remaining <= 0 { throw LatheError(.device, "mortal: the device is lost") }
  }

  func allocate(byteCount: Int) throws -> Buffer {
    try live()
    return try backend.allocate(byteCount: byteCount)
  }

  func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer) throws {
    try backend.write(source, to: buffer)
  }

  func fill(
    _ buffer: Buffer, byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    try backend.fill(buffer, byteCount: byteCount, body)
  }

  func withBytes(
    of buffer: Buffer, offset: Int, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try backend.withBytes(of: buffer, offset: offset, count: count, body)
  }

  func read(_ buffer: Buffer, offset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    try backend.read(buffer, offset: offset, into: destination)
  }

  func run(_ operation: LatheCore.Operation, inputs: [Operand], outputs: [Operand]) throws {
    try live()
    remaining -= 1
    try backend.run(operation, inputs: inputs, outputs: outputs)
  }

  func synchronize() throws { try live() }
  func emptyCache() {}
}

@Suite("Runner")
struct RunnerTests {
  private let budget = MeasuringBudget(
    seconds: 0, sampleSeconds: 0, warmUpSeconds: 0, minimumSamples: 3, maximumSamples: 3)

  private func workload(_ shape: String, error: Double = 0) -> Workload {
    Workload(.latency, "add", shape, work: .time) { device in
      let x = try Tensor([1] as [Float], device: device).computed()
      return Trial(tolerance: 1e-6, run: { try (x + 1).computed() }) {
        try (x + 1).item() == 2 ? error : 1
      }
    }
  }

  @Test("Right rows have figures, wrong ones have none")
  func wrongResults() throws {
    let rows = Runner(devices: [.cpu], budget: budget)
      .run([workload("right"), workload("wrong", error: 0.5), workload("nan", error: .nan)])
    let figures = try #require(rows[0].figures)
    #expect(figures.samples == 3 && figures.median > 0 && figures.p10 <= figures.p90)
    #expect(rows[1].failure?.contains("wrong result: relative error 5.0e-01") == true)
    #expect(rows[2].failure?.contains("wrong result") == true)
    #expect(TextTable([workload("x")], devices: []).line(rows[1]).contains("FAILED"))
  }

  @Test("A device that dies ends its own rows")
  func death() {
    let mortal = Device(name: "mortal", backend: MortalBackend(operations: 8))
    let runner = Runner(devices: [.cpu, mortal], budget: budget)
    var notes: [String] = []
    runner.onNote = { notes.append($0) }
    let rows = runner.run((0..<4).map { workload("\($0)") })
    #expect(rows.count == 8)
    #expect(rows.filter { $0.device == "cpu" }.allSatisfy { $0.figures != nil })
    let failures = rows.filter { $0.device == "mortal" }.compactMap(\.failure)
    #expect(failures.first?.contains("the device is lost") == true)
    #expect(failures.last?.contains("not run: mortal failed before") == true)
    #expect(notes.count == 1)
  }

  @Test("Stopping keeps the rows that are finished")
  func stopping() {
    let runner = Runner(devices: [.cpu], budget: budget)
    var finished = 0
    runner.onRow = { _ in finished += 1 }
    runner.shouldStop = { finished == 2 }
    #expect(runner.run((0..<5).map { workload("\($0)") }).count == 2)
  }

  @Test("The roof that binds")
  func roofs() throws {
    let roofs = Roofs(
      copyBytesPerSecond: 1e9, operationsPerSecond: 1e10, launchSeconds: 1e-3, roundTripSeconds: 1e-3)
    #expect(
      roofs.share(of: .arithmetic(1e10, bytes: 1e8), seconds: 2) == RoofShare(roof: .compute, share: 0.5))
    #expect(roofs.share(of: .traffic(1e9), seconds: 4) == RoofShare(roof: .memory, share: 0.25))
    #expect(roofs.share(of: .traffic(8), seconds: 1e-2)?.roof == .launch)
    #expect(roofs.share(of: .time, seconds: 1) == nil)
    #expect(throws: LatheError.self) {
      try Roofs(measuring: Device(name: "mortal", backend: MortalBackend(operations: 1)))
    }
  }
}
