import DataTestSupport
import Foundation
import LatheML
import Testing

/// The examples of docs/training.md, run on small data; a test compares the texts.
@Suite("Examples of docs/training.md")
struct TrainingGuideTests {
  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/training.md", count: 14) }

  private let device = Device.cpu
  private let rows = Rows()
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }

  init() throws { temporary = try TemporaryFolder() }

  /// Points about three places.
  private struct Rows: InMemoryDataset {
    let count = 192

    func example(at index: Int, random: inout SampleRandom) -> FeatureRow {
      let label = index % 3
      var own = SampleRandom(seed: 1, epoch: 0, index: index, place: 0)
      let features = (0..<4).map { Float(own.uniform(-0.5, 0.5)) + ($0 == label ? 1 : 0) }
      return FeatureRow(features: features, target: .category(label))
    }
  }

  private func network() -> Sequential {
    let generator = Generator(seed: 5)
    return Sequential {
      Linear(4, 16, generator: generator, device: .cpu)
      ReLU()
      Linear(16, 3, generator: generator, device: .cpu)
    }
  }

  @Test("A loop")
  func loop() throws {
    struct Rows: InMemoryDataset {
      let count = 192

      func example(at index: Int, random: inout SampleRandom) -> FeatureRow {
        let label = index % 3
        var own = SampleRandom(seed: 1, epoch: 0, index: index, place: 0)
        let features = (0..<4).map { Float(own.uniform(-0.5, 0.5)) + ($0 == label ? 1 : 0) }
        return FeatureRow(features: features, target: .category(label))
      }
    }
    let rows = Rows()
    let model = Sequential {
      Linear(4, 16, device: device)
      ReLU()
      Linear(16, 3, device: device)
    }
    let optimizer = Adam(model.parameters, learningRate: 1e-2)
    for batch in DataLoader(rows, batchSize: 32, shuffled: true, seed: 1, on: device) {
      let loss = crossEntropy(model(batch.inputs), batch.labels)
      optimizer.step(loss.gradients(of: optimizer.parameters))
    }
  }

  @Test("A layer")
  func layer() throws {
    final class Classifier: Module {
      let features = Sequential {
        Conv2D(1, 8, kernel: 3, padding: 1)
        BatchNorm2D(8)
        ReLU()
        GlobalAveragePool2D()
      }
      let scale = Parameter(Tensor.ones([8]))
      let head = Linear(8, 10)

      func forward(_ input: Tensor) -> Tensor { head(features(input) * scale.value) }

      func visit(_ visitor: inout ModuleVisitor) {
        visitor.module("features", features)
        visitor.parameter("scale", scale)
        visitor.module("head", head)
      }
    }
    let classifier = Classifier().moved(to: device)
    print(classifier.namedParameters.map(\.name))
    print(classifier.summary(input: [32, 1, 28, 28]))
    #expect(classifier.namedParameters.contains { $0.name == "features.1.weight" })
  }

  @Test("Sequences")
  func sequences() throws {
    final class Reader: SequenceModule {
      let embedding = Embedding(100, 16, paddingIndex: 0, device: .cpu)
      let lstm = LSTM(16, 32, device: .cpu)
      let head = Linear(32, 2, device: .cpu)

      func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
        let states = lstm(embedding(input), hidden: nil, lengths: lengths)
        return head(states.hidden[-1])
      }

      func visit(_ visitor: inout ModuleVisitor) {
        visitor.module("embedding", embedding)
        visitor.module("lstm", lstm)
        visitor.module("head", head)
      }
    }
    let reader = Reader()
    let sentences = LabelledSequence.collate(
      [LabelledSequence(tokens: [7, 3], label: 0), LabelledSequence(tokens: [5, 9, 1, 4], label: 1)], on: .cpu
    )
    let loss = crossEntropy(reader(sentences), sentences.labels)
    #expect(try loss.item() > 0)
  }

  @Test("Losses")
  func losses() throws {
    let logits = Tensor([2, 0.5, -1, 0, 1, 3] as [Float], shape: [2, 3], device: device)
    let labels = Tensor([0, 2] as [Int32], device: device)
    let weighted = crossEntropy(
      logits, labels, classWeights: Tensor([1, 2, 0.5] as [Float], device: device), labelSmoothing: 0.1)
    let each = huberLoss(logits, Tensor.zeros([2, 3], device: device), reduction: .none)
    let contrast = infoNCE(logits, logits * 2, temperature: 0.1)
    print(try weighted.item(), each.shape, try contrast.item())
  }

  @Test("Optimizers and schedules")
  func optimizers() throws {
    let model = network()
    let optimizer = Adam(model.decayGroups(weightDecay: 0.05), learningRate: 3e-3, decoupledDecay: 0)
    let schedule = LearningRateSchedule.warmupCosine(warmup: 10, steps: 100)
    for (step, batch) in DataLoader(rows, batchSize: 32, on: device).enumerated() {
      optimizer.learningRate = schedule.learningRate(3e-3, step: step)
      let loss = crossEntropy(model(batch.inputs), batch.labels)
      let (gradients, norm) = loss.gradients(of: optimizer.parameters).clipped(norm: 1)
      optimizer.step(gradients)
      print(try norm.item())
    }
  }

  @Test("A trainer with callbacks, and an objective of one's own")
  func training() throws {
    let model = network()
    final class Announcer: TrainerCallback {
      func epochEnded(_ trainer: Trainer, _ report: EpochReport) {
        print("epoch \(report.epoch): \(report.testLoss ?? report.trainLoss)")
      }
    }
    let data = TrainingSet(rows, noun: "rows", checksum: 1, classes: ["low", "middle", "high"])
    var configuration = TrainerConfiguration(
      architecture: "mine", data: "rows", epochs: 20, batchSize: 32, seed: 1)
    configuration.schedule = .cosine(steps: 20 * configuration.stepsPerEpoch(of: data))
    configuration.clipping = .norm(1)
    configuration.earlyStopping = EarlyStopping(Monitor(.loss), patience: 3)
    configuration.best = Monitor(.accuracy)
    let trainer = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 1e-2), generator: Generator(seed: 1),
      training: data, test: data,
      callbacks: [RunRecorder(folder: folder), RunReport(folder: folder), Announcer()],
      configuration: configuration, folder: folder, device: device)
    if try !trainer.resume() { print("a new run") }
    let outcome = try trainer.run()
    #expect(outcome == .finished && (trainer.history.last?.testAccuracy ?? 0) > 0.9)
    let page = String(decoding: try temporary.read("report.html"), as: UTF8.self)
    let isAllRight = trainer.history.last?.testAccuracy == 1
    #expect(page.contains("middle") && page.contains("Wrong answers") != isAllRight)
    let name = try #require(temporary.names.first { $0.contains("tfevents") })
    let events = String(decoding: try temporary.read(name), as: Unicode.ASCII.self)
    for tag in ["loss/test", "weights/0.weight", "gradients/2.bias", "config/text_summary", "_hparams_"] {
      #expect(events.contains(tag), "\(tag)")
    }
    try denoising(data)
  }

  @Test("Metrics of tests")
  func monitored() throws {
    let model = network()
    let configuration = TrainerConfiguration(
      architecture: "mine", data: "rows", epochs: 40, batchSize: 32, seed: 1)
    let data = TrainingSet(rows, noun: "rows", checksum: 1, classes: ["low", "middle", "high"])
    let trainer = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 1e-2), generator: Generator(seed: 1),
      training: data, test: data, configuration: configuration, folder: folder, device: device)
    trainer.metrics = [.f1(.macro), .topK(2), .logLoss]
    let f1 = Monitor(.metric(.f1(.macro)))
    trainer.configuration.earlyStopping = EarlyStopping(f1, patience: 5, target: 0.95)
    trainer.configuration.best = f1
    #expect(try trainer.run() == .finished)
    #expect(trainer.history.count < 40 && trainer.history.last?.metrics?.count == 3)
    #expect(temporary.names.contains("best.safetensors"))
  }

  private func denoising(_ data: any TrainingData) throws {
    let model = Sequential { Linear(4, 4, device: device) }
    let configuration = TrainerConfiguration(
      architecture: "mine", data: "rows", epochs: 1, batchSize: 32, seed: 1)
    let trainer = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 1e-2), generator: Generator(seed: 1),
      training: data, test: data, configuration: configuration, device: device)
    struct Denoising: Objective {
      func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult {
        let noise = Tensor.normal(
          batch.inputs.shape, generator: Generator(seed: 1), device: batch.inputs.device)
        return ObjectiveResult(loss: meanSquaredError(model(batch.inputs + noise * Float(0.1)), batch.inputs))
      }
    }
    trainer.objective = Denoising()
    let search = try trainer.findLearningRate(from: 1e-5, to: 1, steps: 20)
    print(search.points.map(\.loss), search.suggestion ?? "none")
    #expect(search.points.count == 20)
  }

  @Test("Metrics")
  func metrics() throws {
    let model = network()
    var matrix = ConfusionMatrix(classes: 3)
    var top2 = TopKAccuracy(2)
    model.eval()
    try noGradient {
      for batch in DataLoader(rows, batchSize: 32, on: device) {
        let logits = model(batch.inputs)
        try matrix.update(logits: logits, labels: batch.labels)
        try top2.update(logits: logits, labels: batch.labels)
      }
    }
    print(matrix.report(names: ["low", "middle", "high"]), top2.value, matrix.score(.macro).f1)
    #expect(matrix.total == 192)
  }

  @Test("Networks by name")
  func networks() throws {
    var input = ModelInput()
    (input.channels, input.height, input.width, input.classes) = (3, 32, 32, 5)
    let network = ModelCatalog.recipe("resnet18")?.model(input, generator: Generator(seed: 1), device: device)
    print(network?.parameterCount ?? 0)
    #expect(network?.parameterCount == 11_171_397)
  }

  @Test("A trained network in a program")
  func trainedNetwork() async throws {
    let configuration = TrainerConfiguration(
      architecture: "lenet", data: "digits", epochs: 1, batchSize: 32, seed: 1)
    var description = ModelDescription(ModelInput())
    description.classNames = FashionMNIST.classNames
    description.pixels = PixelNormalization(mean: [0.5], deviation: [0.5])
    try AtomicFile.makeFolder("\(folder)/lenet-1")
    try ModelFolder("\(folder)/lenet-1").save(LeNet.model(device: device), configuration: configuration)
    try AtomicFile.write([Array(JSONEncoder().encode(description))], to: "\(folder)/lenet-1/data.json")
    let image = Image(height: 14, width: 14, channels: 1, pixels: Array(repeating: 9, count: 196))
    let model = try Model.load(run: "\(folder)/lenet-1", device: device)
    let batch = try model.batch(images: [image])
    for (name, share) in zip(model.description.classNames ?? [], try model.probabilities(batch)[0]) {
      print(name, share)
    }
    #expect(batch.inputs.shape == [1, 1, 28, 28] && model(batch).shape == [1, 10])
    let images = Array(repeating: image, count: 5)
    let shared = SharedModel(try Model.load(run: "\(folder)/lenet-1", device: device))
    let shares = try await withThrowingTaskGroup(of: [Float].self) { group in
      for image in images {
        group.addTask { try shared { try $0.probabilities($0.batch(images: [image]))[0] } }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let alone = try model.probabilities(batch)[0]
    #expect(shares == Array(repeating: alone, count: 5))
  }

  @Test("Weights in and out")
  func weights() throws {
    let model = network()
    try model.save(to: "\(folder)/model.safetensors")
    try model.load(from: "\(folder)/model.safetensors")
    let larger = Sequential {
      Linear(4, 16, device: device)
      ReLU()
      Linear(16, 7, device: device)
    }
    let report = try larger.loadMatching(from: "\(folder)/model.safetensors", freezing: true)
    print(report)
    let optimizer = SGD(larger.trainableParameters, learningRate: 0.1)
    let renamed = WeightNames(removing: "module.", renaming: ["backbone": "0"])
    print(renamed.path("module.backbone.weight"), larger.freeze(matching: PathPattern("*.bias")))
    #expect(optimizer.parameters.count == 2)
  }

  @Test("TensorBoard")
  func tensorBoard() throws {
    let model = network()
    let events = try EventFile(folder: folder)
    try events.scalars([("loss", 0.5), ("accuracy", 0.8)], step: 1)
    try events.histogram("weights", model.parameters[0].value.scalars(as: Float.self), step: 1)
    try events.text("note", "a *first* try", step: 1)
    try events.hyperparameters([("learning_rate", "0.01")], group: "first")
    #expect(temporary.names.count == 1)
  }
}
