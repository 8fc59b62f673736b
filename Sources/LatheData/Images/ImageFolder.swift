import Foundation
import Lathe
import LatheFiles

/// Images in folders, one folder a class, decoded when they are asked for: by the workers.
///
/// Classes and files come in the order of their names. Files that are not named .png, .jpg or .jpeg, in any case, and
/// hidden ones are passed over.
public struct ImageFolder: Dataset {
  /// The folders' names, sorted.
  public let classNames: [String]
  /// The images' paths.
  public let paths: [String]
  /// The class of each image.
  public let labels: [Int]
  /// What the pixels are standardised by.
  public var normalization = PixelNormalization.none
  private let channels: Int
  private let pixelLimit: Int
  private let scanLimit: Int
  private let problems: ReadingProblems?

  /// Lists the images of a folder.
  ///
  /// - Parameters:
  ///   - folder: Holds one folder for each class.
  ///   - channels: 1 makes all images grey, 3 all coloured.
  ///   - pixelLimit: A file that declares more pixels is an error.
  ///   - scanLimit: A JPEG file of more scans is an error.
  ///   - problems: Where warnings of the decoders are noted.
  /// - Throws: `LatheError` where there is no such folder, no folder in it, a class has no image, or a name is not UTF-8.
  public init(
    _ folder: String, channels: Int = 3, pixelLimit: Int = ImageFile.defaultPixelLimit,
    scanLimit: Int = ImageFile.defaultScanLimit, problems: ReadingProblems? = nil
  ) throws {
    require(channels == 1 || channels == 3, "ImageFolder: \(channels) channels: expected 1 or 3")
    let classes = try FolderListing.names(in: folder).filter { FileErrors.isFolder("\(folder)/\($0)") }
    guard !classes.isEmpty else {
      throw LatheError(.format, "\(folder): no folder in it; make one for each class, with its images inside")
    }
    var paths: [String] = []
    var labels: [Int] = []
    for (label, name) in classes.enumerated() {
      let files = try FolderListing.names(in: "\(folder)/\(name)").filter { file in
        [".png", ".jpg", ".jpeg"].contains { file.lowercased().hasSuffix($0) }
      }
      guard !files.isEmpty else {
        throw LatheError(
          .format, "\(folder)/\(name): no image of this class; it needs .png, .jpg or .jpeg files")
      }
      paths += files.map { "\(folder)/\(name)/\($0)" }
      labels += Array(repeating: label, count: files.count)
    }
    classNames = classes
    self.paths = paths
    self.labels = labels
    self.channels = channels
    self.pixelLimit = pixelLimit
    self.scanLimit = scanLimit
    self.problems = problems
  }

  /// The number of images.
  public var count: Int { paths.count }

  /// A checksum of the names of files and classes, wherever the folder is.
  public var checksum: UInt32 {
    CRC32.checksum(
      zip(paths, labels).map { path, label in
        let name = path[(path.lastIndex(of: "/") ?? path.startIndex)...]
        return Array("\(classNames[label])\(name)\u{0}".utf8)
      })
  }

  /// Decodes an image.
  ///
  /// - Throws: `LatheError` naming the file that cannot be decoded.
  public func example(at index: Int, random: inout SampleRandom) throws -> LabelledImage {
    LabelledImage(
      image: try ImageFile.read(
        paths[index], channels: channels, pixelLimit: pixelLimit, scanLimit: scanLimit, problems: problems),
      label: labels[index],
      normalization: normalization)
  }
}
