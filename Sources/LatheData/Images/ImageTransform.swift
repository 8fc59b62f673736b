import Foundation
import Lathe

/// Changes an image on a worker, drawing from the example's own numbers.
public protocol ImageTransform: Sendable {
  /// The changed image.
  ///
  /// - Throws: `LatheError` where the image cannot be changed so: too small to crop.
  func callAsFunction(_ image: Image, random: inout SampleRandom) throws -> Image
}

extension Dataset where Example == LabelledImage {
  /// The same images, each changed by these in turn when it is asked for, on the workers.
  ///
  /// - Parameters:
  ///   - transforms: What each image goes through, in this order.
  ///   - normalization: What the pixels are standardised by; as before unless given.
  public func augmented(_ transforms: [any ImageTransform], normalization: PixelNormalization? = nil)
    -> MappedDataset<Self, LabelledImage>
  {
    mapped { example, random in
      var result = example
      for transform in transforms { result.image = try transform(result.image, random: &random) }
      if let normalization { result.normalization = normalization }
      return result
    }
  }
}

/// Exchanges left and right with a probability.
public struct RandomHorizontalFlip: ImageTransform {
  private let probability: Double

  /// A flip with a probability.
  public init(probability: Double = 0.5) { self.probability = probability }

  /// The image or its mirror image.
  public func callAsFunction(_ image: Image, random: inout SampleRandom) -> Image {
    random.chance(probability) ? image.flippedHorizontally() : image
  }
}

/// Exchanges top and bottom with a probability.
public struct RandomVerticalFlip: ImageTransform {
  private let probability: Double

  /// A flip with a probability.
  public init(probability: Double = 0.5) { self.probability = probability }

  /// The image or it upside down.
  public func callAsFunction(_ image: Image, random: inout SampleRandom) -> Image {
    random.chance(probability) ? image.flippedVertically() : image
  }
}

/// Gives images one size.
public struct Resize: ImageTransform {
  private let height: Int, width: Int

  /// A size in pixels.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// The image in the size.
  public func callAsFunction(_ image: Image, random: inout SampleRandom) -> Image {
    image.resized(height: height, width: width)
  }
}

/// Cuts out the middle.
public struct CenterCrop: ImageTransform {
  private let height: Int, width: Int

  /// The size of what is left.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// The middle of the image.
  ///
  /// - Throws: `LatheError.format` where the image is smaller.
  public func callAsFunction(_ image: Image, random: inout SampleRandom) throws -> Image {
    try image.checkCrop(height, width)
    return image.cropped(
      top: (image.height - height) / 2, left: (image.width - width) / 2, height: height, width: width)
  }
}

/// Cuts out a part at a random place, after filling up around the image.
public struct RandomCrop: ImageTransform {
  private let height: Int, width: Int
  private let padding: Int
  private let fill: UInt8

  /// - Parameters:
  ///   - height: Rows of the result.
  ///   - width: Columns of the result.
  ///   - padding: Pixels filled up at each side before.
  ///   - fill: Their value.
  public init(_ height: Int, _ width: Int, padding: Int = 0, fill: UInt8 = 0) {
    require(padding >= 0, "RandomCrop: padding \(padding)")
    self.height = height
    self.width = width
    self.padding = padding
    self.fill = fill
  }

  /// A part of the image.
  ///
  /// - Throws: `LatheError.format` where the image with its padding is smaller.
  public func callAsFunction(_ image: Image, random: inout SampleRandom) throws -> Image {
    try image.checkCrop(height, width, padding: padding)
    return image.cropped(
      top: random.next(below: image.height + 2 * padding - height + 1) - padding,
      left: random.next(below: image.width + 2 * padding - width + 1) - padding, height: height, width: width,
      fill: fill)
  }
}

/// Cuts out a part of random size and proportions, and gives it one size (Szegedy et al., 2015).
public struct RandomResizedCrop: ImageTransform {
  private let height: Int, width: Int
  private let area: ClosedRange<Double>
  private let ratio: ClosedRange<Double>

  /// - Parameters:
  ///   - height: Rows of the result.
  ///   - width: Columns of the result.
  ///   - area: The part's share of the image's area.
  ///   - ratio: The part's width divided by its height.
  public init(
    _ height: Int, _ width: Int, area: ClosedRange<Double> = 0.08...1,
    ratio: ClosedRange<Double> = 0.75...4 / 3
  ) {
    require(
      area.lowerBound > 0 && area.upperBound <= 1 && ratio.lowerBound > 0,
      "RandomResizedCrop: area \(area), ratio \(ratio)")
    self.height = height
    self.width = width
    self.area = area
    self.ratio = ratio
  }

