import LatheML

/// Encoded images of a TFRecord file, in memory, decoded by the workers.
struct EncodedImages: ImageSource {
  /// The class of each image, and the classes' names.
  let labels: [Int], classNames: [String]
  let checksum: UInt32
  let nativeSize: ModelInput? = nil
  private let files: [[UInt8]]
  private let channels: Int
  private let path: String
  private let limits: (pixels: Int, scans: Int)
  private let problems: ReadingProblems

  /// Reads all records.
  ///
  /// The image is the feature `image` or `image/encoded`, PNG or JPEG; the class is `label` or `image/class/label`, a whole
  /// number or a text; both unless named.
  /// - Throws: `LatheError` naming the file and the record.
  init(_ source: DataSource) throws {
    path = source.file
    channels = source.imageChannels
    limits = source.options.imageLimits
    problems = source.problems
    let reader = try TFRecordReader(path: path)
    var budget = try ReadingBudget(path, limit: source.options.memoryLimit)
    var files: [[UInt8]] = []
    var names: [String] = []
    while let record = try reader.next() {
      try budget.take(record.count + 128)
      do {
        let example = try TFExample(record)
        func name(_ asked: String?, _ known: [String]) -> String {
          asked ?? known.first { example.features[$0] != nil } ?? known[0]
        }
        let key = name(source.options.input, ["image", "image/encoded"])
        files.append(try example.bytes(key, count: 1)[0])
        names.append(
          try EncodedImages.label(example, name(source.options.label, ["label", "image/class/label"])))
      } catch let error as LatheError {
        throw LatheError(error.kind, "\(source.file): record \(names.count): \(error.message)")
      }
    }
    (labels, classNames) = try source.coded(names) { "\(source.file): record \($0)" }
    checksum = CRC32.checksum(names.map { Array($0.utf8) + [0] } + files)
    self.files = files
  }

  private static func label(_ example: TFExample, _ key: String) throws -> String {
    guard case .bytes = example.features[key] else { return String(try example.integers(key, count: 1)[0]) }
    let bytes = try example.bytes(key, count: 1)[0]
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw LatheError(.format, "'\(key)' is not UTF-8 text")
    }
    return text
  }

  var count: Int { files.count }

  /// Decodes an image.
  func example(at index: Int, random: inout SampleRandom) throws -> LabelledImage {
    let image = try ImageFile.decode(
      files[index], channels: channels, pixelLimit: limits.pixels, scanLimit: limits.scans,
      source: "\(path): record \(index)", problems: problems)
    return LabelledImage(image: image, label: labels[index])
  }
}
