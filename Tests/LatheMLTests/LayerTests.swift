import DataTestSupport
import LatheML
import Testing

@Suite("Layers")
struct LayerTests {
  @Test("Channel dropout drops whole channels")
  func channelDropout() throws {
    let layer = ChannelDropout(0.4, generator: Generator(seed: 3))
    let dropped = layer(Tensor.ones([20, 30, 2, 3], device: .cpu))
    let planes = try dropped.reshaped(to: [600, 6]).scalars(as: Float.self)
    let rows = stride(from: 0, to: planes.count, by: 6).map { Set(planes[$0..<$0 + 6]) }
    #expect(rows.allSatisfy { $0.count == 1 })
    let kept = rows.filter { $0 != [0] }
    #expect(kept.allSatisfy { abs(($0.first ?? 0) - 1 / 0.6) < 1e-5 })
    #expect(abs(Double(kept.count) / 600 - 0.6) < 0.08)
    layer.eval()
    #expect(try layer(Tensor.ones([1, 2, 3], device: .cpu)).scalars(as: Float.self) == [1, 1, 1, 1, 1, 1])
  }

  @Test("Parameters are frozen, shared and counted")
  func parameters() {
    let embedding = Embedding(5, 3, device: .cpu)
    let model = Sequential([embedding, Linear(3, 3, device: .cpu), Linear(weight: embedding.weight)])
    #expect(model.namedParameters.map(\.name) == ["0.weight", "1.weight", "1.bias"])
    #expect(model.parameterCount == 15 + 9 + 3)
    #expect(model.freeze("1") == 2)
    #expect(model.trainableParameterCount == 15)
    #expect(!model.parameters[1].value.requiresGradient)
    let loss = model(Tensor([Int32(1), 2], device: .cpu)).sum()
    #expect(loss.gradients(of: model.trainableParameters).count == 1)
    #expect(model.freeze("1", false) == 2)
    #expect(model.trainableParameters.count == 3)
  }

  @Test("Running statistics belong to the state and move with the model", arguments: Device.all)
  func buffers(_ device: Device) throws {
    let model = Sequential { BatchNorm2D(2, device: .cpu) }.moved(to: device)
    let x = Tensor.uniform([4, 2, 3, 3], low: 1, high: 3, generator: Generator(seed: 1), device: device)
    _ = model(x)
    #expect(model.state.map(\.name) == ["0.weight", "0.bias", "0.running_mean", "0.running_var"])
    let copy = Sequential { BatchNorm2D(2, device: .cpu) }
    try copy.load(Dictionary(uniqueKeysWithValues: model.state), from: "memory")
    copy.eval()
    model.eval()
    let here = try model(x).scalars(as: Float.self)
    let there = try copy(x.moved(to: .cpu)).scalars(as: Float.self)
    #expect(zip(here, there).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(try copy.namedBuffers[0].buffer.value.scalars(as: Float.self).allSatisfy { $0 > 0.1 })
  }

  @Test("Orthogonal rows and a normal distribution that ends at its bounds")
  func initializers() throws {
    for shape in [[6, 10], [10, 6], [4, 3, 2, 2]] as [Shape] {
      let drawn = Initializer.orthogonal(gain: 2)(shape, generator: Generator(seed: 4), device: .cpu)
      let matrix = drawn.reshaped(to: [shape[0], -1])
      let product =
        shape[0] <= matrix.shape[1] ? matrix.matmul(matrix.transposed()) : matrix.transposed().matmul(matrix)
      let difference = (product - Tensor.eye(product.shape[0], device: .cpu) * 4).abs().max()
      #expect(try difference.item() < 1e-5, "\(shape)")
    }
    let values = try Initializer.truncatedNormal(mean: 0, deviation: 1, low: -1, high: 1.5)(
      [40, 500], generator: Generator(seed: 5), device: .cpu
    ).scalars(as: Float.self)
    #expect(values.allSatisfy { $0 >= -1 && $0 <= 1.5 })
    // The mean of a normal distribution cut at -1 and 1.5: (density(-1) - density(1.5)) / (share between).
    let mean = values.reduce(0, +) / Float(values.count)
    #expect(abs(mean - (0.24197072 - 0.12951760) / 0.77453755) < 0.01)
  }

