import Lathe
import LatheNN

/// What pixels, as shares of the largest value, are standardised by: (pixel - mean) / deviation, per channel.
public struct PixelNormalization: Sendable, Hashable {
  /// One number a channel, or one for all.
  public let mean: [Float], deviation: [Float]

  /// Means and deviations in 0...1, one for each channel, or one of each for all.
  public init(mean: [Float], deviation: [Float]) {
    require(
      mean.count == deviation.count && !mean.isEmpty && deviation.allSatisfy { $0 > 0 },
      "PixelNormalization: means \(mean), deviations \(deviation)")
    self.mean = mean
    self.deviation = deviation
  }

  /// Pixels as they are, in 0...1.
  public static let none = PixelNormalization(mean: [0], deviation: [1])
  /// Of the photographs of ImageNet, as models of torchvision expect it.
  public static let imageNet = PixelNormalization(
    mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])

  /// Numbers of pixels given as bytes [n, channels, height, width].
  ///
  /// - Parameter each: What each image is standardised by.
  /// - Throws: `LatheError.format` where one has means for another number of channels.
  static func apply(_ each: [PixelNormalization], to pixels: Tensor) throws -> Tensor {
    let channels = pixels.shape[1]
    if let wrong = each.first(where: { $0.mean.count != 1 && $0.mean.count != channels }) {
      throw LatheError(
        .format,
        "images of \(channels) \(channels == 1 ? "channel" : "channels") cannot be standardised by "
          + "\(wrong.mean.count) means; read them with \(wrong.mean.count) channels, or give one mean or \(channels)"
      )
    }
    let values = pixels.cast(to: .float32)
    let first = each[0]
    if each.allSatisfy({ $0 == first }) {
      if first.mean.count == 1 { return values * first.scale(0) + first.shift(0) }
      let shape: Shape = [1, channels, 1, 1]
      return values * Tensor((0..<channels).map(first.scale), shape: shape, device: pixels.device)
        + Tensor((0..<channels).map(first.shift), shape: shape, device: pixels.device)
    }
    let shape: Shape = [each.count, channels, 1, 1]
    func numbers(_ value: (PixelNormalization, Int) -> Float) -> Tensor {
      Tensor(
        each.flatMap { one in (0..<channels).map { value(one, $0) } }, shape: shape, device: pixels.device)
    }
    return values * numbers { $0.scale($1) } + numbers { $0.shift($1) }
  }

  private func scale(_ channel: Int) -> Float { 1 / (255 * deviation[min(channel, deviation.count - 1)]) }
  private func shift(_ channel: Int) -> Float {
    let channel = min(channel, mean.count - 1)
    return -mean[channel] / deviation[channel]
  }
}

/// An image with its class.
public struct LabelledImage: Collatable {
  /// The pixels.
  public var image: Image
  /// The index of the class.
  public var label: Int
  /// What the pixels are standardised by when they have become numbers on the device.
  public var normalization: PixelNormalization

  /// An example from its parts.
  public init(image: Image, label: Int, normalization: PixelNormalization = .none) {
    self.image = image
    self.label = label
    self.normalization = normalization
  }

  /// Pixels [n, channels, height, width], sent to the device as bytes and standardised there, and labels [n].
  ///
  /// - Throws: `LatheError.format` where the images are not of one size, or have other channels than their normalization.
  public static func collate(_ examples: [LabelledImage], on device: Device) throws -> Batch {
    Batch(
      inputs: try pixels(examples, on: device),
      labels: Tensor(examples.map { Int32($0.label) }, device: device), count: examples.count)
  }

  /// The standardised pixels of some images of one size, [n, channels, height, width].
  static func pixels(_ examples: [LabelledImage], on device: Device) throws -> Tensor {
    let first = examples[0].image
    if let other = examples.first(where: { !$0.image.hasSize(of: first) })?.image {
      throw LatheError(
        .format,
        "images of one batch differ in size: \(first.sizeText) and \(other.sizeText); resize or crop them to one size"
      )
    }
    let size = first.pixels.count
    let channels = first.channels
    let bytes = withUnsafeTemporaryAllocation(byteCount: examples.count * size, alignment: 64) { buffer in
      for (row, example) in examples.enumerated() {
        UnsafeMutableRawBufferPointer(rebasing: buffer[row * size..<(row + 1) * size])
          .copyBytes(from: example.image.pixels)
      }
      return Tensor(
        bytes: UnsafeRawBufferPointer(buffer),
        shape: channels == 1
          ? [examples.count, 1, first.height, first.width]
          : [examples.count, first.height, first.width, channels],
        dtype: .uint8, device: device)
    }
    return try PixelNormalization.apply(
      examples.map(\.normalization), to: channels == 1 ? bytes : bytes.permuted([0, 3, 1, 2]))
  }
}

/// A sequence of tokens with the index of its class.
public struct LabelledSequence: Collatable {
  /// The tokens.
  public var tokens: [Int32]
  /// The index of the class.
  public var label: Int
  /// Stands behind the end of sequences shorter than their batch.
  public var padding: Int32

  /// An example from its parts.
  public init(tokens: [Int32], label: Int, padding: Int32 = 0) {
    self.tokens = tokens
    self.label = label
    self.padding = padding
  }

  /// Tokens [n, t], filled up to the longest sequence, labels [n] and the lengths.
  public static func collate(_ examples: [LabelledSequence], on device: Device) -> Batch {
    let longest = max(examples.map(\.tokens.count).max() ?? 0, 1)
    let tokens = examples.flatMap {
      $0.tokens + Array(repeating: $0.padding, count: longest - $0.tokens.count)
    }
    return Batch(
      inputs: Tensor(tokens, shape: [examples.count, longest], device: device),
      labels: Tensor(examples.map { Int32($0.label) }, device: device), count: examples.count,
      lengths: examples.map(\.tokens.count))
  }
}

/// Numbers with what is to be predicted of them: a row of a table.
public struct FeatureRow: Collatable {
  /// What there is to predict.
  public enum Target: Sendable, Hashable {
    /// The index of a class.
    case category(Int)
    /// A number.
    case number(Float)
  }

  /// The numbers.
  public var features: [Float]
  /// What is to be predicted.
  public var target: Target

  /// An example from its parts.
  public init(features: [Float], target: Target) {
    self.features = features
    self.target = target
  }

  /// Features [n, columns], and labels [n]: int32 of classes, else float32.
  ///
  /// - Throws: `LatheError.format` where rows differ in their number of features or their kind of target.
  public static func collate(_ examples: [FeatureRow], on device: Device) throws -> Batch {
    let columns = examples[0].features.count
    if let other = examples.first(where: { $0.features.count != columns }) {
      throw LatheError(
        .format, "rows of one batch have \(columns) and \(other.features.count) features; give all the same")
    }
    var classes: [Int32] = []
    var numbers: [Float] = []
    for example in examples {
      switch example.target {
      case .category(let index): classes.append(Int32(index))
      case .number(let value): numbers.append(value)
      }
    }
    guard classes.isEmpty || numbers.isEmpty else {
      throw LatheError(.format, "rows of one batch have classes and numbers as targets; use one kind")
    }
    return Batch(
      inputs: Tensor(examples.flatMap(\.features), shape: [examples.count, columns], device: device),
      labels: numbers.isEmpty ? Tensor(classes, device: device) : Tensor(numbers, device: device),
      count: examples.count)
  }
}
