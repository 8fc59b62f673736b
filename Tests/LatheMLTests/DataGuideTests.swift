import DataTestSupport
import Foundation
import LatheML
import Testing

/// The examples of docs/data.md, run on small data; a test compares the texts.
@Suite("Examples of docs/data.md")
struct DataGuideTests {
  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/data.md", count: 9) }

  private let device = Device.cpu
  private let images = IDXFiles.dataset(count: 200, seed: 1)

  @Test("Loading")
  func loading() throws {
    let parts = try images.split([0.8, 0.1, 0.1], seed: 1, stratifiedBy: images.labels.map(Int.init))
    let loader = DataLoader(parts[0], batchSize: 64, shuffled: true, seed: 1, workers: 2, on: device)
    for batch in loader { print(batch.inputs.shape, batch.labels.shape) }
  }

  @Test("A data set of one's own")
  func own() throws {
    struct Waves: Dataset {
      let count = 1000
      func example(at index: Int, random: inout SampleRandom) throws -> FeatureRow {
        let start = Float(random.uniform(0, 6))
        let wave = (0..<32).map { sin(start + Float($0 * (index % 5 + 1)) / 5) }
        return FeatureRow(features: wave, target: .category(index % 5))
      }
    }
    let batches = DataLoader(Waves(), batchSize: 32, workers: 2, on: device).stream()
    while let batch = try batches.next() { print(batch.count) }
  }

  @Test("Samplers")
  func samplers() throws {
    let labels = images.labels.map(Int.init)
    let rare = WeightedSampler.balanced(labels: labels, seed: 1)
    let even = StratifiedSampler(labels: labels, seed: 1)
    let mine = DistributedSampler(even, rank: 0, size: 4)
    let loader = DataLoader(images, sampler: FixedBatches(mine, size: 32, dropsLast: true), on: device)
    #expect(loader.batchCount == 1 && rare.count == 200)
  }

  @Test("Sequences")
  func sequences() throws {
    struct Words: Dataset {
      let texts = (0..<90).map { String(repeating: "ab", count: $0 % 9 + 1) }
      var count: Int { texts.count }
      func example(at index: Int, random: inout SampleRandom) -> LabelledSequence {
        LabelledSequence(tokens: texts[index].utf8.map { Int32($0) }, label: index % 2)
      }
    }
    let data = Words()
    let lengths = data.texts.map(\.utf8.count)
    let order = RandomSampler(count: data.count, seed: 1)
    let batches = BucketedBatches(order, lengths: lengths, size: 16, seed: 1)
    let stream = DataLoader(data, sampler: batches, on: device).stream()
    let filled = try stream.map { batch in batch.inputs.count - (batch.lengths ?? []).reduce(0, +) }
    #expect(filled.reduce(0, +) < 90 * 4)
  }

  @Test("Streams")
  func streams() throws {
    let folder = try TemporaryFolder()
    let line = "{\"text\": \"good\", \"label\": 1}\n{\"text\": \"bad one\", \"label\": 0}\n"
    let path = try folder.write(Array(String(repeating: line, count: 50).utf8), "reviews.jsonl")
    struct Review: Decodable, Sendable { let text: String, label: Int }
    let reviews = ExampleStream(open: { try JSONLinesReader(Review.self, path: path) }) { review, _ in
      LabelledSequence(tokens: review.text.utf8.map { Int32($0) }, label: review.label)
    }
    let loader = StreamLoader(reviews, batchSize: 32, window: 10_000, seed: 1, workers: 2, on: device)
    let batches = loader.stream()
    while let batch = try batches.next() { print(batch.inputs.shape) }
  }

  @Test("Tables")
  func tables() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      Array("age,income,paid\n30,1.5,yes\n41,,no\n25,2.25,yes\n".utf8), "credit.csv")
    let table = try CSVTable(path: path, types: ["age": .integer])
    let (rows, classNames) = try table.classification(
      target: "paid", features: ["age", "income"], missing: 0)
    let loader = DataLoader(rows, batchSize: 2, shuffled: true, seed: 1, on: device)
    print(classNames, loader.batchCount)
  }

  @Test("NumPy and TFRecord")
  func arrays() throws {
    let (npz, records) = (DataFixtures.path("stored.npz"), DataFixtures.path("examples.tfrecord"))
    let weights = try NPZFile(path: npz).tensor("weights")
    let reader = try TFRecordReader(path: records)
    while let record = try reader.next() {
      let example = try TFExample(record)
      print(try example.bytes("image", count: 1), try example.integers("label", count: 1))
    }
    #expect(weights?.shape == [3, 4])
  }

  @Test("Images and augmentation")
  func augmentation() throws {
    let folder = try TemporaryFolder()
    for (name, file) in [("cats", "color.png"), ("dogs", "color.jpg")] {
      try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
      try folder.write(DataFixtures.bytes(file), "\(name)/\(file)")
    }
    let path = folder.path
    let photos = try ImageFolder(path)
    let changed = photos.augmented(
      [
        RandomResizedCrop(64, 64), RandomHorizontalFlip(), RandomRotation(degrees: 10),
        ColorJitter(brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.05), Cutout(size: 16),
      ], normalization: .imageNet)
    let mixing = MixUp(alpha: 0.2, classes: photos.classNames.count)
    let loader = DataLoader(
      changed, batchSize: 32, shuffled: true, seed: 1, workers: 2,
      collation: { try mixing.collate($0, random: &$1, on: $2) }, on: device)
    let batch = try loader.stream().next()
    #expect(batch?.inputs.shape == [2, 3, 64, 64] && batch?.labels.shape == [2, 2])
  }

  @Test("Training")
  func training() throws {
    let model = Sequential {
      Flatten()
      Linear(784, 10, device: device)
    }
    let changed = images.augmented([RandomCrop(28, 28, padding: 2)])
    let training = TrainingSet(changed, noun: "images", checksum: images.checksum, workers: 2)
    let configuration = TrainerConfiguration(
      architecture: "linear", data: "fashion-mnist", epochs: 2, batchSize: 50, seed: 1)
    let trainer = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 1e-3), generator: Generator(seed: 1),
      training: training, test: images, configuration: configuration, device: device)
    print(try trainer.run())
  }
}