  /// A part of the image in the size.
  public func callAsFunction(_ image: Image, random: inout SampleRandom) -> Image {
    for _ in 0..<10 {
      let wanted = Double(image.height * image.width) * random.uniform(area.lowerBound, area.upperBound)
      // Uniform in the logarithm, so that flat and tall parts are equally likely.
      let shape = exp(random.uniform(log(ratio.lowerBound), log(ratio.upperBound)))
      let (columns, rows) = (
        Int((wanted * shape).squareRoot().rounded()), Int((wanted / shape).squareRoot().rounded())
      )
      guard columns > 0, rows > 0, columns <= image.width, rows <= image.height else { continue }
      return image.cropped(
        top: random.next(below: image.height - rows + 1), left: random.next(below: image.width - columns + 1),
        height: rows, width: columns
      ).resized(height: height, width: width)
    }
    // None of ten fits: the largest part in the middle whose proportions do.
    let shape = min(max(Double(image.width) / Double(image.height), ratio.lowerBound), ratio.upperBound)
    let rows = max(1, min(image.height, Int((Double(image.width) / shape).rounded())))
    let columns = max(1, min(image.width, Int((Double(image.height) * shape).rounded())))
    return image.cropped(
      top: (image.height - rows) / 2, left: (image.width - columns) / 2, height: rows, width: columns
    ).resized(height: height, width: width)
  }
}

/// Turns images by a random angle.
public struct RandomRotation: ImageTransform {
  private let degrees: Double
  private let fill: UInt8

  /// Angles of -degrees...degrees; what the image does not reach is filled.
  public init(degrees: Double, fill: UInt8 = 0) {
    require(degrees >= 0, "RandomRotation: \(degrees) degrees")
    self.degrees = degrees
    self.fill = fill
  }

  /// The image, turned.
  public func callAsFunction(_ image: Image, random: inout SampleRandom) -> Image {
    image.rotated(degrees: random.uniform(-degrees, degrees), fill: fill)
  }
}

/// Changes brightness, contrast, saturation and hue at random, in a random order.
public struct ColorJitter: ImageTransform {
  private let brightness: Double, contrast: Double, saturation: Double, hue: Double

  /// - Parameters:
  ///   - brightness: The factor is in 1 - brightness...1 + brightness, not negative.
  ///   - contrast: The same for contrast.
  ///   - saturation: The same for saturation.
  ///   - hue: The turn is in -hue...hue, at most a half.
  public init(brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, hue: Double = 0) {
    require(
      brightness >= 0 && contrast >= 0 && saturation >= 0 && (0...0.5).contains(hue),
      "ColorJitter: brightness \(brightness), contrast \(contrast), saturation \(saturation), hue \(hue)")
    self.brightness = brightness
    self.contrast = contrast
    self.saturation = saturation
    self.hue = hue
  }

  /// The image in other colours.
  public func callAsFunction(_ image: Image, random: inout SampleRandom) -> Image {
    func factor(_ range: Double) -> Float { Float(random.uniform(max(0, 1 - range), 1 + range)) }
    var steps = [0, 1, 2, 3]
    random.shuffle(&steps)
    return steps.reduce(image) { image, step in
      switch step {
      case 0: brightness > 0 ? image.brightness(factor(brightness)) : image
      case 1: contrast > 0 ? image.contrast(factor(contrast)) : image
      case 2: saturation > 0 ? image.saturation(factor(saturation)) : image
      default: hue > 0 ? image.hue(Float(random.uniform(-hue, hue))) : image
      }
    }
  }
}

/// Covers squares at random places, which may lie over the border (DeVries and Taylor, 2017).
public struct Cutout: ImageTransform {
  private let size: Int
  private let count: Int
  private let fill: UInt8

  /// - Parameters:
  ///   - size: The squares' side in pixels.
  ///   - count: How many there are.
  ///   - fill: What covers them.
  public init(size: Int, count: Int = 1, fill: UInt8 = 0) {
    require(size > 0 && count > 0, "Cutout: \(count) squares of \(size) pixels")
    self.size = size
    self.count = count
    self.fill = fill
  }

  /// The image with its squares.
  public func callAsFunction(_ image: Image, random: inout SampleRandom) -> Image {
    var result = image
    for _ in 0..<count {
      let top = random.next(below: image.height) - size / 2
      let left = random.next(below: image.width) - size / 2
      for row in max(top, 0)..<min(top + size, image.height) {
        let start = (row * image.width + max(left, 0)) * image.channels
        let end = (row * image.width + min(left + size, image.width)) * image.channels
        for place in start..<end { result.pixels[place] = fill }
      }
    }
    return result
  }
}

extension Image {
  fileprivate func checkCrop(_ height: Int, _ width: Int, padding: Int = 0) throws {
    guard self.height + 2 * padding >= height, self.width + 2 * padding >= width else {
      throw LatheError(
        .format,
        "an image of \(sizeText) is too small for a crop of \(height) x \(width); resize it before, or pad it"
      )
    }
  }
}
