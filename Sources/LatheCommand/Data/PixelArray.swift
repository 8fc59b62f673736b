import LatheNN

/// Images of one size in an array of bytes.
struct PixelArray {
  /// Channels, height and width.
  let size: ModelInput
  private let pixels: [UInt8]

  /// Takes the images of an array [n, height, width], with channels behind n or at the end.
  ///
  /// - Throws: `LatheError` where it is another array.
  init(_ array: Tensor, source: String) throws {
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
      input.width > 0, array.dtype == .uint8
    else {
      throw LatheError(
        .format,
        "\(source): images are \(array.dtype) \(shape); uint8 [n, height, width], or with 1 or 3 channels "
          + "behind n or at the end, is needed")
    }
    size = input
    pixels = try channelsLast.bytes()
  }

  /// One of the images.
  func image(at index: Int) -> Image {
    let bytes = size.height * size.width * size.channels
    return Image(
      height: size.height, width: size.width, channels: size.channels,
      pixels: Array(pixels[index * bytes..<(index + 1) * bytes]))
  }
}
