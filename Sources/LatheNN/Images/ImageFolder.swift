import Foundation
import Lathe

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

  /// Lists the images of a folder.
  ///
  /// - Parameters:
  ///   - channels: 1 makes all images grey, 3 all coloured.
  ///   - pixelLimit: A file that declares more pixels is an error.
  /// - Throws: `LatheError` where there is no such folder, no folder in it, or a class has no image.
  public init(_ folder: String, channels: Int = 3, pixelLimit: Int = ImageFile.defaultPixelLimit) throws {
    require(channels == 1 || channels == 3, "ImageFolder: \(channels) channels: expected 1 or 3")
    let classes = try Self.names(in: folder).filter { FileErrors.isFolder("\(folder)/\($0)") }
    guard !classes.isEmpty else {
      throw LatheError(.format, "\(folder): no folder in it; make one for each class, with its images inside")
    }
    var paths: [String] = []
    var labels: [Int] = []
    for (label, name) in classes.enumerated() {
      let files = try Self.names(in: "\(folder)/\(name)").filter { file in
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
      image: try ImageFile.read(paths[index], channels: channels, pixelLimit: pixelLimit),
      label: labels[index],
      normalization: normalization)
  }

  /// The names in a folder, by their bytes, so that the order is the same in every language setting.
  private static func names(in folder: String) throws -> [String] {
    guard FileErrors.isFolder(folder) else { throw LatheError(.file, "\(folder): no such folder") }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw LatheError(.file, "\(folder): cannot be listed; check its permissions")
    }
  }
}
