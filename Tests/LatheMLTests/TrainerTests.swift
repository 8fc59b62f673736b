import DataTestSupport
import Foundation
import LatheML
import Testing

/// Runs of a small network with dropout on 100 images: 4 steps an epoch, the last of 10 images.
@Suite("Trainer", .serialized)
struct TrainerTests {
  static let training = IDXFiles.dataset(count: 100, seed: 1)
  static let test = IDXFiles.dataset(count: 30, seed: 2)
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private final class Run {
    let trainer: Trainer
    var notes: [String] = []

    init(
      folder: String?, epochs: Int = 3, learningRate: Float = 1e-3, batchSize: Int = 30,
      data: ImageDataset = TrainerTests.training, sgd: Bool = false, device: Device = .cpu,
      architecture: String = "small"
    ) throws {
      let generator = Generator(seed: 7)
      let model = Sequential {
        Conv2D(1, 4, kernel: 5, stride: 2, generator: generator, device: device)
        ReLU()
        MaxPool2D(2)
        Flatten()
        Dropout(0.2, generator: generator)
        Linear(144, 10, generator: generator, device: device)
      }
      let optimizer: any Optimizer =
        sgd
        ? SGD(model.parameters, learningRate: learningRate, momentum: 0.9)
        : Adam(model.parameters, learningRate: learningRate)
      trainer = try Trainer(
        model: model, optimizer: optimizer, generator: generator, training: data, test: TrainerTests.test,

        configuration: TrainerConfiguration(
          architecture: architecture, data: "bars", epochs: epochs, batchSize: batchSize, seed: 7),
        folder: folder, device: device)
      trainer.onNote = { [self] in notes.append($0) }
    }

    func weights() throws -> [[UInt8]] { try trainer.model.parameters.map { try $0.value.bytes() } }

    func stop(at step: Int) throws {
      trainer.shouldStop = { [unowned trainer] in trainer.step >= step }
      #expect(try trainer.run() == .stopped)
    }
  }

  private static let devices: [Device] = Device.all

  @Test("A run stopped at any step ends bit-identical", arguments: devices, [false, true])
  func resume(_ device: Device, _ sgd: Bool) throws {
    let whole = try Run(folder: nil, sgd: sgd, device: device)
    #expect(try whole.trainer.run() == .finished)
    let expected = try whole.weights()
    let losses = figures(whole.trainer)
    for step in [0, 1, 3, 4, 6, 11] {
      let folder = try TemporaryFolder()
      try Run(folder: folder.path, sgd: sgd, device: device).stop(at: step)
      let second = try Run(folder: folder.path, sgd: sgd, device: device)
      #expect(try second.trainer.resume())
      #expect(second.trainer.step == step)
      #expect(try second.trainer.run() == .finished)
      #expect(try second.weights() == expected, "stopped at \(step) on \(device)")
      #expect(figures(second.trainer) == losses)
    }
  }

  private func figures(_ trainer: Trainer) -> [[Double]] {
    trainer.history.map { [$0.trainLoss, $0.trainAccuracy ?? 0, $0.testLoss ?? 0, $0.testAccuracy ?? 0] }
  }

