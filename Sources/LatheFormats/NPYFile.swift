import Lathe
import LatheFiles

/// An array in NumPy's format: what `numpy.save` writes.
///
/// Types that Lathe has keep their bytes. Two bytes without a type are bfloat16, which is how ml_dtypes stores it.
public struct NPYFile: Sendable {
  /// The values, on the CPU.
  public let tensor: Tensor
  /// NumPy's name of the type in the file, such as `<f4`.
  public let descriptor: String

  /// Reads a file.
  ///
  /// - Throws: `LatheError` naming file and offset: another format, cut off, too long, a type that is not supported.
  public init(path: String) throws {
    let file = try RegularFile(path)
    try self.init(ByteStream(file, 0..<file.size, .none, source: path), size: file.size, source: path)
  }

  /// The largest header read; NumPy writes less than 10,000 bytes of one.
  private static let headerLimit = 1 << 20

  /// Reads an array from a stream, its values straight into the tensor.
  ///
  /// - Parameters:
  ///   - size: The bytes that the stream has.
  ///   - source: Where it comes from, for messages.
  init(_ stream: ByteStream, size fileSize: Int, source: String) throws {
    func damaged(_ offset: Int, _ what: String) -> LatheError {
      LatheError(.format, "\(source): offset \(offset): \(what)")
    }
    let first = try stream.read(10)
    guard first.count == 10, first.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw damaged(0, "not a NumPy array (no \\x93NUMPY); name an .npy file")
    }
    let version = (first[6], first[7])
    guard (1...3).contains(version.0) else {
      throw damaged(
        6, "version \(version.0).\(version.1) of the format is not known; save with an older NumPy")
    }
    let sizeBytes = version.0 == 1 ? 2 : 4
    let sizeField = try first[8...] + stream.read(sizeBytes - 2)
    guard sizeField.count == sizeBytes else {
      throw damaged(stream.offset, "truncated within the header's length")
    }
    let headerSize = sizeField.reversed().reduce(0) { $0 << 8 | Int($1) }
    let dataStart = 8 + sizeBytes + headerSize
    guard dataStart <= fileSize, headerSize <= Self.headerLimit else {
      throw damaged(8, "truncated: a header of \(headerSize) bytes in a file of \(fileSize)")
    }
    let text = try stream.read(headerSize)
    guard text.count == headerSize else { throw damaged(stream.offset, "truncated within the header") }
    let header: NPYHeader
    do {
      header = try NPYHeader(text)
    } catch {
      throw damaged(8 + sizeBytes + error.offset, error.message)
    }
    guard let type = NPYElement(descriptor: header.descriptor) else {
      throw damaged(
        8 + sizeBytes,
        "type '\(header.descriptor)' is not supported; save the array as float32, float64, float16, int32, int64, uint8 or bool"
      )
    }
    guard header.shape.count <= Shape.maximumRank else {
      throw damaged(8 + sizeBytes, "\(header.shape.count) axes, more than \(Shape.maximumRank)")
    }
    // Zero times anything is zero; the other sizes must still be possible.
    var (size, product) = (type.byteCount, type.byteCount)
    for axis in header.shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: max(axis, 1))
      guard !overflow else { throw damaged(8 + sizeBytes, "impossible sizes \(header.shape)") }
      product = next
      size = axis == 0 ? 0 : size * axis
    }
    let there = fileSize - dataStart
    guard there == size else {
      let what = there < size ? "truncated" : "data goes on behind the array"
      throw damaged(
        dataStart + min(there, size),
        "\(what): \(header.shape) of '\(header.descriptor)' needs \(size) bytes, there are \(there)")
    }
    descriptor = header.descriptor
    // Fortran's order is that of the reversed axes.
    let shape = Shape(header.isFortran ? header.shape.reversed() : header.shape)
    let stored = try Tensor(shape: shape, dtype: type.dtype, device: .cpu) { buffer in
      guard try type.read(stream, into: buffer) else { throw damaged(stream.offset, "truncated") }
    }
    tensor =
      header.isFortran && shape.count > 1
      ? stored.permuted(Array((0..<shape.count).reversed())).contiguous() : stored
  }
}
