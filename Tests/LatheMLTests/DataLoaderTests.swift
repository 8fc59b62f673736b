import DataTestSupport
import LatheML
import Testing

@Suite("Data loader")
struct DataLoaderTests {
  let dataset: ImageDataset = {
    // Image i is filled with i.
    let pixels = (0..<23).flatMap { [UInt8](repeating: UInt8($0), count: 4) }
    return ImageDataset(
      pixels: pixels, labels: (0..<23).map { UInt8($0 % 10) }, height: 2, width: 2,
      classNames: FashionMNIST.classNames)
  }()

  private func indices(_ loader: DataLoader<ImageDataset>) throws -> [[Int]] {
    try loader.map { batch in
      let inputs = try batch.inputs.scalars(as: Float.self)
      let labels = try batch.labels.scalars(as: Int.self)
      #expect(batch.inputs.shape == [batch.count, 1, 2, 2])
      return (0..<batch.count).map { row in
        let index = Int((inputs[row * 4] * 255).rounded())
        #expect(inputs[row * 4..<row * 4 + 4].allSatisfy { abs($0 - Float(index) / 255) < 1e-7 })
        #expect(labels[row] == index % 10)
        return index
      }
    }
  }

  @Test("In order, the last batch smaller")
  func inOrder() throws {
    let loader = DataLoader(dataset, batchSize: 5, on: .cpu)
    #expect(loader.batchCount == 5)
    #expect(try indices(loader).map(\.count) == [5, 5, 5, 5, 3])
    #expect(try indices(loader).joined().elementsEqual(0..<23))
  }

  @Test("Shuffled: all once, by seed and epoch, from any position")
  func shuffled() throws {
    func order(seed: UInt64, epoch: Int, from: Int = 0) throws -> [[Int]] {
      try indices(
        DataLoader(
          dataset, batchSize: 5, shuffled: true, seed: seed, epoch: epoch, firstBatch: from, on: .cpu))
    }
    let first = try order(seed: 1, epoch: 0)
    #expect(first.joined().sorted() == Array(0..<23))
    #expect(try order(seed: 1, epoch: 0) == first)
    #expect(try order(seed: 1, epoch: 1) != first)
    #expect(try order(seed: 2, epoch: 0) != first)
    #expect(try order(seed: 1, epoch: 0, from: 3) == Array(first[3...]))
    #expect(try order(seed: 1, epoch: 0, from: 5).isEmpty)
  }

  @Test("A loop may be left early")
  func leftEarly() throws {
    for _ in 0..<50 {
      for batch in DataLoader(dataset, batchSize: 1, prefetch: 2, on: .cpu) {
        #expect(batch.count == 1)
        break
      }
    }
  }

  @Test("An order is what it was for checkpoints made before, computed by another program")
  func pinned() {
    let sampler = RandomSampler(count: 12, seed: 7)
    #expect(sampler.order(epoch: 0) == [8, 7, 11, 10, 6, 2, 1, 3, 5, 9, 0, 4])
    #expect(sampler.order(epoch: 3) == [4, 3, 0, 10, 8, 11, 9, 5, 1, 7, 6, 2])
  }

  @Test(
    "Every device and kernel profile gets the same bytes and nearly the same numbers",
    arguments: ["cpu", "gpu"])
  func devices(_ profile: String) throws {
    let pixels = (0..<40 * 60).map { UInt8(truncatingIfNeeded: $0 * 37) }
    struct Colors: Dataset {
      let pixels: [UInt8]
      let count = 40
      func example(at index: Int, random: inout SampleRandom) -> LabelledImage {
        let image = Image(
          height: 4, width: 5, channels: 3, pixels: Array(pixels[index * 60..<index * 60 + 60]))
        return LabelledImage(image: image, label: index, normalization: .imageNet)
      }
    }
    func batches(on device: Device, mixed: Bool) throws -> [(labels: [Float], inputs: [Float])] {
      let mixing: Collation<LabelledImage> = {
        try MixUp(alpha: 1, classes: 40).collate($0, random: &$1, on: $2)
      }
      return try DataLoader(
        Colors(pixels: pixels), batchSize: 7, shuffled: true, seed: 1, workers: 3,
        collation: mixed ? mixing : nil, on: device
      ).stream().map {
        (try $0.labels.cast(to: .float32).scalars(as: Float.self), try $0.inputs.scalars(as: Float.self))
      }
    }
    for mixed in [false, true] {
      let expected = try batches(on: .cpu, mixed: mixed)
      for position in 0..<Device.all.count - 1 {
        let found = try batches(on: Device.opencl(position, profile: profile), mixed: mixed)
        #expect(found.count == 6 && found.map(\.labels) == expected.map(\.labels))
        for (a, b) in zip(found, expected) {
          #expect(zip(a.inputs, b.inputs).allSatisfy { abs($0 - $1) < 1e-5 })
        }
      }
    }
  }
}
