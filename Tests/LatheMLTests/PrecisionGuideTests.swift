import DataTestSupport
import LatheML
import Testing

/// The examples of docs/precision.md; a test compares the texts.
@Suite("Examples of docs/precision.md")
struct PrecisionGuideTests {
  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/precision.md", count: 6) }

  private let device = Device.cpu
  private let labels = Tensor([0, 1, 2, 1] as [Int32], device: .cpu)
  private let inputs = Tensor.normal([4, 8], generator: Generator(seed: 1), device: .cpu)

  private func network() -> Sequential {
    Sequential {
      Linear(8, 16, generator: Generator(seed: 2), device: device)
      GELU()
      Linear(16, 3, generator: Generator(seed: 3), device: device)
    }
  }

  @Test("Mixed precision")
  func scope() throws {
    let model = network()
    let loss = withPrecision(.bfloat16) { crossEntropy(model(inputs), labels) }
    let gradients = loss.gradients(of: model.parameters)
    #expect(loss.dtype == .float32 && gradients.allSatisfy { $0.dtype == .float32 })
  }

  @Test("tf32")
  func tf32() throws {
    let weights = Tensor.normal([8, 3], generator: Generator(seed: 6), device: device)
    let product = withFloat32MatmulPrecision(.high) { inputs.matmul(weights) }
    #expect(product.dtype == .float32)
    // Nothing is rounded on the CPU.
    #expect(try product.scalars(as: Float.self) == inputs.matmul(weights).scalars(as: Float.self))
  }

  @Test("A loop with a loss scale")
  func scaling() throws {
    let model = network()
    let optimizer = Adam(model.parameters)
    let before = try model.parameters[0].value.scalars(as: Float.self)
    var scaler = LossScaler()
    for _ in 0..<3 {
      let loss = withPrecision(.float16) { crossEntropy(model(inputs), labels) }
      let scaled = scaler.scaled(loss).gradients(of: optimizer.parameters)
      let (gradients, areFinite) = try scaler.unscaled(scaled)
      scaler.update(areFinite: areFinite)
      if areFinite { optimizer.step(gradients) }
    }
    #expect(scaler.goodSteps == 3)
    #expect(try model.parameters[0].value.scalars(as: Float.self) != before)
  }

  @Test("Recomputation")
  func recomputing() throws {
    let block = Linear(8, 8, generator: Generator(seed: 4), device: device)
    let hidden = recomputed { block(inputs) }
    let parts = recomputed { () -> [Tensor] in
      let y = block(hidden)
      return [y.tanh(), y.exp()]
    }
    let loss = (parts[0] * parts[1]).sum()
    let y = block(block(inputs))
    let expected = (y.tanh() * y.exp()).sum()
    #expect(try loss.item() == expected.item())
    let difference = loss.gradients(of: block.parameters)[0] - expected.gradients(of: block.parameters)[0]
    #expect(try difference.abs().max().item() < 1e-5)
  }

  @Test("What a run reports")
  func report() throws {
    let generator = Generator(seed: 5)
    let model = Sequential {
      Flatten()
      Linear(784, 10, generator: generator, device: device)
    }
    let data = IDXFiles.dataset(count: 40, seed: 1)
    let trainer = try Trainer(
      model: model, optimizer: SGD(model.parameters, learningRate: 0.1), generator: generator, training: data,
      test: data,
      configuration: TrainerConfiguration(
        architecture: "linear", data: "bars", epochs: 1, batchSize: 10, seed: 5),
      device: device)
    trainer.configuration.precision = .bfloat16
    #expect(try trainer.run() == .finished)
    if let phases = trainer.history.last?.phases {
      for phase in TrainingPhase.allCases { print(phase, phases[phase].seconds, phases[phase].peakBytes) }
    }
    let phases = try #require(trainer.history.last?.phases)
    for phase in [TrainingPhase.data, .forward, .backward, .optimizer, .validation] {
      #expect(phases[phase].seconds > 0, "\(phase)")
      #expect(phases[phase].peakBytes >= 7840 * 4, "\(phase)")
    }
  }
}
