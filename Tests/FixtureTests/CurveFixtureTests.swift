import Foundation
import LatheML
import TestSupport
import Testing

/// The losses of a hundred steps in PyTorch; see scripts/make-curve-fixtures.py.
struct CurveFixture: Decodable, Sendable {
  var name: String
  var batch: Int
  /// The image or the first character of each element of each batch, step after step.
  var order: [Int]
  var losses: [Double]
}

/// Whole trainings from the same first weights and the same batches have PyTorch's losses.
@Suite(.serialized) struct CurveFixtureTests {
  private static let hasImages = (try? FashionMNIST.load(.test)) != nil
  /// The `gpu` kernels run slowly where there is no GPU, and single steps have been compared before.
  private static func steps(_ device: Device, _ all: Int) -> Int {
    device.info.kernelProfile == "gpu" ? all / 10 : all
  }

  @Test("LeNet on Fashion-MNIST", .enabled(if: hasImages, "no Fashion-MNIST"), arguments: TestDevice.all)
  func leNet(_ device: Device) throws {
    let images = try FashionMNIST.load(.train)
    let model = LeNet.model(device: device)
    let optimizer = Adam(model.parameters, learningRate: 1e-3)
    try compare("lenet", model, optimizer, on: device, tolerance: 2e-3) { places in
      let pixels = places.flatMap { images.pixels[$0 * 784..<($0 + 1) * 784].map { Float($0) / 255 } }
      return (
        Tensor(pixels, shape: [places.count, 1, 28, 28], device: device),
        Tensor(places.map { Int32(images.labels[$0]) }, device: device)
      )
    }
  }

  @Test("A small GPT on Shakespeare") func gpt() throws {
    let device = Device.cpu
    let url = FixtureFile.folder.appendingPathComponent("data/shakespeare.txt")
    let text = Array(try String(contentsOf: url, encoding: .utf8))
    let vocabulary = Set(text).sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    let tokens = try text.map { Int32(try #require(vocabulary.firstIndex(of: $0))) }
    let length = 32
    let model = GPT(
      vocabulary: vocabulary.count, length: length, width: 64, heads: 4, layers: 2, device: device)
    let optimizer = Adam(model.parameters, learningRate: 1e-3, decoupledDecay: 0.1)
    try compare("gpt", model, optimizer, on: device, tolerance: 1e-3) { places in
      let shape: Shape = [places.count, length]
      return (
        Tensor(places.flatMap { tokens[$0..<$0 + length] }, shape: shape, device: device),
        Tensor(places.flatMap { tokens[$0 + 1...$0 + length] }, shape: shape, device: device)
      )
    }
  }

  private func compare(
    _ name: String, _ model: any Module, _ optimizer: any Optimizer, on device: Device, tolerance: Double,
    batch: (ArraySlice<Int>) throws -> (Tensor, Tensor)
  ) throws {
    let fixture = try #require(
      try FixtureFile.load("curves", as: CurveFixture.self).first { $0.name == name })
    setFirstValues(of: model)
    var largest = 0.0
    for step in 0..<Self.steps(device, fixture.losses.count) {
      let (inputs, labels) = try batch(fixture.order[step * fixture.batch..<(step + 1) * fixture.batch])
      let loss = crossEntropy(model(inputs), labels)
      optimizer.step(loss.gradients(of: optimizer.parameters))
      let value = Double(try loss.item())
      let distance = abs(value - fixture.losses[step])
      largest = max(largest, distance)
      // Also false where the loss is NaN.
      #expect(
        distance <= tolerance,
        "\(name) on \(TestDevice.describe(device)), step \(step + 1): \(value), in PyTorch \(fixture.losses[step])"
      )
    }
    print("\(name) on \(TestDevice.describe(device)): losses at most \(largest) from PyTorch's")
  }

  /// Matrices and filters by the script's formula, the scales of norms 1, other vectors 0.
  private func setFirstValues(of model: any Module) {
    let parameters = model.namedParameters.sorted { $0.name < $1.name }
    for (place, (path, parameter)) in parameters.enumerated() {
      let (shape, device) = (parameter.shape, parameter.value.device)
      guard shape.rank > 1 else {
        let isScale = path.contains("norm") && path.hasSuffix("weight")
        parameter.value = Tensor.full(shape, isScale ? 1 : 0, device: device)
        continue
      }
      let scale = 1 / Double(shape.elementCount / shape[0]).squareRoot()
      let values = (0..<shape.elementCount).map { Float(Self.uniform($0, place) * scale) }
      parameter.value = Tensor(values, shape: shape, device: device)
    }
  }

  /// A number of -1..<1 from a hash of an element's number and its parameter's place.
  private static func uniform(_ element: Int, _ place: Int) -> Double {
    var h = UInt32(truncatingIfNeeded: element &* 2_654_435_761 &+ place &* 40503 &+ 12345)
    h ^= h >> 15
    h = h &* 2_246_822_519
    h ^= h >> 13
    return Double(h >> 8) * 0x1p-23 - 1
  }
}
