import LatheML
import Testing

/// Modules and optimizers with parameters of float64.
@Suite("Training in float64")
struct Float64TrainingTests {
  private static let optimizers: [(name: String, make: @Sendable ([Parameter]) -> any Optimizer)] = [
    ("SGD", { SGD($0, learningRate: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true) }),
    ("plain SGD", { SGD($0, learningRate: 0.1) }),
    ("Adam", { Adam($0, learningRate: 0.05, weightDecay: 0.01) }),
    ("Adagrad", { Adagrad($0, learningRate: 0.1) }), ("RMSprop", { RMSprop($0, learningRate: 0.01) }),
    ("Lion", { Lion($0, learningRate: 0.01) }), ("LAMB", { LAMB($0, learningRate: 0.01) }),
    ("Adafactor", { Adafactor($0) }),
  ]

  /// A network after some steps, as float64 numbers.
  private func trained(
    _ dtype: DType, _ make: ([Parameter]) -> any Optimizer, _ device: Device
  ) throws -> [Double] {
    let generator = Generator(seed: 3)
    let model = Sequential {
      Linear(4, 6, generator: generator)
      LayerNorm(6)
      GELU()
      Linear(6, 3, generator: generator)
    }.moved(to: device)
    for parameter in model.parameters { parameter.value = parameter.value.cast(to: dtype) }
    let optimizer = make(model.parameters)
    let x = Tensor((0..<20).map { Double($0 * 7 % 11) / 5 - 1 }, shape: [5, 4], dtype: dtype, device: device)
    let labels = Tensor([0, 1, 2, 1, 0] as [Int32], device: device)
    for _ in 0..<4 {
      let loss = crossEntropy(model(x), labels)
      #expect(loss.dtype == dtype)
      optimizer.step(loss.gradients(of: model.parameters))
    }
    #expect(model.parameters.allSatisfy { $0.value.dtype == dtype })
    return try model.parameters.flatMap { try $0.value.scalars(as: Double.self) }
  }

  @Test("Steps are those of float32, with more digits", arguments: Device.all, optimizers.indices)
  func steps(_ device: Device, _ index: Int) throws {
    let (name, make) = Self.optimizers[index]
    let wide = try trained(.float64, make, device)
    let narrow = try trained(.float32, make, device)
    for (a, b) in zip(wide, narrow) { #expect(abs(a - b) < 2e-4, "\(name): \(a), in float32 \(b)") }
    #expect(zip(wide, narrow).contains { $0 != $1 })
  }
}
