import Foundation
import LatheML

/// Inputs and labels of NumPy files: two arrays of an archive, or two files; with those of a test set where the archive
/// has them.
struct ArrayFile {
  let training: LabelledArrays
  /// The test set; nil where there is none.
  let test: LabelledArrays?

  /// Names that arrays of inputs and labels have, where none are named.
  private static let usualNames = [
    ("images", "labels"), ("x_train", "y_train"), ("train_images", "train_labels"), ("x", "y"), ("X", "y"),
  ]

  /// Reads the arrays of an .npz archive, by their usual names or what is named instead; of .npy files the one of
  /// --data-file and that of --labels-file.
  ///
  /// - Throws: `LatheError` naming the file and what is wrong with its arrays.
  init(_ source: DataSource) throws {
    guard source.kind == .npz else {
      guard let path = source.options.labelsFile else {
        throw LatheError(
          .invalidArgument, "\(source.file): an array without labels; name theirs with --labels-file")
      }
      training = try LabelledArrays(
        "the array", NPYFile(path: source.file).tensor, NPYFile(path: path).tensor, source.file)
      test = nil
      return
    }
    let file = try NPZFile(path: source.file, limit: source.options.memoryLimit)
    func array(_ name: String) throws -> Tensor {
      guard let tensor = try file.tensor(name) else {
        throw LatheError(
          .format,
          "\(source.file): no array '\(name)'; there are \(file.names.joined(separator: ", ")); choose with --input and --label"
        )
      }
      return tensor
    }
    let usual = Self.usualNames.first {
      file.names.contains(source.options.input ?? $0.0) && file.names.contains(source.options.label ?? $0.1)
        && (source.options.input ?? $0.0) == $0.0
    }
    let input = source.options.input ?? usual?.0 ?? "images"
    let label = source.options.label ?? usual?.1 ?? "labels"
    training = try LabelledArrays(input, array(input), array(label), source.file)
    let (testInput, testLabel) = (Self.testName(input), Self.testName(label))
    let isThere = (file.names.contains(testInput), file.names.contains(testLabel))
    guard isThere.0 == isThere.1 else {
      throw LatheError(
        .format,
        "\(source.file): '\(isThere.0 ? testInput : testLabel)' without '\(isThere.0 ? testLabel : testInput)': a test set "
          + "needs both; name other arrays with --input and --label")
    }
    test = isThere.0 ? try LabelledArrays(testInput, array(testInput), array(testLabel), source.file) : nil
  }

  /// What the array of the test set is called where that of the training set has a name.
  private static func testName(_ name: String) -> String {
    guard let range = name.firstRange(of: "train") else { return "test_\(name)" }
    return name.replacingCharacters(in: range, with: "test")
  }
}

/// Inputs with a label for each.
struct LabelledArrays {
  /// The inputs' name.
  let name: String
  /// [n, columns] or [n, height, width] with channels before or behind, on the CPU.
  let inputs: Tensor
  /// Whole numbers [n].
  let labels: [Int64]

  /// - Parameter path: The file's, for messages.
  /// - Throws: `LatheError` where the labels are not one whole number for each input.
  init(_ name: String, _ inputs: Tensor, _ labels: Tensor, _ path: String) throws {
    let count = inputs.shape.first ?? 0
    guard !labels.dtype.isFloatingPoint, labels.shape == [count] || labels.shape == [count, 1], count > 0
    else {
      throw LatheError(
        .format,
        "\(path): labels are \(labels.dtype) \(labels.shape); whole numbers [\(count)], one for each input, are needed"
      )
    }
    self.name = name
    self.inputs = inputs
    self.labels = try labels.scalars(as: Int64.self)
  }
}

/// Images of one size from arrays of bytes or numbers.
struct ArrayImages: ImageSource {
  /// The class of each image, and the classes' names.
  let labels: [Int], classNames: [String]
  let checksum: UInt32
  private let pixels: PixelArray

  var nativeSize: ModelInput? { pixels.size }

  /// - Parameter training: The training set's images, of a test set: it has the same classes and the same scale.
  /// - Throws: `LatheError` where the array is not of images.
  init(_ source: DataSource, _ arrays: LabelledArrays, training: ArrayImages? = nil) throws {
    pixels = try PixelArray(arrays.inputs, scale: training?.pixels.scale) {
      "\(source.file): '\(arrays.name)': \($0)"
    }
    let place: (Int) -> String = { "\(source.file): label \($0)" }
    let names = arrays.labels.map(String.init)
    (labels, classNames) =
      try training.map { (try source.numbers(of: names, in: $0.classNames, place: place), $0.classNames) }
      ?? source.coded(names, place: place)
    checksum = CRC32.checksum([arrays.labels.flatMap { "\($0) ".utf8 }, pixels.bytes])
  }

  var count: Int { labels.count }

  /// An image with its class.
  func example(at index: Int, random: inout SampleRandom) -> LabelledImage {
    LabelledImage(image: pixels.image(at: index), label: labels[index])
  }
}
