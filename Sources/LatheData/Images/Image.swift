import Lathe

/// Pixels of eight bits in the host's memory: row-major, the channels of a pixel side by side.
public struct Image: Sendable, Hashable {
  /// Rows and columns.
  public let height: Int, width: Int
  /// 1 (grey) or 3 (red, green, blue).
  public let channels: Int
  /// [height, width, channels].
  public var pixels: [UInt8]

  /// An image from its pixels.
  public init(height: Int, width: Int, channels: Int, pixels: [UInt8]) {
    require(
      height > 0 && width > 0 && (channels == 1 || channels == 3)
        && pixels.count == height * width * channels,
      "Image: \(pixels.count) bytes for \(height) x \(width) pixels of \(channels) channels")
    self.height = height
    self.width = width
    self.channels = channels
    self.pixels = pixels
  }

  /// `28 x 28 x 1`.
  var sizeText: String { "\(height) x \(width) x \(channels)" }

  func hasSize(of other: Image) -> Bool {
    height == other.height && width == other.width && channels == other.channels
  }
}
