import Lathe
import TestSupport
import Testing

/// Batches of 3x3 convolutions that are computed some images at a time.
@Suite("Chunks of convolutions", .serialized) struct ConvolutionChunkTests {
  /// More images than a chunk of winograd_cpu.cl holds, their number no multiple of it.
  @Test(arguments: TestDevice.openCL("cpu"))
  func manyImages(_ device: Device) throws {
    let (images, channels, outputs, side) = (23, 32, 36, 64)
    let generator = Generator(seed: 4)
    func normal(_ shape: Shape) throws -> Tensor {
      try Tensor.normal(shape, generator: generator, device: device).computed()
    }
    let x = try normal([images, channels, side, side]).requiringGradient()
    let filter = try normal([outputs, channels, 3, 3]).requiringGradient()
    let upstream = try normal([images, outputs, side, side])
    let y = x.conv2D(filter, padding: (1, 1))
    let gradients = y.gradients(of: [x, filter], upstream: upstream)

    // Each image by itself; their filter gradients are added in float64.
    var sums = [Double](repeating: 0, count: filter.count)
    for image in [0, 10, 22] {
      let one = x.detached().sliced(axis: 0, from: image, to: image + 1).requiringGradient()
      let part = one.conv2D(filter.detached(), padding: (1, 1))
      let itself = y.sliced(axis: 0, from: image, to: image + 1)
      #expect(try (part - itself).abs().max().item() < 1e-3, "image \(image)")
      let own = part.gradients(of: [one], upstream: upstream.sliced(axis: 0, from: image, to: image + 1))[0]
      let found = gradients[0].sliced(axis: 0, from: image, to: image + 1)
      #expect(try (own - found).abs().max().item() < 1e-3, "gradient of image \(image)")
    }
    for image in 0..<images {
      let weight = filter.detached().requiringGradient()
      let part = x.detached().sliced(axis: 0, from: image, to: image + 1).conv2D(weight, padding: (1, 1))
      let own = part.gradients(of: [weight], upstream: upstream.sliced(axis: 0, from: image, to: image + 1))[
        0]
      for (i, value) in try own.scalars(as: Float.self).enumerated() { sums[i] += Double(value) }
    }
    let largest = sums.map(abs).max() ?? 0
    for (value, expected) in zip(try gradients[1].scalars(as: Float.self), sums) {
      #expect(abs(Double(value) - expected) <= 2e-5 * largest)
    }
  }
}
