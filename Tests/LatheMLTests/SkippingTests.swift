import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Images with faults in a run")
struct SkippingTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ bytes: [UInt8], _ place: String) throws {
    let target = URL(fileURLWithPath: folder.file(place))
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: target)
  }

  private func images(broken: [String]) throws {
    let image = try DataFixtures.bytes("color.png")
    for name in ["a/1.png", "a/2.png", "b/1.png", "b/2.png", "b/3.png"] {
      try write(broken.contains(name) ? Array(image.dropLast(20)) : image, name)
    }
  }

  @Test("Up to a number of broken images are left out of their batches and listed", arguments: [0, 2])
  func skips(_ workers: Int) throws {
    try images(broken: ["a/2.png", "b/2.png"])
    func batches(_ limit: Int) throws -> ([Int], [[Int]], ReadingProblems) {
      let problems = ReadingProblems(skipping: limit)
      let loader = DataLoader(
        try ImageFolder(folder.path), batchSize: 2, workers: workers, problems: problems, on: .cpu)
      let stream = loader.stream()
      var (counts, labels): ([Int], [[Int]]) = ([], [])
      while let batch = try stream.next() {
        counts.append(batch.count)
        labels.append(try batch.labels.scalars(as: Int.self))
      }
      return (counts, labels, problems)
    }
    let (counts, labels, problems) = try batches(2)
    #expect(counts == [1, 1, 1] && labels == [[0], [1], [1]])
    #expect(
      problems.skipped.count == 2 && problems.skipped[0].contains("a/2.png")
        && problems.skipped[1].contains("b/2.png"))
    #expect(message { try batches(0) }.contains("a/2.png: offset"))
    #expect(message { try batches(1) }.contains("1 other examples were skipped before"))
    // A batch of which nothing is left takes the next that can be read.
    try images(broken: ["a/1.png", "a/2.png"])
    #expect(try batches(2).1 == [[1], [1, 1], [1]])
    try images(broken: ["a/1.png", "a/2.png", "b/1.png", "b/2.png", "b/3.png"])
    #expect(message { try batches(9) }.contains("no example of the data can be read"))
  }

  @Test("A warning of the decoder is noted, and the image taken")
  func warnings() throws {
    let bytes = try DataFixtures.bytes("color.jpg")
    let odd = Array(bytes.dropLast(2)) + [UInt8](repeating: 0x12, count: 16) + bytes.suffix(2)
    let problems = ReadingProblems()
    let image = try ImageFile.decode(odd, source: "odd.jpg", problems: problems)
    #expect(try image == ImageFile.read(DataFixtures.path("color.jpg")))
    #expect(problems.warnings.count == 1)
    #expect(problems.warnings.first?.hasPrefix("odd.jpg: ") == true && problems.skipped.isEmpty)
    // Without its end the file is cut off.
    #expect(
      message { try ImageFile.decode(Array(bytes.dropLast(2)), source: "cut.jpg") }.contains(
        "before its end marker"))
  }

  @Test("A name that is not UTF-8 is no class that is left out in silence")
  func names() throws {
    try images(broken: [])
    let odd = folder.path.utf8.map { CChar(bitPattern: $0) } + "/caf".utf8.map { CChar(bitPattern: $0) }
    #expect(mkdir(odd + [CChar(bitPattern: 0xE9), 0], 0o700) == 0)
    #expect(message { try ImageFolder(folder.path) }.contains("the name 'caf\\xe9' in it is not UTF-8"))
    #expect(rmdir(odd + [CChar(bitPattern: 0xE9), 0]) == 0)
    #expect(try ImageFolder(folder.path).classNames == ["a", "b"])
  }

  @Test("Each image is standardised by its own means, and only by as many as it has channels")
  func normalization() throws {
    func example(_ channels: Int, _ normalization: PixelNormalization) -> LabelledImage {
      LabelledImage(
        image: Image(
          height: 1, width: 2, channels: channels, pixels: (0..<2 * channels).map { UInt8(51 * ($0 % 5)) }),
        label: 0, normalization: normalization)
    }
    #expect(
      message { try LabelledImage.collate([example(1, .imageNet)], on: .cpu) }.contains(
        "images of 1 channel cannot be standardised by 3 means"))
    let halves = PixelNormalization(mean: [0.5], deviation: [0.5])
    let batch = try LabelledImage.collate(
      [example(3, .none), example(3, halves), example(3, .imageNet)], on: .cpu)
    let values = try batch.inputs.scalars(as: Float.self)
    let shares = [0, 0.6, 0.2, 0.8, 0.4, 0].map { Double($0) }  // Channel by channel, two pixels each.
    for (row, normalization) in [PixelNormalization.none, halves, .imageNet].enumerated() {
      for (place, share) in shares.enumerated() {
        let channel = min(place / 2, normalization.mean.count - 1)
        let wanted = (share - Double(normalization.mean[channel])) / Double(normalization.deviation[channel])
        #expect(abs(Double(values[row * 6 + place]) - wanted) < 1e-5, "row \(row), value \(place)")
      }
    }
  }
}
