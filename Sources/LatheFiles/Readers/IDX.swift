import LatheCore

/// An array of bytes with its sizes, as IDX files (the format of MNIST) hold it.
public struct IDXArray: Sendable {
  /// The sizes of the axes.
  public let sizes: [Int]
  /// The elements in row-major order.
  public let bytes: [UInt8]

  /// Reads an IDX file of unsigned bytes, gzipped or not.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - axes: The number of axes that the file must have: 3 for images, 1 for labels.
  ///   - limit: The bytes that the elements of a compressed file may take; as `ReadingLimits` says unless given.
  /// - Throws: `LatheError` naming the file, the offset and what to do, where the magic number is another, or the
  ///   data is shorter or longer than the sizes say, or damaged.
  public init(path: String, axes: Int, limit: Int? = nil) throws {
    let stream = try ByteStream(path)
    let header = try stream.read(4 + 4 * axes)
    let expected = 0x800 + axes
    if header.count >= 4 {
      let magic = IDXArray.bigEndian(header, at: 0)
      guard magic == expected else {
        throw LatheError(
          .format,
          "\(path): offset 0: magic number \(IDXArray.hex(magic)), expected \(IDXArray.hex(expected)) (IDX, unsigned "
            + "bytes, \(axes) \(axes == 1 ? "axis" : "axes")); name a file of that format")
      }
    }
    guard header.count == 4 + 4 * axes else {
      throw LatheError(
        .format,
        "\(path): ends at offset \(header.count) within the header of \(4 + 4 * axes) bytes; fetch the file again"
      )
    }
    let sizes = (0..<axes).map { IDXArray.bigEndian(header, at: 4 + 4 * $0) }
    var count = 1
    for size in sizes {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else {
        throw LatheError(
          .format, "\(path): offset 4: sizes \(sizes) are impossibly large; fetch the file again")
      }
      count = product
    }
    let allowed = ReadingLimits.memory(limit, fileSize: stream.fileSize)
    guard !stream.isCompressed || min(count, stream.possible) <= allowed else {
      throw ReadingLimits.exceeded(path, allowed)
    }
    bytes = try stream.read(count)
    guard bytes.count == count else {
      throw LatheError(
        .format,
        "\(path): truncated: ends at offset \(stream.offset), sizes \(sizes) need \(count) bytes after the header but "
          + "there are \(bytes.count); fetch the file again")
    }
    guard try stream.read(1).isEmpty else {
      throw LatheError(
        .format,
        "\(path): offset \(stream.offset - 1): data goes on behind the \(count) bytes that sizes \(sizes) need; fetch "
          + "the file again")
    }
    self.sizes = sizes
  }

  private static func bigEndian(_ bytes: [UInt8], at offset: Int) -> Int {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  private static func hex(_ value: Int) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }
}
