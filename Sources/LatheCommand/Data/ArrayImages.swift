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
  private let size: ModelInput
  private let pixels: [UInt8]

  var nativeSize: ModelInput? { size }

  /// - Throws: `LatheError` where the array is not of images of bytes.
  init(_ source: DataSource, _ arrays: LabelledArrays) throws {
    let shape = arrays.inputs.shape
    var input = ModelInput()
    var channelsLast = arrays.inputs
    if shape.count == 3 {
      (input.channels, input.height, input.width) = (1, shape[1], shape[2])
    } else if shape.count == 4, [1, 3].contains(shape[3]) {
      (input.height, input.width, input.channels) = (shape[1], shape[2], shape[3])
    } else if shape.count == 4, [1, 3].contains(shape[1]) {
      (input.channels, input.height, input.width) = (shape[1], shape[2], shape[3])
      channelsLast = arrays.inputs.permuted([0, 2, 3, 1]).contiguous()
    }
    guard shape.count > 2, shape.count == 3 || [1, 3].contains(input.channels), input.height > 0,
      input.width > 0,
      arrays.inputs.dtype == .uint8
    else {
      throw LatheError(
        .format,
        "\(source.file): images are \(arrays.inputs.dtype) \(shape); uint8 [n, height, width], or with 1 or 3 channels "
          + "behind n or at the end, is needed")
    }
    size = input
    pixels = try channelsLast.bytes()
    (labels, classNames) = try source.coded(arrays.labels.map(String.init)) { "\(source.file): label \($0)" }
    checksum = CRC32.checksum([arrays.labels.flatMap { "\($0) ".utf8 }])
  }

  var count: Int { labels.count }

  /// An image with its class.
  func example(at index: Int, random: inout SampleRandom) -> LabelledImage {
    let bytes = size.height * size.width * size.channels
    let image = Image(
      height: size.height, width: size.width, channels: size.channels,
      pixels: Array(pixels[index * bytes..<(index + 1) * bytes]))
    return LabelledImage(image: image, label: labels[index])
  }
}
