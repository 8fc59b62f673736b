import LatheML
import Testing

/// Losses where a root or a quotient meets 0, where a label is no class and where rows do not count; the right values are
/// PyTorch 2.15's or arithmetic.
@Suite("Losses at special points", .serialized)
struct LossCornerTests {
  /// The CPU, and OpenCL with the kernels of both profiles.
  private static let devices: [Device] =
    [.cpu] + (Device.all.count > 1 ? ["cpu", "gpu"].compactMap { try? Device.opencl(0, profile: $0) } : [])

  private func tracked(_ values: [Float], _ shape: Shape, _ device: Device) -> Tensor {
    Tensor(values, shape: shape, device: device).requiringGradient()
  }

  private func expect(
    _ tensor: Tensor, _ expected: [Float], _ tolerance: Float = 1e-5,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try tensor.scalars(as: Float.self)
    let isNear =
      found.count == expected.count
      && zip(found, expected).allSatisfy { $0 == $1 || abs($0 - $1) <= tolerance * max(abs($1), 1e-30) }
    #expect(isNear, "\(found), expected \(expected)", sourceLocation: sourceLocation)
  }

  @Test("A vector of zeros is normalised by epsilon", arguments: devices)
  func zeroVectors(_ device: Device) throws {
    let x = tracked([0, 0, 3, 4, 3e30, 4e30], [3, 2], device)
    let unit = x.normalized()
    try expect(unit, [0, 0, 0.6, 0.8, 0.6, 0.8])
    let gradient = unit.sum().gradient(of: x, creatingGraph: true)
    try expect(gradient, [1e12, 1e12, 0.032, -0.024, 3.2e-32, -2.4e-32], 1e-4)
    let second = try gradient.sum().gradient(of: x).scalars(as: Float.self)
    #expect(second.allSatisfy(\.isFinite) && second[0] == 0, "\(second)")
  }

  @Test("Cosines of large and small vectors", arguments: devices)
  func cosines(_ device: Device) throws {
    let a = tracked([1e20, 1e20, 1e-30, 1e-30, 1, 0], [3, 2], device)
    let b = Tensor([1e20, 0, 1, 0, 0, 0] as [Float], shape: [3, 2], device: device)
    let cosine = a.cosineSimilarity(b)
    // The second by epsilon: 1e-30 / 1e-8.
    try expect(cosine, [0.70710678, 1e-22, 0])
    try expect(cosine.sum().gradient(of: a), [3.5355339e-21, -3.5355339e-21, 1e8, 0, 0, 0], 1e-4)
  }

  @Test("Distances of 0 have gradient 0", arguments: devices)
  func distances(_ device: Device) throws {
    let a = tracked([1, 2, 3, 4], [2, 2], device)
    let b = Tensor([1, 2, 0, 0] as [Float], shape: [2, 2], device: device)
    let distance = a.distance(to: b, epsilon: 0)
    try expect(distance, [0, 5])
    let gradient = distance.sum().gradient(of: a, creatingGraph: true)
    try expect(gradient, [0, 0, 0.6, 0.8])
    try expect(gradient[0].sum().gradient(of: a), [0, 0, 0, 0])
    let far = Tensor([1e30, 0, 0, 0] as [Float], shape: [2, 2], device: device)
    try expect(far.distance(to: b, epsilon: 0), [1e30, 0])
    let loss = tripletLoss(anchor: a, positive: a.detached(), negative: b)
    #expect(try loss.gradient(of: a).scalars(as: Float.self).allSatisfy(\.isFinite))
  }

