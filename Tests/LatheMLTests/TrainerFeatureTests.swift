import DataTestSupport
import Foundation
import LatheML
import Testing

/// Everything that a trainer can do beside plain steps, on a small network with batch normalisation and dropout.
@Suite("Trainer features", .serialized)
struct TrainerFeatureTests {
  static let training = IDXFiles.dataset(count: 100, seed: 1)
  static let test = IDXFiles.dataset(count: 30, seed: 2)

  private func trainer(
    folder: String? = nil, epochs: Int = 3, batchSize: Int = 10, data: ImageDataset = Self.training,
    dropout: Float = 0.2, normalized: Bool = true, device: Device = .cpu
  ) throws -> Trainer {
    let generator = Generator(seed: 7)
    let model = Sequential {
      Conv2D(1, 4, kernel: 5, stride: 2, generator: generator, device: device)
      if normalized { BatchNorm2D(4, device: device) }
      ReLU()
      MaxPool2D(2)
      Flatten()
      Dropout(dropout, generator: generator)
      Linear(144, 10, generator: generator, device: device)
    }
    return try Trainer(
      model: model,
      optimizer: Adam(model.decayGroups(weightDecay: 0.01), learningRate: 3e-3, decoupledDecay: 0),
      generator: generator, training: data, test: Self.test,
      configuration: TrainerConfiguration(
        architecture: "small", data: "bars", epochs: epochs, batchSize: batchSize, seed: 7),
      folder: folder, device: device)
  }

  private func complete(_ trainer: Trainer) {
    trainer.configuration.schedule = .warmupCosine(warmup: 4, steps: 30, minimum: 0.1)
    trainer.configuration.clipping = .norm(0.5)
    trainer.configuration.accumulation = 3
    trainer.configuration.plateau = ReduceOnPlateau(decay: 0.5, patience: 0)
    trainer.configuration.averageDecay = 0.9
  }

  @Test("With everything on, a run stopped at any step ends bit-identical", arguments: Device.all)
  func resume(_ device: Device) throws {
    let whole = try trainer(device: device)
    complete(whole)
    #expect(try whole.run() == .finished)
    #expect(whole.step == 12)
    let expected = try whole.model.state.map { try $0.tensor.bytes() }
    let averages = try #require(whole.average).averages.map { try $0.bytes() }
    for step in [1, 4, 6, 11] {
      let folder = try TemporaryFolder()
      let first = try trainer(folder: folder.path, device: device)
      complete(first)
      first.shouldStop = { [unowned first] in first.step >= step }
      #expect(try first.run() == .stopped)
      let second = try trainer(folder: folder.path, device: device)
      complete(second)
      #expect(try second.resume())
      #expect(try second.run() == .finished)
      #expect(try second.model.state.map { try $0.tensor.bytes() } == expected, "stopped at \(step)")
      #expect(try second.average?.averages.map { try $0.bytes() } == averages)
      #expect(second.history.map(\.testLoss) == whole.history.map(\.testLoss))
    }
  }

  @Test("Batches gathered for a step are as one batch", arguments: Device.all)
  func accumulation(_ device: Device) throws {
    // Without dropout and batch statistics; 100 images are 5 steps of 20 or of 4 batches of 5.
    let large = try trainer(epochs: 1, batchSize: 20, dropout: 0, normalized: false, device: device)
    let small = try trainer(epochs: 1, batchSize: 5, dropout: 0, normalized: false, device: device)
    small.configuration.accumulation = 4
    #expect(small.stepsPerEpoch == 5)
    #expect(try large.run() == .finished && small.run() == .finished)
    #expect(large.step == 5 && small.step == 5)
    for (a, b) in zip(large.model.parameters, small.model.parameters) {
      #expect(try (a.value - b.value).abs().max().item() < 1e-4)
    }
    #expect(abs(large.history[0].trainLoss - small.history[0].trainLoss) < 1e-4)
  }

