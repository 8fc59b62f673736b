import LatheNN

/// Encoded images of a TFRecord file, in memory, decoded by the workers.
struct EncodedImages: ImageSource {
  /// The class of each image, and the classes' names.
  let labels: [Int], classNames: [String]
  let checksum: UInt32
  let nativeSize: ModelInput? = nil
  private let files: [[UInt8]]
  private let channels: Int
  private let path: String

  /// Reads all records.
  ///
  /// The image is the feature `image` or `image/encoded`, PNG or JPEG; the class is `label` or `image/class/label`, a whole
  /// number or a text; both unless named.
  /// - Throws: `LatheError` naming the file and the record.
  init(_ source: DataSource) throws {
    path = source.file
    channels = source.imageChannels
    let reader = try TFRecordReader(path: path)
    var files: [[UInt8]] = []
    var names: [String] = []
    while let record = try reader.next() {
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
    guard !files.isEmpty else { throw LatheError(.format, "\(path): no records in it") }
    (labels, classNames) = try source.coded(names) { "\(source.file): record \($0)" }
    checksum = CRC32.checksum(names.map { Array($0.utf8) + [0] })
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
    let image = try ImageFile.decode(files[index], channels: channels, source: "\(path): record \(index)")
    return LabelledImage(image: image, label: labels[index])
  }
}
