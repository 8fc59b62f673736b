import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests.DataFormTests {
  /// A TFRecord file of examples with an image and a label.
  private func records(_ images: [([UInt8], Int)]) -> [UInt8] {
    func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
      var size = content.count
      var length: [UInt8] = []
      while size >= 0x80 {
        length.append(UInt8(size & 0x7F) | 0x80)
        size >>= 7
      }
      return [number << 3 | 2] + length + [UInt8(size)] + content
    }
    func entry(_ name: String, _ feature: [UInt8]) -> [UInt8] {
      field(1, field(1, Array(name.utf8)) + field(2, feature))
    }
    func little(_ value: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian, Array.init)
    }
    return images.flatMap { image, label in
      let features =
        entry("image/encoded", field(1, field(1, image)))
        + entry("label", field(3, field(1, [UInt8(label)])))
      let record = field(1, features)
      let length = little(UInt64(record.count))
      return length + little(CRC32C.masked(length)) + record + little(CRC32C.masked(record))
    }
  }

  @Test("TFRecord files of encoded images")
  func tfrecord() throws {
    try pictures("photos", count: 1)
    let files = try [folder.read("photos/cats/0-color.png"), folder.read("photos/dogs/0-color.jpg")]
    var examples = (0..<24).map { (files[$0 % 2], $0 % 2) }
    try folder.write(records(examples), "images.tfrecord")
    expectTrained(
      try train("mlp", "--data-file", "images.tfrecord", "--image-size", "12", "--workers", "2"))
    #expect(try lathe("evaluate", "--model", "out").status == 0)
    expectFailure(
      try train("mlp", "--data-file", "images.tfrecord", "--label", "kind", output: "no"), "record 0",
      "no 'kind'")
    // The same pictures, asked for by their files; no label is needed.
    func probabilities(_ arguments: String...) throws -> [[String: Double]] {
      let result = try Lathe.start(
        ["predict", "--model", "out", "--json", "--device", "cpu"] + arguments, in: folder.path
      ).wait()
      try #require(result.status == 0, "\(result.errors)")
      return try result.lines.map { line in
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        let answers = try #require(object?["answers"] as? [[String: Any]])
        return try Dictionary(
          uniqueKeysWithValues: answers.map {
            (try #require($0["class"] as? String), try #require($0["probability"] as? Double))
          })
      }
    }
    let asked = try probabilities("--data-file", "images.tfrecord")
    let pictures = try probabilities("--image", "photos/cats/0-color.png", "photos/dogs/0-color.jpg")
    #expect(asked.count == 24)
    for (number, answer) in asked.enumerated() {
      for (name, probability) in pictures[number % 2] {
        #expect(abs((answer[name] ?? .nan) - probability) < 1e-5)
      }
    }
    expectFailure(
      try lathe("predict", "--model", "out", "--data-file", "images.tfrecord", "--input", "kind"),
      "images.tfrecord: record 0", "no 'kind'")
    examples[5].0 = [1, 2, 3]
    try folder.write(records(examples), "images.tfrecord")
    expectFailure(
      try lathe("predict", "--model", "out", "--data-file", "images.tfrecord"), "images.tfrecord: record 5")
    expectFailure(try train("mlp", "--data-file", "images.tfrecord", output: "no"), "record 5")
  }
}
