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
    var names: [String] = []
    files = try EncodedImages.files(path, input: source.options.input, limit: source.options.memoryLimit) {
      names.append(
        try EncodedImages.label($0, $0.feature(source.options.label, or: ["label", "image/class/label"])))
    }
    (labels, classNames) = try source.coded(names) { "\(source.file): record \($0)" }
    checksum = CRC32.checksum(names.map { Array($0.utf8) + [0] } + files)
  }

  /// The encoded images of a file's records.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - input: The feature that holds the image; `image` or `image/encoded` where nil.
  ///   - limit: The memory that those of a compressed file may take.
  ///   - also: Called with each record, for what else it holds.
  /// - Throws: `LatheError` naming the file and the record.
  static func files(
    _ path: String, input: String?, limit: Int?, also: (TFExample) throws -> Void = { _ in }
  ) throws -> [[UInt8]] {
    let reader = try TFRecordReader(path: path)
    var budget = try ReadingBudget(path, limit: limit)
    var files: [[UInt8]] = []
    while let record = try reader.next() {
      try budget.take(record.count + 128)
      do {
        let example = try TFExample(record)
        let image = try example.bytes(example.feature(input, or: ["image", "image/encoded"]), count: 1)[0]
        try also(example)
        files.append(image)
      } catch let error as LatheError {
        throw LatheError(error.kind, "\(path): record \(files.count): \(error.message)")
      }
    }
    return files
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

extension TFExample {
  /// The name of a feature: the one asked for, or that of the usual ones which is there.
  fileprivate func feature(_ asked: String?, or usual: [String]) -> String {
    asked ?? usual.first { features[$0] != nil } ?? usual[0]
  }
}