  @Test("A query of zeros has finite gradients", arguments: devices)
  func zeroQuery(_ device: Device) throws {
    let queries = tracked([0, 0, 1, 2], [2, 2], device)
    let keys = tracked([1, 0, 0, 0], [2, 2], device)
    let gradients = infoNCE(queries, keys, isSymmetric: true).gradients(of: [queries, keys])
    for gradient in gradients { #expect(try gradient.scalars(as: Float.self).allSatisfy(\.isFinite)) }
  }

  @Test("Gradients of zeros are clipped to zeros", arguments: devices)
  func zeroGradients(_ device: Device) throws {
    let (clipped, norm) = [Tensor.zeros([3], device: device)].clipped(norm: 1)
    try expect(clipped[0], [0, 0, 0])
    #expect(try norm.item() == 0)
  }

  @Test("Probabilities of 0 and 1 hold the logarithm at -100", arguments: devices)
  func certainProbabilities(_ device: Device) throws {
    let p = tracked([1, 0, 1, 0, 1e-8], [5], device)
    let y = Tensor([1, 0, 0, 1, 0] as [Float], device: device)
    let loss = binaryCrossEntropy(probabilities: p, y, reduction: .none)
    try expect(loss, [0, 0, 100, 100, 1e-8])
    let gradient = loss.sum().gradient(of: p, creatingGraph: true)
    try expect(gradient, [0, 0, 1e12, -1e12, 1])
    #expect(try gradient.sum().gradient(of: p).scalars(as: Float.self).allSatisfy(\.isFinite))
    let logits = Tensor([20, -20, 20, -20] as [Float], device: device)
    let targets = Tensor([1, 0, 0, 1] as [Float], device: device)
    try expect(
      binaryCrossEntropy(logits: logits, targets, reduction: .none), [2.0611536e-9, 2.0611536e-9, 20, 20])
  }

  @Test("Labels never count from the end", arguments: devices)
  func negativeLabels(_ device: Device) throws {
    let x = Tensor([2, 1, 0, 0, 1, 2] as [Float], shape: [2, 3], device: device)
    let weights = Tensor([1, 2, 3] as [Float], device: device)
    for labels in [Tensor([-1, 0] as [Int32], device: device), Tensor([0, 3] as [Int64], device: device)] {
      let losses = [
        crossEntropy(x, labels, classWeights: weights),
        crossEntropy(x, labels, classWeights: weights, labelSmoothing: 0.1),
        negativeLogLikelihood(x, labels), negativeLogLikelihood(x, labels, classWeights: weights),
        multiClassHingeLoss(x, labels), crossEntropy(x, labels, classWeights: weights, ignoredIndex: -100),
      ]
      for loss in losses {
        let error = #expect(throws: LatheError.self) { try loss.item() }
        #expect(error?.kind == .indexOutOfRange, "\(error?.message ?? "")")
      }
    }
    let ignored = crossEntropy(
      x, Tensor([-1, 0] as [Int32], device: device), classWeights: weights, ignoredIndex: -1)
    try expect(ignored, [2.4076059])
  }

  @Test("Ignored rows never reach a sum", arguments: devices, [Float.infinity, -.infinity, .nan])
  func ignoredRows(_ device: Device, _ value: Float) throws {
    let x = tracked([2, 1, 0, value, 0, 1], [2, 3], device)
    let weights = Tensor([2, 1, 1] as [Float], device: device)
    let labels = Tensor([0, -100] as [Int32], device: device)
    let none = Tensor([-100, -100] as [Int32], device: device)
    func plain(_ labels: Tensor) -> Tensor {
      crossEntropy(x, labels, classWeights: weights, ignoredIndex: -100)
    }
    func smoothed(_ labels: Tensor) -> Tensor {
      crossEntropy(
        x, labels, classWeights: Tensor.ones([3], device: device), ignoredIndex: -100, labelSmoothing: 0.2)
    }
    func logarithms(_ labels: Tensor) -> Tensor {
      negativeLogLikelihood(x, labels, classWeights: weights, ignoredIndex: -100)
    }
    try expect(plain(labels), [0.407606])
    try expect(smoothed(labels), [0.607606])
    try expect(logarithms(labels), [-2])
    try expect(plain(labels).gradient(of: x), [-0.33475904, 0.24472847, 0.09003057, 0, 0, 0])
    try expect(logarithms(labels).gradient(of: x), [-1, 0, 0, 0, 0, 0])
    for loss in [plain, smoothed, logarithms] as [(Tensor) -> Tensor] {
      let gradient = loss(labels).gradient(of: x, creatingGraph: true)
      #expect(try gradient.scalars(as: Float.self).allSatisfy(\.isFinite))
      if gradient.requiresGradient {
        let second = try (gradient * gradient).sum().gradient(of: x).scalars(as: Float.self)
        #expect(second.allSatisfy(\.isFinite) && second[3...] == [0, 0, 0], "\(second)")
      }
      try expect(loss(none).gradient(of: x), [0, 0, 0, 0, 0, 0])
    }
  }

  @Test("The padding's row gets no gradient, whichever end it is counted from", arguments: devices)
  func padding(_ device: Device) throws {
    let layer = Embedding(4, 1, paddingIndex: 1, device: device)
    let rows = layer(Tensor([1, -3, 0, -1] as [Int32], device: device))
    try expect(rows.sum().gradient(of: layer.weight.value), [1, 0, 0, 1])
  }

  @Test("Steps by gradients that are zeros or all alike are finite", arguments: devices)
  func degenerateSteps(_ device: Device) throws {
    let layer = Linear(2, 2, bias: false, device: device)
    let before = try layer.weight.value.scalars(as: Float.self)
    Adafactor(layer.parameters, epsilon: (1e-30, 1e-3)).step([Tensor.zeros([2, 2], device: device)])
    try expect(layer.weight.value, before)
    let centered = RMSprop(layer.parameters, learningRate: 1e-3, alpha: 0.5, isCentered: true)
    for _ in 0..<60 { centered.step([Tensor.full([2, 2], Float(0.1), device: device)]) }
    #expect(try layer.weight.value.scalars(as: Float.self).allSatisfy(\.isFinite))
  }

  @Test("The scale of the loss stops falling, and recovers")
  func scaleFloor() {
    var scaler = LossScaler(growthInterval: 1)
    for _ in 0..<300 { scaler.update(areFinite: false) }
    #expect(scaler.scale == 0x1p-16)
    for _ in 0..<32 { scaler.update(areFinite: true) }
    #expect(scaler.scale == 65536)
    var small = LossScaler(scale: 0x1p-20)
    small.update(areFinite: false)
    #expect(small.scale == 0x1p-20)
  }

  @Test("The logarithmic loss divides by each row's sum; no examples have no coefficient")
  func metrics() throws {
    var losses = LogLoss()
    try losses.update(probabilities: [[1, 3], [0.5, 0.5]], labels: [1, 0])
    // 3 is cut to 1, so that the first row counts one half.
    #expect(abs(losses.value - 0.6931471805599453) < 1e-12)
    var halves = LogLoss()
    try halves.update(probabilities: [[0.2, 0.2]], labels: [0])
    #expect(abs(halves.value - 0.6931471805599453) < 1e-12)
    #expect(RegressionMetrics().r2.isNaN)
  }

  @Test("Positions are read from several threads at once", arguments: devices)
  func positions(_ device: Device) async throws {
    let sinusoidal = SinusoidalPosition(8, 4, device: .cpu)
    let rotary = RotaryPosition()
    struct Shared: @unchecked Sendable {
      // Unchecked: what the test is about.
      let sinusoidal: SinusoidalPosition
      let rotary: RotaryPosition
    }
    let shared = Shared(sinusoidal: sinusoidal, rotary: rotary)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for i in 0..<16 {
        group.addTask {
          let x = Tensor.ones([1, 1 + i % 8, 4], device: i % 2 == 0 ? device : .cpu)
          let sum = try shared.sinusoidal(x).scalars(as: Float.self)
          let turned = try shared.rotary(x).scalars(as: Float.self)
          return sum[0] == 1 && sum[1] == 2 && turned[0] == 1
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }
}