  @Test("A summary shows shapes, parameters and operations of each layer")
  func summary() {
    let model = Sequential {
      Conv2D(1, 4, kernel: 3, padding: 1, device: .cpu)
      BatchNorm2D(4, device: .cpu)
      ReLU()
      Flatten()
      Linear(4 * 36, 10, device: .cpu)
    }
    model.freeze("4")
    let summary = model.summary(input: [2, 1, 6, 6])
    #expect(summary.rows.map(\.output) == [[2, 4, 6, 6], [2, 4, 6, 6], [2, 4, 6, 6], [2, 144], [2, 10]])
    #expect(summary.rows.map(\.parameters) == [40, 8, 0, 0, 1450])
    let convolution = 2 * 36 * (2 * 36 + 4)
    #expect(summary.rows[0].operations == convolution)
    #expect(summary.rows[4].operations == 2 * (2 * 1440 + 10))
    #expect(summary.parameters == 1498 && summary.trainable == 48 && summary.buffers == 8)
    let lines = summary.description.split(separator: "\n").map(String.init)
    #expect(lines[0] == "Model: \"Sequential\"")
    #expect(lines[2].hasPrefix("Layer (type)") && lines[2].hasSuffix("FLOPs"))
    #expect(lines[4].hasPrefix("0 (Conv2D)") && lines[4].contains("(2, 4, 6, 6)"))
    #expect(lines.contains("Total params: 1498 (5.85 KB)"))
    #expect(lines.contains("Non-trainable params: 1458 (5.70 KB)"))
    #expect(Set(lines[1...3].map(\.count) + [lines[4].count]).count == 1)
  }

  @Test("Every network of the catalog gives finite logits and gradients, and counts its parameters")
  func catalog() throws {
    var input = ModelInput()
    (input.vocabulary, input.length) = (20, 12)
    #expect(ModelCatalog.recipe("resnet18") != nil && ModelCatalog.recipe("resnet") == nil)
    let images = Tensor.uniform([2, 1, 28, 28], generator: Generator(seed: 2), device: .cpu)
    let tokens = Tensor((0..<24).map { Int32($0 % 20) }, shape: [2, 12], device: .cpu)
    let classes = Tensor([Int32(3), 1], device: .cpu)
    for recipe in ModelCatalog.all where recipe.name != "resnet34" {
      let isLanguage = recipe.task == .language
      input.classes = isLanguage ? 20 : 10
      let model = recipe.model(input, generator: Generator(seed: 1), device: .cpu)
      let x = isLanguage || recipe.task == .texts ? tokens : images
      let labels = isLanguage ? tokens : classes
      let objective = recipe.objective()
      let result = objective(model, Batch(inputs: x, labels: labels, count: labels.count))
      let loss = try result.loss.item()
      #expect(loss.isFinite, "\(recipe.name)")
      let norm = try result.loss.gradients(of: model.parameters).globalNorm().item()
      #expect(norm > 0, "\(recipe.name)")
      let hasAnswers = recipe.task != .reconstruction && recipe.task != .variational
      #expect((result.correct != nil) == hasAnswers)
    }
  }

  @Test("A transformer sees neither padding nor, where it is causal, what comes later")
  func masks() throws {
    let g = Generator(seed: 1)
    let gpt = GPT(vocabulary: 9, length: 6, width: 8, heads: 2, layers: 2, generator: g, device: .cpu)
    gpt.eval()
    let a = try gpt(Tensor([Int32(1), 2, 3, 4], shape: [1, 4], device: .cpu)).scalars(as: Float.self)
    let b = try gpt(Tensor([Int32(1), 2, 3, 8], shape: [1, 4], device: .cpu)).scalars(as: Float.self)
    #expect(zip(a[..<27], b[..<27]).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(a[27...] != b[27...])
    let classifier = TransformerClassifier(
      vocabulary: 9, length: 6, classes: 3, width: 8, heads: 2, generator: g, device: .cpu)
    classifier.eval()
    let short = try classifier(Tensor([Int32(1), 2, 3], shape: [1, 3], device: .cpu)).scalars(as: Float.self)
    let padded = try classifier(Tensor([Int32(1), 2, 3, 0, 0], shape: [1, 5], device: .cpu)).scalars(
      as: Float.self)
    #expect(zip(short, padded).allSatisfy { abs($0 - $1) < 1e-5 })
  }
}
