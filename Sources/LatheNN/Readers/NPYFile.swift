import Lathe

/// An array in NumPy's format: what `numpy.save` writes.
///
/// Types that Lathe has keep their bytes. float64 becomes float32, int8, int16 and uint16 become int32, uint32 becomes
/// int64. Two bytes without a type are bfloat16, which is how ml_dtypes stores it.
public struct NPYFile: Sendable {
  /// The values, on the CPU.
  public let tensor: Tensor
  /// NumPy's name of the type in the file, such as `<f4`.
  public let descriptor: String

  /// Reads a file.
  ///
  /// - Throws: `LatheError` naming file and offset: another format, cut off, too long, a type that is not supported.
  public init(path: String) throws { try self.init(FileErrors.read(path)[...], source: path) }

  /// Reads an array from bytes.
  ///
  /// - Parameter source: Where they come from, for messages.
  init(_ bytes: ArraySlice<UInt8>, source: String) throws {
    func damaged(_ offset: Int, _ what: String) -> LatheError {
      LatheError(.format, "\(source): offset \(offset): \(what)")
    }
    let start = bytes.startIndex
    guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw damaged(0, "not a NumPy array (no \\x93NUMPY); name an .npy file")
    }
    let version = (bytes[start + 6], bytes[start + 7])
    guard (1...3).contains(version.0) else {
      throw damaged(
        6, "version \(version.0).\(version.1) of the format is not known; save with an older NumPy")
    }
    let sizeBytes = version.0 == 1 ? 2 : 4
    guard bytes.count >= 8 + sizeBytes else {
      throw damaged(bytes.count, "truncated within the header's length")
    }
    let headerSize = bytes[start + 8..<start + 8 + sizeBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
    let dataStart = 8 + sizeBytes + headerSize
    guard dataStart <= bytes.count else {
      throw damaged(8, "truncated: a header of \(headerSize) bytes in a file of \(bytes.count)")
    }
    let header: NPYHeader
    do {
      header = try NPYHeader(Array(bytes[start + 8 + sizeBytes..<start + dataStart]))
    } catch {
      throw damaged(8 + sizeBytes + error.offset, error.message)
    }
    guard let type = NPYElement(descriptor: header.descriptor) else {
      throw damaged(
        8 + sizeBytes,
        "type '\(header.descriptor)' is not supported; save the array as float32, float16, int32, int64, uint8 or bool"
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
    let content = bytes[(start + dataStart)...]
    guard content.count == size else {
      let what = content.count < size ? "truncated" : "data goes on behind the array"
      throw damaged(
        dataStart + min(content.count, size),
        "\(what): \(header.shape) of '\(header.descriptor)' needs \(size) bytes, there are \(content.count)")
    }
    descriptor = header.descriptor
    let native = type.decoded(Array(content))
    // Fortran's order is that of the reversed axes.
    let shape = Shape(header.isFortran ? header.shape.reversed() : header.shape)
    let stored = native.withUnsafeBytes { Tensor(bytes: $0, shape: shape, dtype: type.dtype, device: .cpu) }
    tensor =
      header.isFortran && shape.count > 1
      ? stored.permuted(Array((0..<shape.count).reversed())).contiguous() : stored
  }
}
