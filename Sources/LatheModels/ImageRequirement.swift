import Lathe

/// What images a network takes, and which it gets where nothing is said.
public struct ImageRequirement: Sendable, Hashable {
  /// The channels of images where nothing is said: 1 or 3.
  public let usualChannels: Int
  /// Their height and width.
  public let usualSize: Int
  /// The least height and width.
  public let minimumSize: Int
  /// What heights and widths must be multiples of.
  public let divisor: Int
  /// Whether the network takes images of the usual channels and size alone.
  public let isFixed: Bool

  /// A requirement; without arguments, of any images, colour of 32 x 32 where nothing is said.
  ///
  /// - Parameters:
  ///   - usualChannels: The channels of images where nothing is said: 1 or 3.
  ///   - usualSize: Their height and width.
  ///   - minimumSize: The least height and width.
  ///   - divisor: What heights and widths must be multiples of.
  ///   - isFixed: Whether the network takes images of the usual channels and size alone.
  public init(
    usualChannels: Int = 3, usualSize: Int = 32, minimumSize: Int = 1, divisor: Int = 1, isFixed: Bool = false
  ) {
    require(
      usualSize > 0 && minimumSize > 0 && divisor > 0,
      "ImageRequirement: sizes \(usualSize) and \(minimumSize), divisor \(divisor)")
    self.usualChannels = usualChannels
    self.usualSize = usualSize
    self.minimumSize = minimumSize
    self.divisor = divisor
    self.isFixed = isFixed
  }

  /// What is wanted instead of images of a size; nil where the network takes them.
  public func problem(_ input: ModelInput) -> String? {
    let sizes = [input.height, input.width]
    if isFixed, input.channels != usualChannels || sizes != [usualSize, usualSize] {
      return "\(usualChannels == 1 ? "grey images" : "images") of \(usualSize) x \(usualSize)"
    }
    if sizes.contains(where: { $0 % divisor != 0 }) { return "heights and widths that \(divisor) divides" }
    if sizes.contains(where: { $0 < minimumSize }) {
      return "images of at least \(minimumSize) x \(minimumSize)"
    }
    return nil
  }
}
