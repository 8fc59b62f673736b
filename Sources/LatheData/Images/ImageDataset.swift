import Foundation
import LatheCore
import LatheFiles
import LatheNN

/// Images of one size, as bytes, each with the index of its class.
public struct ImageDataset: Sendable {
  /// The number of images.
  public let count: Int
  /// The images' height and width in pixels.
  public let height: Int, width: Int
  /// All pixels, row-major [count, height, width].
  public let pixels: [UInt8]
  /// One class index an image.
  public let labels: [UInt8]
  /// The classes' names; its size is the number of classes.
  public let classNames: [String]

  /// A data set from IDX files.
  ///
  /// - Parameters:
  ///   - imagePath: The file of the images, with three axes.
  ///   - labelPath: The file of their classes, with one.
  ///   - classNames: The classes' names.
  ///   - limit: The bytes that a compressed file may become; as `ReadingLimits` says unless given.
  /// - Throws: `LatheError` where a file cannot be used, the counts differ or a label has no class.
  public init(
    images imagePath: String, labels labelPath: String, classNames: [String], limit: Int? = nil
  ) throws {
    let images = try IDXArray(path: imagePath, axes: 3, limit: limit)
    let labels = try IDXArray(path: labelPath, axes: 1, limit: limit)
    guard images.sizes[0] == labels.sizes[0] else {
      throw LatheError(
        .format,
        "\(imagePath) holds \(images.sizes[0]) images but \(labelPath) holds \(labels.sizes[0]) labels; use files that "
          + "belong together")
    }
    guard images.sizes[0] > 0, images.sizes[1] > 0, images.sizes[2] > 0 else {
      throw LatheError(.format, "\(imagePath): offset 4: sizes \(images.sizes) leave nothing to train on")
    }
    if let bad = labels.bytes.firstIndex(where: { Int($0) >= classNames.count }) {
      throw LatheError(
        .format,
        "\(labelPath): offset \(8 + bad): label \(labels.bytes[bad]) of image \(bad) is not in "
          + "0..<\(classNames.count); use labels that fit the data set's classes")
    }
    self.init(
      pixels: images.bytes, labels: labels.bytes, height: images.sizes[1], width: images.sizes[2],
      classNames: classNames)
  }

  /// A data set from bytes in memory.
  public init(pixels: [UInt8], labels: [UInt8], height: Int, width: Int, classNames: [String]) {
    require(
      pixels.count == labels.count * height * width,
      "ImageDataset: \(pixels.count) pixels for \(labels.count) labels and images of \(height) x \(width)")
    self.count = labels.count
    self.height = height
    self.width = width
    self.pixels = pixels
    self.labels = labels
    self.classNames = classNames
  }

  /// Taken from the pixels, in 0...1, before they are divided by `pixelDeviation`.
  public var pixelMean: Float = 0 { didSet { updateNormalization() } }
  /// What pixels are divided by.
  public var pixelDeviation: Float = 1 { didSet { updateNormalization() } }
  // Kept, since making one for every image takes as long as copying the image.
  private var normalization = PixelNormalization.none

  private mutating func updateNormalization() {
    normalization = PixelNormalization(mean: [pixelMean], deviation: [pixelDeviation])
  }

  /// Bytes of one image.
  public var imageByteCount: Int { height * width }
}

extension ImageDataset: InMemoryDataset {
  /// An image with its class.
  public func example(at index: Int, random: inout SampleRandom) -> LabelledImage {
    let start = index * imageByteCount
    let image = Image(
      height: height, width: width, channels: 1, pixels: Array(pixels[start..<start + imageByteCount]))
    return LabelledImage(image: image, label: Int(labels[index]), normalization: normalization)
  }
}

/// Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): 60,000 + 10,000 grey images of clothing in ten classes.
public enum FashionMNIST {
  /// Where Debian's package `dataset-fashion-mnist` puts the files.
  public static let defaultFolder = "/usr/share/datasets/fashion-mnist"

  /// The ten classes.
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]

  /// A part of the data set.
  public enum Part: String, Sendable {
    /// 60,000 images.
    case train
    /// 10,000 images.
    case test = "t10k"
  }

  /// Reads a part from a folder of IDX files, gzipped or not, with the names that MNIST's have.
  ///
  /// - Parameters:
  ///   - part: The training or the test set.
  ///   - folder: Where the files are.
  ///   - limit: The bytes that a compressed file may become; as `ReadingLimits` says unless given.
  /// - Throws: `LatheError`; where the files are missing it says how to get them.
  public static func load(_ part: Part, from folder: String = defaultFolder, limit: Int? = nil) throws
    -> ImageDataset
  {
    var dataset = try ImageDataset(
      images: find("\(part.rawValue)-images-idx3-ubyte", in: folder),
      labels: find("\(part.rawValue)-labels-idx1-ubyte", in: folder), classNames: classNames, limit: limit)
    // Mean and deviation of the 60,000 training images.
    dataset.pixelMean = 0.2860
    dataset.pixelDeviation = 0.3530
    return dataset
  }

  private static func find(_ name: String, in folder: String) throws -> String {
    for path in ["\(folder)/\(name)", "\(folder)/\(name).gz"] where FileErrors.exists(path) { return path }
    let what =
      FileErrors.exists(folder)
      ? "\(folder): neither \(name) nor \(name).gz is there" : "\(folder): no such folder"
    let advice =
      folder == defaultFolder
      ? "install the Debian package dataset-fashion-mnist (apt-get install dataset-fashion-mnist) or name a folder of "
        + "your own with --data-dir"
      : "name a folder of IDX files with MNIST's names, or of PNG and JPEG files in one folder a class"
    throw LatheError(.file, "\(what); \(advice)")
  }
}

extension ImageDataset: TrainingData {
  /// As `classNames`.
  public var classes: [String]? { classNames }
  /// As in `Evaluation`.
  public var testBatchSize: Int { 250 }
  /// Images.
  public var noun: String { "images" }

  /// Of labels and pixels.
  public var checksum: UInt32 { CRC32.checksum([labels, pixels]) }
}
