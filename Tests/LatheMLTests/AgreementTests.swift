import DataTestSupport
import LatheML
import Testing

/// Runs from the same seed give the same losses on every device, in every kernel profile.
@Suite("Agreement of the devices", .serialized)
struct AgreementTests {
  /// The losses of LeNet's first steps.
  private func losses(_ data: ImageDataset, on device: Device, steps: Int) throws -> [Float] {
    let model = LeNet.model(generator: Generator(seed: 5), device: device)
    let optimizer = Adam(model.parameters, learningRate: 1e-3)
    var losses: [Float] = []
    for batch in DataLoader(data, batchSize: 32, shuffled: true, seed: 5, on: device) {
      let loss = crossEntropy(model(batch.inputs), batch.labels)
      optimizer.step(loss.gradients(of: model.parameters))
      losses.append(try loss.item())
      if losses.count == steps { break }
    }
    return losses
  }

  private func compare(_ data: ImageDataset, _ profile: String) throws {
    // The `gpu` kernels run slowly where there is no GPU.
    let steps = profile == "gpu" ? 20 : 100
    let expected = try losses(data, on: .cpu, steps: 100)
    #expect(try #require(expected.last) < 0.5 * expected[0], "the network does not learn")
    for position in 0..<Device.all.count - 1 {
      let device = try Device.opencl(position, profile: profile)
      let found = try losses(data, on: device, steps: steps)
      #expect(found.count == steps)
      for (step, (a, b)) in zip(found, expected).enumerated() where abs(a - b) > 1e-3 {
        Issue.record("step \(step) on \(device.name), \(profile) profile: \(a), on the CPU \(b)")
      }
      let largest = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
      print("largest difference of the losses on \(device.name), \(profile) profile: \(largest)")
    }
  }

  @Test("LeNet's first steps", arguments: ["cpu", "gpu"])
  func leNet(_ profile: String) throws {
    try compare(IDXFiles.dataset(count: 3200, seed: 3), profile)
  }

  @Test(
    "LeNet's first steps on Fashion-MNIST", .enabled(if: (try? FashionMNIST.load(.test)) != nil),
    arguments: ["cpu", "gpu"])
  func fashion(_ profile: String) throws {
    try compare(FashionMNIST.load(.train), profile)
  }
}
