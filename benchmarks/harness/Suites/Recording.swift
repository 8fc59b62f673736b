import Foundation
import Lathe
import LatheNN

/// A run of a `Trainer` alone, and with all that `lathe train` records and shows: the difference is what that costs.
enum RecordingRows {
  static var workloads: [Workload] { [epoch(isRecorded: false), epoch(isRecorded: true)] }

  /// LeNet's first epoch on all of Fashion-MNIST, tested at its end.
  private static func epoch(isRecorded: Bool) -> Workload {
    let count = 60_000
    return Workload(
      .train, isRecorded ? "lenet-run-recorded" : "lenet-run", "batch 64", parameters: ["batch": 64],
      work: .items(count, "images")
    ) { device in
      let data = (training: try FashionMNIST.load(.train), test: try FashionMNIST.load(.test))
      guard data.training.count == count else {
        throw LatheError(.format, "Fashion-MNIST: \(data.training.count) images, expected \(count)")
      }
      var trial = Trial(tolerance: 1e-12) {
        _ = try run(data, isRecorded: isRecorded, on: device)
      } check: {
        // Who records changes nothing.
        let small = (training: part(of: data.training, 3200), test: part(of: data.test, 500))
        let weights = try (
          run(small, isRecorded: false, on: device), run(small, isRecorded: true, on: device)
        )
        return zip(weights.0, weights.1).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
      }
      trial.maximumSamples = 7
      return trial
    }
  }

  private static func part(of images: ImageDataset, _ count: Int) -> ImageDataset {
    ImageDataset(
      pixels: Array(images.pixels.prefix(count * images.imageByteCount)),
      labels: Array(images.labels.prefix(count)),
      height: images.height, width: images.width, classNames: images.classNames)
  }

  /// Trains a new network.
  ///
  /// - Returns: Its weights.
  private static func run(
    _ data: (training: ImageDataset, test: ImageDataset), isRecorded: Bool, on device: Device
  ) throws -> [Float] {
    let generator = Generator(seed: 0)
    let model = LeNet.model(generator: generator, device: device)
    let trainer = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 1e-3), generator: generator,
      training: data.training, test: data.test, epochs: 1,
      settings: TrainingSettings(
        architecture: "lenet", data: "fashion-mnist", optimizer: "adam", learningRate: 1e-3, batchSize: 64,
        seed: 0),
      device: device)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    if isRecorded {
      trainer.callbacks = [RunRecorder(folder: folder), RunReport(folder: folder)]
      let terminal = FileHandle.nullDevice
      trainer.onProgress = { progress in
        terminal.write(
          Data("\(progress.step)/\(progress.steps) \(progress.loss) \(progress.accuracy)\r".utf8))
      }
    }
    _ = try trainer.run()
    return try model.parameters.flatMap { try $0.value.scalars(as: Float.self) }
  }
}
