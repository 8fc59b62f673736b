import Lathe
import LatheML

/// Batches of a data set, ready on the device, with nothing that learns from them.
enum LoaderSuite {
  static var workloads: [Workload] {
    [epoch(64, isQuick: true), epoch(512, isQuick: true), epoch(512, isAugmented: true)]
  }

  /// All of Fashion-MNIST's training images in a new order, cut into batches and made numbers.
  private static func epoch(_ batchSize: Int, isAugmented: Bool = false, isQuick: Bool = false) -> Workload {
    let count = 60_000
    return Workload(
      .loader, isAugmented ? "crop-and-flip" : "shuffled", "batch \(batchSize)",
      parameters: ["batch": batchSize, "workers": 2], work: .items(count, "images"), isQuick: isQuick
    ) { device in
      let images = try FashionMNIST.load(.train)
      guard images.count == count else {
        throw LatheError(.format, "Fashion-MNIST: \(images.count) images, expected \(count)")
      }
      let changed = images.augmented([RandomCrop(28, 28, padding: 2), RandomHorizontalFlip()])
      var epoch = 0
      func stream() -> BatchStream {
        isAugmented
          ? DataLoader(
            changed, batchSize: batchSize, shuffled: true, epoch: epoch, workers: 2, prefetch: 8, on: device
          ).stream()
          : DataLoader(
            images, batchSize: batchSize, shuffled: true, epoch: epoch, workers: 2, prefetch: 8, on: device
          ).stream()
      }
      return Trial(tolerance: 1e-5) {
        epoch += 1
        let batches = stream()
        while let batch = try batches.next() { try batch.inputs.computed() }
      } check: {
        try error(
          of: stream(), images, order: RandomSampler(count: count, seed: 0).order(epoch: epoch), isAugmented)
      }
    }
  }

  /// The largest error of an epoch's pixels, computed from the data set's bytes in float64; of changed images, of
  /// their labels alone.
  private static func error(
    of batches: BatchStream, _ images: ImageDataset, order: [Int], _ isAugmented: Bool
  ) throws
    -> Double
  {
    var worst = 0.0
    var place = 0
    let size = images.imageByteCount
    while let batch = try batches.next() {
      let labels = try batch.labels.scalars(as: Int.self)
      let values = try batch.inputs.scalars(as: Float.self)
      for row in 0..<batch.count {
        let index = order[place]
        if labels[row] != Int(images.labels[index]) { worst = 1 }
        place += 1
        // Every image's label, and the pixels of some.
        guard !isAugmented, place % 50 == 0 else { continue }
        for pixel in 0..<size {
          let byte = Double(images.pixels[index * size + pixel])
          let wanted = (byte / 255 - Double(images.pixelMean)) / Double(images.pixelDeviation)
          worst = max(worst, abs(Double(values[row * size + pixel]) - wanted))
        }
      }
    }
    return place == order.count ? worst : 1
  }
}
