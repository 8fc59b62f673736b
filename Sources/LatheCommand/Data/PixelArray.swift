import LatheML

/// Images of one size in an array of bytes or numbers.
struct PixelArray {
  /// Channels, height and width.
  let size: ModelInput
  /// All pixels, the channels of each together.
  let bytes: [UInt8]
  /// What numbers are multiplied by to become bytes.
  let scale: Float

  /// Takes the images of an array [n, height, width], with channels behind n or at the end.
  ///
  /// - Parameters:
  ///   - scale: That of the training set's images; found by the values where nil.
  ///   - place: A message with where the array is.
  /// - Throws: `LatheError` where it is another array.
  init(_ array: Tensor, scale: Float? = nil, _ place: (String) -> String) throws {
    let shape = array.shape
    var input = ModelInput()
    var channelsLast = array
    if shape.count == 3 {
      (input.channels, input.height, input.width) = (1, shape[1], shape[2])
    } else if shape.count == 4, [1, 3].contains(shape[3]) {
      (input.height, input.width, input.channels) = (shape[1], shape[2], shape[3])
    } else if shape.count == 4, [1, 3].contains(shape[1]) {
      (input.channels, input.height, input.width) = (shape[1], shape[2], shape[3])
      channelsLast = array.permuted([0, 2, 3, 1]).contiguous()
    }
    guard shape.count > 2, shape.count == 3 || [1, 3].contains(input.channels), input.height > 0,
      input.width > 0
    else {
      throw LatheError(
        .format,
        place(
          "images are \(array.dtype) \(shape); [n, height, width], or with 1 or 3 channels behind n or at the end, is "
            + "needed"))
    }
    size = input
    (bytes, self.scale) = try PixelArray.bytes(of: channelsLast, scale: scale, place)
  }

  /// Bytes as they are; truth values black and white; other numbers in 0...1, where they have fractions, or 0...255.
  private static func bytes(
    of images: Tensor, scale: Float?, _ place: (String) -> String
  ) throws -> ([UInt8], Float) {
    switch images.dtype {
    case .uint8: return (try images.bytes(), 1)
    case .bool: return (try images.bytes().map { $0 * 255 }, 255)
    default: break
    }
    let values = try images.scalars(as: Float.self)
    var (low, high) = (Float.infinity, -Float.infinity)
    for value in values {
      guard value.isFinite else { throw LatheError(.format, place("a value that is not finite")) }
      (low, high) = (min(low, value), max(high, value))
    }
    let scale = scale ?? (images.dtype.isFloatingPoint && high <= 1 ? 255 : 1)
    guard low >= 0, high * scale <= 255 else {
      throw LatheError(
        .format,
        place(
          "values of images from \(low) to \(high); 0...\(scale == 255 ? 1 : 255) is needed, since pixels are bytes here"
        ))
    }
    return (values.map { UInt8(($0 * scale).rounded()) }, scale)
  }

  /// One of the images.
  func image(at index: Int) -> Image {
    let count = size.height * size.width * size.channels
    return Image(
      height: size.height, width: size.width, channels: size.channels,
      pixels: Array(bytes[index * count..<(index + 1) * count]))
  }
}
