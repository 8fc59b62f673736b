import Foundation
import Lathe
import LatheML

/// A run of a `Trainer` alone in turns with one that records and shows all that `lathe train` does.
enum RecordingRows {
  static var workloads: [Workload] { [epoch] }

  /// LeNet's first epoch on all of Fashion-MNIST, tested at its end; the time is that of the recorded run.
  private static var epoch: Workload {
    let count = 60_000
    return Workload(
      .train, "lenet-run-recorded", "batch 64", parameters: ["batch": 64], work: .items(count, "images")
    ) { device in
      let data = (training: try FashionMNIST.load(.train), test: try FashionMNIST.load(.test))
      guard data.training.count == count else {
        throw LatheError(.format, "Fashion-MNIST: \(data.training.count) images, expected \(count)")
      }
      let times = Times()
      var trial = Trial(
        .timed {
          for isRecorded in [false, true] {
            let start = Clock.now
            _ = try run(data, isRecorded: isRecorded, on: device)
            times.add(Clock.now - start, isRecorded: isRecorded)
          }
          return times.recorded.last ?? 0
        }, tolerance: 1e-12
      ) {
        // Who records changes nothing.
        let small = (training: part(of: data.training, 3200), test: part(of: data.test, 500))
        let weights = try (
          run(small, isRecorded: false, on: device), run(small, isRecorded: true, on: device)
        )
        return zip(weights.0, weights.1).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
      }
      trial.maximumSamples = 7
      trial.counters = { ["plain_seconds": times.plainMedian, "times_plain": times.ratio] }
      return trial
    }
  }

  /// What the turns took.
  private final class Times {
    private var plain: [Double] = []
    private(set) var recorded: [Double] = []

    func add(_ seconds: Double, isRecorded: Bool) {
      if isRecorded { recorded.append(seconds) } else { plain.append(seconds) }
    }

    var plainMedian: Double { Statistics.median(plain) }
    /// The median of the turns' quotients.
    var ratio: Double { Statistics.median(zip(recorded, plain).map { $0 / $1 }) }
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
      training: data.training, test: data.test,
      configuration: TrainerConfiguration(
        architecture: "lenet", data: "fashion-mnist", epochs: 1, batchSize: 64, seed: 0),
      device: device)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    if isRecorded {
      trainer.callbacks = [RunRecorder(folder: folder), RunReport(folder: folder)]
      let terminal = FileHandle.nullDevice
      trainer.onProgress = { progress in
        terminal.write(
          Data("\(progress.step)/\(progress.steps) \(progress.loss) \(progress.accuracy ?? 0)\r".utf8))
      }
    }
    _ = try trainer.run()
    return try model.parameters.flatMap { try $0.value.scalars(as: Float.self) }
  }
}