  @Test("Ends when the figure is good enough or no longer improves")
  func earlyStopping() throws {
    func report(_ epoch: Int, _ loss: Double, _ accuracy: Double) throws -> EpochReport {
      try JSONDecoder().decode(
        EpochReport.self,
        from: Data(
          """
          {"epoch": \(epoch), "trainLoss": 0, "trainAccuracy": 0, "testLoss": \(loss), "testAccuracy": \(accuracy),
           "samplesPerSecond": 1, "seconds": 1, "device": "cpu"}
          """.utf8))
    }
    let history = try [(0.9, 0.5), (0.5, 0.7), (0.6, 0.75), (0.55, 0.74)].enumerated().map {
      try report($0 + 1, $1.0, $1.1)
    }
    #expect(Monitor(.loss).best(history) == 1 && Monitor(.accuracy).best(history) == 2)
    #expect(Monitor(.accuracy, minimumChange: 0.1).best(history) == 1)
    #expect(EarlyStopping(patience: 2).reason(Array(history[..<3])) == nil)
    #expect(EarlyStopping(patience: 2).reason(history)?.contains("2 epochs") == true)
    #expect(EarlyStopping(Monitor(.accuracy), target: 0.74).reason(history)?.contains("reached") == true)
    #expect(EarlyStopping(Monitor(.accuracy), target: 0.8).reason(history) == nil)
    let run = try trainer(epochs: 50)
    run.configuration.earlyStopping = EarlyStopping(Monitor(.accuracy), target: 0.5)
    var notes: [String] = []
    run.onNote = { notes.append($0) }
    #expect(try run.run() == .finished)
    #expect(run.history.count < 50 && (run.history.last?.testAccuracy ?? 0) >= 0.5)
    #expect(notes.last?.contains("test accuracy") == true)
  }

