import Foundation
import LatheML
import TestSupport
import Testing

/// PyTorch's weights, converted by scripts/convert-pytorch-weights.py, give PyTorch's outputs; see
/// scripts/make-weight-fixtures.py.
@Suite("Converted weights", .serialized) struct ConvertedWeightsTests {
  private struct Case: Decodable {
    var name: String
    var file: String
    var input: FixtureArray
    var output: FixtureArray
  }

  @Test func cpu() throws { try run(on: .cpu) }

  @Test(.enabled(if: TestDevice.runsOpenCL, "no OpenCL device"), arguments: ["cpu", "gpu"])
  func openCL(profile: String) throws {
    // The names and layouts are the CPU's; one model shows that the weights reach the device.
    try TestDevice.onOpenCL(profile) { try run(on: $0, only: "encoder-layer") }
  }

  private func run(on device: Device, only name: String? = nil) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/weights").path
    let cases = try FixtureFile.load("weights/expected", as: Case.self)
    #expect(Set(cases.map(\.name)) == Set(Self.models.keys))
    for fixture in cases where name == nil || fixture.name == name {
      let make = try #require(Self.models[fixture.name], "no model '\(fixture.name)'")
      let model = make(device)
      try model.load(from: "\(folder)/\(fixture.file)")
      model.eval()
      let output = model(try fixture.input.tensor(on: device))
      #expect(output.shape == Shape(fixture.output.shape), "\(fixture.name)")
      let given = try output.scalars(as: Float.self)
      for (value, expected) in zip(given, fixture.output.values) {
        #expect(
          abs(Double(value) - expected) < 2e-5 * (1 + abs(expected)),
          "\(fixture.name) on \(TestDevice.describe(device)): \(value), expected \(expected)")
      }
    }
  }

  private static let models: [String: @Sendable (Device) -> any Module] = [
    "resnet18": { device in
      var input = ModelInput()
      input.channels = 3
      return ImageModels.resnet(blocks: [2, 2, 2, 2], width: 4, input, Generator(seed: 1), device)
    },
    "encoder-layer": { device in
      TransformerEncoderLayer(
        TransformerOptions(
          width: 8, heads: 2, feedForward: 12, dropout: 0.1, activation: { $0.gelu() }, normFirst: true),
        device: device)
    },
    "decoder-layer": { DecoderToItself(device: $0) },
    "lstm": { LSTM(3, 4, layers: 2, bidirectional: true, device: $0) },
    "gru": { GRU(3, 4, device: $0) },
    "convolutions": { device in
      Sequential {
        Conv2D(2, 4, kernel: 3, stride: 2, padding: 1, device: device)
        ConvTranspose2D(4, 2, kernel: 4, stride: 2, padding: 1, groups: 2, device: device)
        Flatten()
        Linear(128, 3, device: device)
      }
    },
  ]
}

/// A decoder layer whose memory is its input from back to front.
private final class DecoderToItself: Module {
  private let layer: TransformerDecoderLayer

  init(device: Device) {
    layer = TransformerDecoderLayer(
      TransformerOptions(width: 8, heads: 2, feedForward: 12, dropout: 0.1), device: device)
  }

  func forward(_ input: Tensor) -> Tensor { layer(input, memory: input.flipped([1])) }

  func visit(_ visitor: inout ModuleVisitor) { layer.visit(&visitor) }

  func setTraining(_ isTraining: Bool) { isTraining ? layer.train() : layer.eval() }
}
