import DataTestSupport
import LatheML
import Testing

@Suite("Augmentation")
struct AugmentationTests {
  /// Rows of 0, 1, 2...
  private func ramp(_ height: Int, _ width: Int, channels: Int = 1) -> Image {
    Image(
      height: height, width: width, channels: channels,
      pixels: (0..<height * width * channels).map { UInt8(truncatingIfNeeded: $0) })
  }

  @Test("Flips and crops move pixels and nothing else")
  func geometry() throws {
    let image = ramp(2, 3)
    #expect(image.flippedHorizontally().pixels == [2, 1, 0, 5, 4, 3])
    #expect(image.flippedVertically().pixels == [3, 4, 5, 0, 1, 2])
    #expect(image.cropped(top: 1, left: -1, height: 2, width: 3, fill: 9).pixels == [9, 3, 4, 9, 9, 9])
    for (top, left) in [(-9, 0), (9, 0), (0, -9), (0, 9), (0, 3), (0, -4), (2, 0)] {
      #expect(
        image.cropped(top: top, left: left, height: 2, width: 4, fill: 7).pixels
          == .init(repeating: 7, count: 8))
    }
    #expect(ramp(1, 2, channels: 3).flippedHorizontally().pixels == [3, 4, 5, 0, 1, 2])
    #expect(image.rotated(degrees: 0) == image && image.rotated(degrees: 180).pixels == [5, 4, 3, 2, 1, 0])
    var random = SampleRandom(state: 1)
    #expect(try CenterCrop(1, 1)(ramp(3, 3), random: &random).pixels == [4])
    #expect(
      message { try CenterCrop(3, 2)(image, random: &random) }.contains(
        "2 x 3 x 1 is too small for a crop of 3 x 2"))
    #expect(message { try RandomCrop(5, 2, padding: 1)(image, random: &random) }.contains("too small"))
    #expect(
      try RandomCrop(4, 5, padding: 1)(image, random: &random)
        == image.cropped(top: -1, left: -1, height: 4, width: 5))
  }

  @Test("Every place of a random crop and both sides of a flip come up")
  func coverage() throws {
    var corners = Set<UInt8>()
    var flips = 0
    var random = SampleRandom(state: 5)
    for _ in 0..<500 {
      corners.insert(try RandomCrop(2, 2)(ramp(4, 4), random: &random).pixels[0])
      flips += RandomHorizontalFlip()(ramp(1, 2), random: &random).pixels == [1, 0] ? 1 : 0
    }
    #expect(corners == [0, 1, 2, 4, 5, 6, 8, 9, 10])
    #expect((200...300).contains(flips))
    for _ in 0..<200 {
      let cut = Cutout(size: 3, fill: 255)(
        Image(height: 6, width: 6, channels: 3, pixels: .init(repeating: 0, count: 108)), random: &random)
      let covered = cut.pixels.count { $0 == 255 } / 3
      #expect([4, 6, 9].contains(covered))
      #expect(RandomResizedCrop(5, 7)(ramp(9, 4), random: &random).pixels.count == 35)
    }
    let same = ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1)
    let black = Image(height: 2, width: 2, channels: 3, pixels: .init(repeating: 0, count: 12))
    #expect(same(black, random: &random) == black)
  }

  private let transforms: [any ImageTransform] = [
    RandomCrop(28, 28, padding: 4), RandomHorizontalFlip(), RandomVerticalFlip(probability: 0.1),
    RandomRotation(degrees: 20), ColorJitter(brightness: 0.4, contrast: 0.3), Cutout(size: 8), Resize(20, 20),
  ]

  @Test("The same whatever the workers, another in every epoch")
  func workers() throws {
    let images = IDXFiles.dataset(count: 40, seed: 3).augmented(transforms)
    func batches(_ epoch: Int, _ workers: Int) throws -> [[UInt8]] {
      try DataLoader(
        images, batchSize: 16, shuffled: true, seed: 2, epoch: epoch, workers: workers, on: .cpu
      ).stream().map(contents)
    }
    let expected = try batches(0, 0)
    #expect(try batches(0, 3) == expected)
    #expect(try batches(1, 3) != expected)
  }

  @Test("Mixed images and labels have the shares that are said", arguments: [false, true])
  func mixing(_ cut: Bool) throws {
    // Image i is filled with 10 i and of class i.
    let examples = (0..<6).map {
      LabelledImage(
        image: Image(height: 8, width: 8, channels: 1, pixels: .init(repeating: UInt8($0 * 10), count: 64)),
        label: $0)
    }
    for state in 0..<20 {
      var random = SampleRandom(state: UInt64(state))
      let batch =
        try cut
        ? CutMix(alpha: 1, classes: 6).collate(examples, random: &random, on: .cpu)
        : MixUp(alpha: 0.4, classes: 6).collate(examples, random: &random, on: .cpu)
      let inputs = try batch.inputs.scalars(as: Float.self)
      let shares = try batch.labels.scalars(as: Float.self)
      #expect(batch.labels.shape == [6, 6])
      for row in 0..<6 {
        let share = Array(shares[row * 6..<row * 6 + 6])
        #expect(abs(share.reduce(0, +) - 1) < 1e-6)
        // What the classes' images are, in their shares, is what the pixels are in the mean.
        let wanted = share.enumerated().reduce(Float(0)) { $0 + $1.element * Float($1.offset * 10) / 255 }
        let mean = inputs[row * 64..<row * 64 + 64].reduce(0, +) / 64
        #expect(abs(mean - wanted) < 1e-5)
      }
    }
    let mixer = CutMix(alpha: 1, classes: 3)
    var random = SampleRandom(state: 1)
    #expect(
      message { try mixer.collate(examples, random: &random, on: .cpu) }.contains("label 3 is not in 0..<3"))
  }

  @Test("Beta's numbers have its mean and variance", arguments: [0.2, 1, 4])
  func beta(_ alpha: Double) throws {
    // Taken from batches of two images, black and white: the label's share is the number.
    let pair = [0, 1].map {
      LabelledImage(image: Image(height: 1, width: 1, channels: 1, pixels: [UInt8($0 * 255)]), label: $0)
    }
    var numbers: [Double] = []
    for state in 0..<4000 {
      var random = SampleRandom(seed: 3, epoch: 0, index: state, place: 0)
      let batch = try MixUp(alpha: alpha, classes: 2).collate(pair, random: &random, on: .cpu)
      let share = Double(try batch.labels.scalars(as: Float.self)[0])
      // Where the partners are the images themselves, nothing is mixed.
      if share != 1 { numbers.append(share) }
    }
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)
    #expect(abs(mean - 0.5) < 0.04)
    let wanted = 1 / (4 * (2 * alpha + 1))
    #expect(abs(variance - wanted) < 0.12 * wanted)
  }

  @Test("Shares of one class are its index to the loss, and their gradient is right")
  func sharesLoss() throws {
    let logits = Tensor([1, -2, 0.5, 3, 0, -1] as [Float], shape: [2, 3], device: .cpu).requiringGradient()
    let indices = Tensor([2, 0] as [Int32], device: .cpu)
    let shares = Tensor([0, 0, 1, 1, 0, 0] as [Float], shape: [2, 3], device: .cpu)
    for smoothing in [Float(0), 0.1] {
      let byIndex = crossEntropy(logits, indices, labelSmoothing: smoothing)
      let byShares = crossEntropy(logits, shares: shares, labelSmoothing: smoothing)
      #expect(abs(try byIndex.item() - byShares.item()) < 1e-6)
      let gradients = try [byIndex, byShares].map { try $0.gradient(of: logits).scalars(as: Float.self) }
      #expect(zip(gradients[0], gradients[1]).allSatisfy { abs($0 - $1) < 1e-6 })
    }
    let mixed = Tensor([0.25, 0, 0.75] as [Float], shape: [1, 3], device: .cpu)
    let row = logits[0..<1]
    let wanted =
      Float(0.25) * (try crossEntropy(row, Tensor([0] as [Int32], device: .cpu)).item())
      + 0.75 * (try crossEntropy(row, Tensor([2] as [Int32], device: .cpu)).item())
    #expect(abs(try crossEntropy(row, shares: mixed).item() - wanted) < 1e-6)
  }

  @Test("A run on mixed images learns, and resumes bit-identical with other workers")
  func training() throws {
    func trainer(_ workers: Int, _ folder: String?) throws -> Trainer {
      let base = IDXFiles.dataset(count: 120, seed: 1)
      let data = TrainingSet(
        base.augmented([RandomCrop(28, 28, padding: 2)]), noun: "images", checksum: base.checksum,
        workers: workers,
        collation: { try MixUp(alpha: 0.2, classes: 10).collate($0, random: &$1, on: $2) })
      let model = Sequential {
        Flatten()
        Linear(784, 10, generator: Generator(seed: 1), device: .cpu)
      }
      return try Trainer(
        model: model, optimizer: Adam(model.parameters, learningRate: 0.003), generator: Generator(seed: 1),
        training: data, test: IDXFiles.dataset(count: 40, seed: 2),
        configuration: TrainerConfiguration(
          architecture: "linear", data: "bars", epochs: 4, batchSize: 20, seed: 5),
        folder: folder, device: .cpu)
    }
    let whole = try trainer(1, nil)
    #expect(try whole.run() == .finished)
    #expect((whole.history.last?.testAccuracy ?? 0) > 0.5)
    let folder = try TemporaryFolder()
    let first = try trainer(2, folder.path)
    first.shouldStop = { [unowned first] in first.step >= 9 }
    #expect(try first.run() == .stopped)
    let second = try trainer(3, folder.path)
    #expect(try second.resume() && second.run() == .finished)
    func weights(_ trainer: Trainer) throws -> [[UInt8]] {
      try trainer.model.parameters.map { try $0.value.bytes() }
    }
    #expect(try weights(second) == weights(whole))
  }
}
