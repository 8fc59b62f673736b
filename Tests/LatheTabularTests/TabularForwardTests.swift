import FoundationEssentials
import Lathe
import LatheCore
import LatheNN
import LatheTabular
import Testing

/// Forward passes beside those of the paper's authors; scripts/make-tabular-fixtures.py wrote what is expected.
@Suite struct TabularForwardTests {
  struct Stored: Decodable {
    var shape: [Int]
    var values: [Double]
  }

  struct Case<Configuration: Decodable>: Decodable {
    var configuration: Configuration
    var weights: [String: Stored]
    var answers: [[Double]]
  }

  struct Fixture: Decodable {
    var numbers: Int
    var cardinalities: [Int]
    var rows: [[Double]]
    var mlp: Case<TabularMLP.Configuration>
    var resNet: Case<TabularResNet.Configuration>
    var ftTransformer: Case<FTTransformer.Configuration>
  }

  private let fixture: Fixture

  init() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Fixtures/learn/tabular.json"))
    fixture = try JSONDecoder().decode(Fixture.self, from: data)
  }

  private func check<C>(_ expected: Case<C>, _ architecture: TabularArchitecture, _ device: Device) throws {
    let module = architecture.module(
      TabularColumns(numbers: fixture.numbers, cardinalities: fixture.cardinalities), outputs: 2,
      generator: Generator(seed: 1), device: device)
    let weights = expected.weights.map { name, stored in
      let shape = Shape(stored.shape)
      return (
        name,
        name.hasSuffix("firsts")
          ? Tensor(stored.values.map { Int32($0) }, shape: shape, device: device)
          : Tensor(stored.values.map { Float($0) }, shape: shape, device: device)
      )
    }
    try module.load(Dictionary(uniqueKeysWithValues: weights), from: "fixture")
    module.eval()
    let rows = Tensor(
      fixture.rows.flatMap { $0.map { Float($0) } }, shape: [fixture.rows.count, fixture.rows[0].count],
      device: device)
    let found = try noGradient { try module(rows).scalars(as: Float.self) }
    let wanted = expected.answers.flatMap { $0 }
    #expect(found.count == wanted.count)
    for (a, b) in zip(found, wanted) { #expect(abs(Double(a) - b) <= 1e-5 * max(1, abs(b))) }
  }

  @Test(arguments: TabularTestDevice.all) func forwardPassesAreThoseOfTheAuthors(_ device: Device) throws {
    try check(fixture.mlp, .mlp(fixture.mlp.configuration), device)
    try check(fixture.resNet, .resNet(fixture.resNet.configuration), device)
    try check(fixture.ftTransformer, .ftTransformer(fixture.ftTransformer.configuration), device)
  }
}

/// The CPU, and OpenCL where there is a device.
enum TabularTestDevice {
  static let requiresOpenCL = ProcessInfo.processInfo.environment["LATHE_REQUIRE_OPENCL"] == "1"
  static let all: [Device] = [.cpu] + ((try? Device.named("opencl")).map { [$0] } ?? [])
}
