import Lathe
import LatheML
import TestSupport
import Testing

/// The launches and the memory of what is done to all parameters at each step.
@Suite("Launches of a step", .serialized)
struct OptimizerLaunchTests {
  /// Matrices, vectors, a filter and a scalar: thirteen parameters, so that a launch for each would show.
  private static let shapes: [Shape] =
    Array(repeating: [24, 16], count: 6) + Array(repeating: [24], count: 5) + [[8, 3, 3, 3], []]

  private typealias Row = (name: String, launches: Int, make: @Sendable ([Parameter]) -> any Optimizer)
  private static let optimizers: [Row] = [
    ("SGD", 1, { SGD($0, learningRate: 0.1, momentum: 0.9) }),
    ("Adam", 1, { Adam($0, decoupledDecay: 0.1) }),
    ("Adagrad", 1, { Adagrad($0, weightDecay: 0.1) }),
    ("RMSprop", 1, { RMSprop($0) }),
    ("centered RMSprop with momentum", 1, { RMSprop($0, momentum: 0.9, isCentered: true) }),
    ("Lion", 1, { Lion($0, weightDecay: 0.1) }),
    // Moments with directions, lengths (2), their roots, their ratios, parameters.
    ("LAMB", 6, { LAMB($0) }),
    // Means of rows and columns, the states, means of the rows' means, directions; those of vectors; lengths (2),
    // their roots, the factors, parameters.
    ("Adafactor", 11, { Adafactor($0) }),
  ]

  private static func tensors(_ device: Device) -> [Tensor] {
    shapes.map { Tensor.normal($0, generator: .layers, device: device) }
  }

  /// An OpenCL kernel takes up to 16 tensors, fewer where each has many pointers.
  private func expect(_ found: Int, _ launches: Int, _ name: String, _ device: Device) {
    let most = device == .cpu ? launches : 2 * launches
    #expect((1...most).contains(found), "\(name) on \(TestDevice.describe(device)): \(found) launches")
  }

  @Test("A step is a few launches for all parameters, in their own memory", arguments: TestDevice.all)
  func steps(_ device: Device) throws {
    for (name, launches, make) in Self.optimizers {
      let parameters = Self.tensors(device).map { Parameter($0) }
      let gradients = Self.tensors(device)
      let optimizer = make(parameters)
      optimizer.step(gradients)
      let before = device.counters
      optimizer.step(gradients)
      let after = device.counters
      expect(after.launches - before.launches, launches, name, device)
      #expect(after.fallbacks == before.fallbacks)
      #expect(after.bytesInUse <= before.bytesInUse, "\(name)")
      if launches == 1 {
        #expect(after.peakBytes == Swift.max(before.peakBytes, before.bytesInUse), "\(name) in place")
      }
      for parameter in parameters {
        #expect(try parameter.value.scalars(as: Float.self).allSatisfy { $0.isFinite })
      }
    }
  }

  @Test("Clipping and averages are a few launches for all parameters", arguments: TestDevice.all)
  func clippingAndAverages(_ device: Device) throws {
    let gradients = Self.tensors(device)
    for gradient in gradients { try gradient.computed() }
    var before = device.counters.launches
    let (clipped, norm) = gradients.clipped(norm: 0.5)
    // Squares (2), their sum, the factor, the gradients.
    expect(device.counters.launches - before, 5, "clipped(norm:)", device)
    #expect(try norm.item() > 0.5)
    #expect(abs(try clipped.globalNorm().item() - 0.5) < 1e-5)
    before = device.counters.launches
    let (limited, _) = gradients.clipped(value: 0.1)
    expect(device.counters.launches - before, 4, "clipped(value:)", device)
    #expect(try limited[0].abs().max().item() == 0.1)
    let parameters = gradients.map { Parameter($0) }
    let average = ExponentialMovingAverage(parameters, decay: 0.5)
    let start = device.counters
    average.update()
    expect(device.counters.launches - start.launches, 1, "ExponentialMovingAverage", device)
    #expect(device.counters.bytesInUse == start.bytesInUse)
  }

  @Test("Groups step on their own and together change all", arguments: TestDevice.all)
  func groups(_ device: Device) throws {
    for (name, _, make) in Self.optimizers where name != "SGD" && name != "Adam" {
      // One group of two parameters, and two optimizers of one each, do the same.
      let starts = [
        Tensor([Float(1), -2, 3, 0.5], shape: [2, 2], device: device), Tensor([Float(2)], device: device),
      ]
      let gradients = [
        Tensor([Float(0.5), 1, -1, 2], shape: [2, 2], device: device), Tensor([Float(-3)], device: device),
      ]
      let together = starts.map { Parameter($0) }
      let apart = starts.map { Parameter($0) }
      let optimizer = make(together)
      let optimizers = apart.map { make([$0]) }
      for _ in 0..<3 {
        optimizer.step(gradients)
        for (one, gradient) in zip(optimizers, gradients) { one.step([gradient]) }
      }
      for (one, other) in zip(together, apart) {
        #expect(try one.value.bytes() == other.value.bytes(), "\(name)")
      }
      #expect(try starts[0].scalars(as: Float.self) == [1, -2, 3, 0.5], "\(name): a held tensor was changed")
    }
  }

  @Test("A failure in one gradient reaches what depends on it, as an error")
  func failure() throws {
    let parameters = [
      Parameter(Tensor([Float(1), 2], device: .cpu)), Parameter(Tensor([Float(3)], device: .cpu)),
    ]
    let bad = Tensor([Float(1), 2], device: .cpu).gather(
      axis: 0, indices: Tensor([Int32(5), 0], device: .cpu))
    let optimizer = Lion(parameters)
    optimizer.step([bad, Tensor([Float(1)], device: .cpu)])
    #expect(throws: LatheError.self) { try parameters[0].value.bytes() }
    #expect(try parameters[1].value.item() != 3)
  }
}