  @Test("Training learns, and keeps two checkpoints and the model")
  func learns() throws {
    let run = try Run(folder: folder.path, epochs: 12, learningRate: 1e-2)
    #expect(try run.trainer.run() == .finished)
    let history = run.trainer.history
    #expect(history.count == 12)
    #expect((history.last?.testAccuracy ?? 0) > 0.9)
    #expect((history.last?.trainLoss ?? 9) < (history.first?.trainLoss ?? 0))
    #expect(
      folder.names == [
        "checkpoint-00000044.json", "checkpoint-00000044.safetensors", "checkpoint-00000048.json",
        "checkpoint-00000048.safetensors", "model.safetensors",
      ])
    let copy = try Run(folder: nil)
    try ModelFolder(folder.path).load(into: copy.trainer.model, architecture: "small") { _ in }
    #expect(try copy.weights() == run.weights())
    #expect {
      try ModelFolder(folder.path).load(into: copy.trainer.model, architecture: "large") { _ in }
    } throws: {
      says($0, "another model", "'small'")
    }
  }

  @Test(
    "A damaged checkpoint is noticed and the one before it used",
    arguments: ["cut json", "digit json", "cut tensors", "bit tensors", "no tensors", "empty json"])
  func damaged(_ damage: String) throws {
    let first = try Run(folder: folder.path, epochs: 2)
    #expect(try first.trainer.run() == .finished)
    func change(_ step: Int) throws {
      let name = "checkpoint-0000000\(step)" + (damage.hasSuffix("json") ? ".json" : ".safetensors")
      var bytes = try folder.read(name)
      switch damage {
      case "cut json", "cut tensors": bytes.removeLast(bytes.count / 3)
      case "digit json":
        let text = String(decoding: bytes, as: UTF8.self)
        bytes = Array(text.replacingOccurrences(of: "\"dataCount\" : 100", with: "\"dataCount\" : 101").utf8)
        #expect(String(decoding: bytes, as: UTF8.self) != text)
      case "bit tensors": bytes[bytes.count - 5] ^= 1
      case "empty json": bytes = []
      default: break
      }
      if damage == "no tensors" {
        try FileManager.default.removeItem(atPath: folder.file(name))
      } else {
        try folder.write(bytes, name)
      }
    }
    try change(8)
    let second = try Run(folder: folder.path, epochs: 2)
    #expect(try second.trainer.resume())
    #expect(second.trainer.step == 4)
    #expect(second.notes.contains { $0.contains("checkpoint-00000008") && $0.contains("before it") })
    #expect(try second.trainer.run() == .finished)
    #expect(try second.weights() == first.weights())
    try change(4)
    try change(8)
    let third = try Run(folder: folder.path, epochs: 2)
    #expect {
      _ = try third.trainer.resume()
    } throws: {
      says($0, "none of its 2 checkpoints", "another folder")
    }
  }

  @Test("A checkpoint of another run is refused")
  func otherRun() throws {
    #expect(try Run(folder: folder.path, epochs: 1).trainer.run() == .finished)
    func refused(_ run: Run, _ parts: String...) {
      #expect {
        _ = try run.trainer.resume()
      } throws: { error in
        parts.allSatisfy { says(error, $0) }
      }
    }
    refused(try Run(folder: folder.path, architecture: "large"), "another model", "'small'", "'large'")
    refused(try Run(folder: folder.path, learningRate: 0.5), "learning rate 0.001, now 0.5")
    refused(try Run(folder: folder.path, batchSize: 20), "batch size 30, now 20")
    refused(try Run(folder: folder.path, sgd: true), "optimizer Adam, now SGD")
    refused(try Run(folder: folder.path, data: IDXFiles.dataset(count: 90, seed: 1)), "other training data")
    // The same labels, and one pixel that is another.
    var pixels = Self.training.pixels
    pixels[1000] ^= 1
    let changed = ImageDataset(
      pixels: pixels, labels: Self.training.labels, height: 28, width: 28,
      classNames: Self.training.classNames)
    refused(try Run(folder: folder.path, data: changed), "other training data", "other examples")
  }

  @Test("A loss that is not a number stops the run and names step and checkpoint")
  func notANumber() throws {
    let run = try Run(folder: folder.path)
    run.trainer.onEpoch = { [unowned trainer = run.trainer] _ in
      let weight = trainer.model.parameters[0]
      weight.value = Tensor.full(weight.shape, Float.nan, device: .cpu)
    }
    #expect {
      _ = try run.trainer.run()
    } throws: {
      says($0, "epoch 2, step 5", "nan", "checkpoint-00000004.safetensors", "learning rate")
    }
    #expect(!folder.names.contains("checkpoint-00000008.json"))
  }

  @Test("A LeNet step takes at most 40 launches and no memory that is not given back", arguments: devices)
  func launches(_ device: Device) throws {
    let generator = Generator(seed: 7)
    let model = LeNet.model(generator: generator, device: device)
    let trainer = try Trainer(
      model: model, optimizer: Adam(model.parameters), generator: generator, training: Self.training,
      test: Self.test,
      configuration: TrainerConfiguration(
        architecture: "lenet", data: "bars", epochs: 1, batchSize: 2, seed: 7),
      device: device)
    var counts: [Counters] = []
    trainer.shouldStop = {
      counts.append(device.counters)
      return false
    }
    #expect(try trainer.run() == .finished)
    let steady = zip(counts.dropFirst(11), counts.dropFirst(10)).map { $0.launches - $1.launches }
    #expect((steady.max() ?? 99) <= 40, "\(steady)")
    #expect(counts.last?.fallbacks == counts.first?.fallbacks)
  }

  @Test("A batch larger than the data set is refused")
  func largeBatch() throws {
    #expect {
      _ = try Run(folder: nil, batchSize: 101)
    } throws: {
      says($0, "batch of 101", "100 images")
    }
    #expect(try Run(folder: nil, epochs: 1, batchSize: 100).trainer.run() == .finished)
  }

  @Test("Per-class scores of a confusion matrix")
  func scores() throws {
    // Checked by hand: class 0 has precision 2 / 3 and recall 2 / 4, class 1 precision 3 / 5 and recall 3 / 4.
    let pixels = [UInt8](repeating: 0, count: 8)
    let dataset = ImageDataset(
      pixels: pixels, labels: [0, 0, 0, 0, 1, 1, 1, 1], height: 1, width: 1, classNames: ["a", "b", "c"])
    final class Fixed: Module {
      func forward(_ input: Tensor) -> Tensor {
        Tensor([Int32(0), 0, 1, 1, 1, 1, 1, 0], device: .cpu).oneHot(classes: 3)
      }
    }
    let result = try Evaluation(of: Fixed(), on: dataset, device: .cpu)
    #expect(result.accuracy == 5.0 / 8)
    let precisions: [Double] = [2.0 / 3, 0.6, 0]
    #expect(result.confusion.scores.map(\.precision) == precisions)
    #expect(result.confusion.scores.map(\.recall) == [0.5, 0.75, 0])
    #expect(abs(result.confusion.scores[0].f1 - 4.0 / 7) < 1e-12)
    #expect(result.confusion.scores[2].f1 == 0)
    #expect(result.confusion.scores.map(\.support) == [4, 4, 0])
    // Rows that are right lose ln(1 + 2 / e), rows that are wrong 1 more.
    let right = log(1 + 2 * exp(-1.0))
    #expect(abs(result.loss - (right + 3.0 / 8)) < 1e-6)
  }
}
