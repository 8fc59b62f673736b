import CImages
import Lathe
import LatheFiles

/// Decodes PNG and JPEG files by libpng and libjpeg-turbo, which are looked for when the first image is read.
public enum ImageFile {
  /// The largest number of pixels decoded unless one says otherwise: a small file can declare very many.
  public static let defaultPixelLimit = 1 << 26

  /// The largest number of scans of a JPEG file unless one says otherwise; programs write about ten.
  public static let defaultScanLimit = 100
  /// The largest file read.
  private static let sizeLimit = 1 << 30

  /// Reads an image.
  ///
  /// Sixteen bits a channel become eight, a palette its colours; transparency is left out, and so are gamma and colour
  /// profiles: values are taken as they are in the file. Colours for print (CMYK, YCCK) are taken as Adobe's programs write
  /// them. Grey and colour become each other where the file has the other: grey is (299 red + 587 green + 114 blue) / 1000.
  /// The orientation that a camera wrote down is not applied.
  /// - Parameters:
  ///   - path: The file.
  ///   - channels: 1 for grey, 3 for colour; nil takes what the file has.
  ///   - pixelLimit: A file that declares more pixels is an error, before any memory is taken for them.
  ///   - scanLimit: A JPEG file of more scans is an error.
  ///   - problems: Where warnings of the decoder are noted, behind which there is an image.
  /// - Throws: `LatheError` naming the file: not PNG or JPEG, damaged, cut off, too large, or the library is missing.
  public static func read(
    _ path: String, channels: Int? = nil, pixelLimit: Int = defaultPixelLimit,
    scanLimit: Int = defaultScanLimit,
    problems: ReadingProblems? = nil
  ) throws -> Image {
    try decode(
      FileErrors.read(path, limit: sizeLimit), channels: channels, pixelLimit: pixelLimit,
      scanLimit: scanLimit,
      source: path, problems: problems)
  }

  /// Decodes an image from a file's bytes.
  ///
  /// - Parameters:
  ///   - bytes: The file's content.
  ///   - channels: 1 for grey, 3 for colour; nil takes what the file has.
  ///   - pixelLimit: A file that declares more pixels is an error.
  ///   - scanLimit: A JPEG file of more scans is an error.
  ///   - source: Where they come from, for messages.
  ///   - problems: Notes what the decoder warns of.
  public static func decode(
    _ bytes: [UInt8], channels: Int? = nil, pixelLimit: Int = defaultPixelLimit,
    scanLimit: Int = defaultScanLimit,
    source: String, problems: ReadingProblems? = nil
  ) throws -> Image {
    require(
      channels == nil || channels == 1 || channels == 3,
      "ImageFile: \(channels ?? 0) channels: expected 1 or 3")
    guard let format = Format(bytes) else {
      throw LatheError(
        .format, "\(source): offset 0: \(bytes.isEmpty ? "an empty file" : "neither a PNG nor a JPEG file")")
    }
    var bytes = bytes
    switch format {
    case .png: bytes = try PNGChunks.checked(bytes, source: source)
    case .jpeg: try JPEGSegments.check(bytes, source: source, scanLimit: scanLimit)
    }
    let info = try format.call(source, on: bytes) { format.readInfo($0.baseAddress, $0.count, $1) }
    let (width, height) = (Int(info.width), Int(info.height))
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, count > 0, count <= pixelLimit else {
      throw LatheError(
        .format,
        "\(source): \(width) x \(height) pixels are declared, more than the \(pixelLimit) allowed; use a smaller image or "
          + "a larger limit (--pixel-limit)")
    }
    let isColor = info.is_color != 0
    let stride = Int(info.pixel_size)
    var pixels = [UInt8](repeating: 0, count: count * stride)
    let decoded = try pixels.withUnsafeMutableBytes { buffer in
      try format.call(source, on: bytes) {
        format.decode($0.baseAddress, $0.count, buffer.baseAddress, buffer.count, $1)
      }
    }
    let warning = Format.text(decoded)
    if !warning.isEmpty { problems?.warn("\(source): \(warning)") }
    return Image(
      height: height, width: width, channels: channels ?? (isColor ? 3 : 1),
      pixels: converted(pixels, count: count, stride: stride, isColor: isColor, channels: channels))
  }

  /// Drops alpha and makes grey of colour or colour of grey.
  private static func converted(_ pixels: [UInt8], count: Int, stride: Int, isColor: Bool, channels: Int?)
    -> [UInt8]
  {
    let wanted = channels ?? (isColor ? 3 : 1)
    if wanted == stride { return pixels }
    var result = [UInt8](repeating: 0, count: count * wanted)
    for pixel in 0..<count {
      let start = pixel * stride
      if wanted == 3 {
        let step = isColor ? 1 : 0
        for channel in 0..<3 { result[pixel * 3 + channel] = pixels[start + channel * step] }
      } else if isColor {
        result[pixel] = grey(pixels[start], pixels[start + 1], pixels[start + 2])
      } else {
        result[pixel] = pixels[start]
      }
    }
    return result
  }

  /// The brightness of a colour, in ITU-R 601's weights.
  static func grey(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    // The weights times 2^16, rounded.
    let weighted: UInt32 = UInt32(red) * 19_595 + UInt32(green) * 38_470 + UInt32(blue) * 7_471
    return UInt8((weighted + 0x8000) >> 16)
  }

  private enum Format {
    case png, jpeg

    init?(_ bytes: [UInt8]) {
      if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
        self = .png
      } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
        self = .jpeg
      } else {
        return nil
      }
    }

    var readInfo: (UnsafeRawPointer?, Int, UnsafeMutablePointer<lathe_image_info>) -> Int32 {
      self == .png ? lathe_png_info : lathe_jpeg_info
    }

    var decode:
      (UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int, UnsafeMutablePointer<lathe_image_info>) -> Int32
    { self == .png ? lathe_png_decode : lathe_jpeg_decode }

    /// What the library said.
    static func text(_ info: lathe_image_info) -> String {
      withUnsafeBytes(of: info.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Calls the library and turns what it says into an error.
    func call(
      _ source: String, on bytes: [UInt8],
      _ body: (UnsafeRawBufferPointer, UnsafeMutablePointer<lathe_image_info>) -> Int32
    ) throws -> lathe_image_info {
      var info = lathe_image_info()
      let status = bytes.withUnsafeBytes { body($0, &info) }
      switch Int(status) {
      case Int(LATHE_IMAGE_OK.rawValue): return info
      case Int(LATHE_IMAGE_NO_LIBRARY.rawValue):
        let (library, package) =
          self == .png ? ("libpng16.so.16", "libpng16-16") : ("libturbojpeg.so.0", "libturbojpeg0")
        throw LatheError(
          .file,
          "\(source): \(library) is not installed; install the package \(package) (apt-get install \(package))"
        )
      default:
        throw LatheError(
          .format, "\(source): damaged \(self == .png ? "PNG" : "JPEG") file: \(Self.text(info))")
      }
    }
  }
}
