import LatheNN

/// Inputs and labels of NumPy files: two arrays of an archive, or two files.
struct LabelledArrays {
  /// [n, columns] or [n, height, width] with channels before or behind, on the CPU.
  let inputs: Tensor
  /// Whole numbers [n].
  let labels: [Int64]

  /// Reads the arrays `images` and `labels` of an .npz archive, or what is named instead; of .npy files the one of
  /// --data-file and that of --labels-file.
  ///
  /// - Throws: `LatheError` naming the file and what is wrong with its arrays.
  init(_ source: DataSource) throws {
    let labels: Tensor
    if source.kind == .npz {
      let file = try NPZFile(path: source.file)
      func array(_ name: String) throws -> Tensor {
        guard let tensor = try file.tensor(name) else {
          throw LatheError(
            .format,
            "\(source.file): no array '\(name)'; there are \(file.names.joined(separator: ", ")); choose with --input and --label"
          )
        }
        return tensor
      }
      inputs = try array(source.options.input ?? "images")
      labels = try array(source.options.label ?? "labels")
    } else {
      guard let path = source.options.labelsFile else {
        throw LatheError(
          .invalidArgument, "\(source.file): an array without labels; name theirs with --labels-file")
      }
      inputs = try NPYFile(path: source.file).tensor
      labels = try NPYFile(path: path).tensor
    }
    guard !labels.dtype.isFloatingPoint, labels.shape == [inputs.shape.first ?? 0], labels.count > 0 else {
      throw LatheError(
        .format,
        "\(source.file): labels are \(labels.dtype) \(labels.shape); whole numbers [\(inputs.shape.first ?? 0)], one for "
          + "each input, are needed")
    }
    self.labels = try labels.scalars(as: Int64.self)
  }
}

/// Images of one size from arrays of bytes.
struct ArrayImages: ImageSource {
  /// The class of each image, and the classes' names.
  let labels: [Int], classNames: [String]
  let checksum: UInt32
  private let pixels: PixelArray

  var nativeSize: ModelInput? { pixels.size }

  /// - Throws: `LatheError` where the array is not of images of bytes.
  init(_ source: DataSource, _ arrays: LabelledArrays) throws {
    pixels = try PixelArray(arrays.inputs, source: source.file)
    (labels, classNames) = try source.coded(arrays.labels.map(String.init)) { "\(source.file): label \($0)" }
    checksum = CRC32.checksum([arrays.labels.flatMap { "\($0) ".utf8 }])
  }

  var count: Int { labels.count }

  /// An image with its class.
  func example(at index: Int, random: inout SampleRandom) -> LabelledImage {
    LabelledImage(image: pixels.image(at: index), label: labels[index])
  }
}