  @Test("A limit of steps ends within an epoch, and a run without goes on with the same bits")
  func stepLimit() throws {
    let whole = try trainer(epochs: 2)
    _ = try whole.run()
    let folder = try TemporaryFolder()
    let first = try trainer(folder: folder.path, epochs: 2)
    first.configuration.stepLimit = 13
    #expect(try first.run() == .finished)
    #expect(first.step == 13 && first.history.map(\.epoch) == [1, 2])
    #expect(folder.names.contains("model.safetensors"))
    let again = try trainer(folder: folder.path, epochs: 2)
    again.configuration.stepLimit = 13
    #expect(try again.resume() && again.run() == .finished && again.step == 13)
    let second = try trainer(folder: folder.path, epochs: 2)
    #expect(try second.resume() && second.run() == .finished)
    #expect(second.history.map(\.testLoss) == whole.history.map(\.testLoss))
    #expect(
      try second.model.state.map { try $0.tensor.bytes() } == whole.model.state.map { try $0.tensor.bytes() })
    // A limit at an epoch's end cuts nothing.
    let even = try trainer(epochs: 2)
    even.configuration.stepLimit = 10
    #expect(try even.run() == .finished && even.history.count == 1)
  }

  @Test("Keeps n checkpoints and the best weights")
  func checkpoints() throws {
    let folder = try TemporaryFolder()
    let run = try trainer(folder: folder.path, epochs: 4)
    run.configuration.keptCheckpoints = 3
    run.configuration.best = Monitor(.loss)
    #expect(try run.run() == .finished)
    #expect(folder.names.filter { $0.hasPrefix("checkpoint") && $0.hasSuffix(".json") }.count == 3)
    let best = try Safetensors(path: folder.file("best.safetensors"))
    #expect(best.entries["1.running_mean"]?.shape == [4])
  }

  @Test("A run says which layer made the number that is not finite", arguments: Device.all)
  func failingLayer(_ device: Device) throws {
    let run = try trainer(device: device)
    run.configuration.checksEveryStep = true
    run.callbacks.append(Saboteur())
    #expect {
      _ = try run.run()
    } throws: {
      says($0, "epoch 2, step 11", "layer '6' (Linear)", "weights are not either", "nan")
        && !says($0, "--check-numbers")
    }
    // Found later, when the step has made all weights the same.
    let late = try trainer(device: device)
    late.configuration.checksEveryStep = false
    late.callbacks.append(Saboteur())
    #expect {
      _ = try late.run()
    } throws: {
      says($0, "epoch 2, step 11", "layer '0' (Conv2D)", "nan", "--check-numbers finds the one that made it")
    }
  }

  @Test("Without --check-numbers only the CPU reads every loss", arguments: Device.all)
  func checksEveryStep(_ device: Device) throws {
    #expect(try trainer(device: device).checksEveryStep == (device == .cpu))
  }

  private final class Saboteur: TrainerCallback {
    func epochEnded(_ trainer: Trainer, _ report: EpochReport) {
      let bias = trainer.model.parameters[5]
      bias.value = Tensor.full(bias.shape, Float.nan, device: bias.value.device)
    }
  }

  @Test("The run's folder has its configuration, its figures and TensorBoard's events")
  func recorder() throws {
    let folder = try TemporaryFolder()
    let first = try trainer(folder: folder.path, epochs: 2)
    first.configuration.testInterval = 4
    first.callbacks.append(RunRecorder(folder: folder.path, command: ["lathe", "train"], stepInterval: 2))
    first.shouldStop = { [unowned first] in first.step >= 13 }
    #expect(try first.run() == .stopped)
    let second = try trainer(folder: folder.path, epochs: 2)
    second.configuration.testInterval = 4
    // Lines behind the step are of a run that lost them; a line cut off by a crash is one.
    try folder.write(
      try folder.read("metrics.jsonl") + Array("{\"type\":\"step\",\"step\":18}\n{\"type\":\"ep".utf8),
      "metrics.jsonl")
    second.callbacks.append(RunRecorder(folder: folder.path, program: "test 1", stepInterval: 2))
    #expect(try second.resume())
    #expect(try second.run() == .finished)
    let lines = String(decoding: try folder.read("metrics.jsonl"), as: UTF8.self).split(separator: "\n")
    let objects = try lines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    func steps(_ type: String) -> [Int] {
      objects.filter { $0["type"] as? String == type }.compactMap { $0["step"] as? Int }
    }
    #expect(steps("step") == Array(stride(from: 2, through: 20, by: 2)))
    #expect(steps("test") == [4, 8, 12, 16])
    #expect(steps("epoch") == [10, 20])
    let stored = try #require(objects.last?["test_loss"] as? Double)
    #expect(abs(stored - (second.history.last?.testLoss ?? 0)) < 1e-12)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let configuration = try decoder.decode(
      RunRecorder.Configuration.self, from: Data(try folder.read("config.json")))
    #expect(configuration.trainer == second.configuration)
    #expect(configuration.optimizer == second.optimizerDescription && configuration.optimizer.name == "Adam")
    #expect(configuration.parameters == second.model.parameterCount)
    #expect(configuration.environment == RunEnvironment(program: "test 1", device: .cpu))
    #expect(!configuration.environment.system.isEmpty && configuration.environment.device.driver == "Lathe")
    let events = folder.names.filter { $0.hasPrefix("events.out.tfevents.") }
    #expect(events.count == 2)
    for name in events { #expect(try EventRecords.count(try folder.read(name)) > 3) }
  }

  @Test("The report is one page with curves, confusion matrix and wrong answers")
  func report() throws {
    let folder = try TemporaryFolder()
    let run = try trainer(folder: folder.path, epochs: 2)
    run.callbacks.append(RunReport(folder: folder.path, examples: 5))
    #expect(try run.run() == .finished)
    let page = String(decoding: try folder.read("report.html"), as: UTF8.self)
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
    for part in [
      "<svg", "polyline", "Confusion matrix", "precision", "Wrong answers", "weighted avg", "compiler",
      "threads",
    ] {
      #expect(page.contains(part), "\(part)")
    }
    let shown = page.components(separatedBy: "data:image/png;base64,").dropFirst()
    #expect(!shown.isEmpty && shown.count <= 5)
    // Nothing comes from outside the page.
    #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"))
    let first = try #require(shown.first?.prefix { $0 != "\"" })
    let image = [UInt8](try #require(Data(base64Encoded: String(first))))
    #expect(Array(image[1...3]) == Array("PNG".utf8))
    // The length, type and checksum of the header's chunk.
    let header = Array(image[12..<29])
    let stored = image[29..<33].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    #expect(CRC32.checksum([header]) == stored)
  }

  @Test("The search for a learning rate leaves everything as it was")
  func learningRate() throws {
    let whole = try trainer(epochs: 1)
    #expect(try whole.run() == .finished)
    let run = try trainer(epochs: 1)
    let found = try run.findLearningRate(from: 1e-5, to: 10, steps: 10)
    #expect(found.points.count > 4 && found.points.count <= 10)
    let rates = found.points.map(\.learningRate)
    #expect(rates == rates.sorted() && abs(rates[0] - 1e-5) < 1e-9)
    #expect(found.suggestion.map { rates.contains($0) } == true)
    #expect(try run.run() == .finished)
    #expect(
      try run.model.state.map { try $0.tensor.bytes() } == whole.model.state.map { try $0.tensor.bytes() })
  }

  @Test("A dry run does one step and says what it took")
  func dryRun() throws {
    let result = try trainer().dryRun()
    #expect(result.input == [10, 1, 28, 28] && result.examples == 10 && result.loss.isFinite)
  }
}

/// Reads the frames of a TFRecord file.
enum EventRecords {
  static func count(_ bytes: [UInt8]) throws -> Int {
    var (position, count) = (0, 0)
    func number<T: FixedWidthInteger>(_ at: Int, _ type: T.Type) -> T {
      bytes[at..<at + MemoryLayout<T>.size].enumerated().reduce(0) { $0 | T($1.element) << T(8 * $1.offset) }
    }
    while position < bytes.count {
      let length = Int(number(position, UInt64.self))
      #expect(number(position + 8, UInt32.self) == CRC32C.masked(Array(bytes[position..<position + 8])))
      let data = Array(bytes[position + 12..<position + 12 + length])
      #expect(number(position + 12 + length, UInt32.self) == CRC32C.masked(data))
      position += 16 + length
      count += 1
    }
    #expect(position == bytes.count)
    return count
  }
}
